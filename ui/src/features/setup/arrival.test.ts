// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import type { AppError, EnrolForm, StartView } from '$api/client';
import { inMemory, type Answers } from '$api/memory';
import { Session } from '$shared/session.svelte';
import { Arrival } from './arrival.svelte';

const CODE = 'TN1.eyJ2IjoxLCJ4IjoyfQ';
const fresh: StartView = {
  stage: 'new',
  trouble: null,
  enrolling: false,
  look: { theme: 'system', text_size: 100, language: 'vi' },
  here: null,
  list_offered: false,
  version: '0',
};
const refuse = (code: string): never => {
  throw { code, params: {}, retryable: false } satisfies AppError;
};

function arrive(answers: Answers = {}) {
  let enrolled = false;
  const asked: EnrolForm[] = [];
  const here = {
    commune: 'Xã Mẫu',
    role: 'team_member',
    units: [],
    training: false,
    today: '2026-11-22',
  } as const;
  const nothing = { waiting: 0, confirmed: 0, to_review: 0, last: null, training: false };
  const session = new Session(
    inMemory({
      start: () => (enrolled ? { ...fresh, stage: 'open', here: { ...here, units: [] } } : fresh),
      enrol: (form) => {
        asked.push(form);
        enrolled = true;
        return { passphrase: 'aovang cuado balo nhatranh', commune: 'Xã Mẫu', hamlet_units: ['Thôn Mẫu'] };
      },
      sending: () => nothing,
      send: () => nothing,
      ...answers,
    }),
  );
  const arrival = new Arrival(session);
  return Object.assign(arrival, { session, asked });
}

function fill(arrival: Arrival): void {
  arrival.code = CODE;
  arrival.name = ' Máy chị Lan ';
}

test('nothing is asked of the commune before code and name are there', async () => {
  const arrival = arrive();
  await arrival.enrol();
  expect(Object.keys(arrival.errors).sort()).toEqual(['code', 'name']);
  arrival.code = 'SEN7-4';
  await arrival.enrol();
  expect([arrival.errors.code?.(), arrival.asked]).toEqual([expect.stringContaining('TN1'), []]);
});

test('the four words stay on the screen until they were typed back, whatever refreshes', async () => {
  const arrival = arrive();
  fill(arrival);
  await arrival.enrol();
  expect(arrival.asked).toEqual([{ code: CODE, address: null, device_name: 'Máy chị Lan' }]);
  await arrival.session.refresh();
  expect([arrival.page, arrival.session.arriving, arrival.words.length]).toEqual(['words', true, 4]);
  arrival.typed = 'aovang cuado balo';
  await arrival.repeat();
  expect([arrival.mistaken, arrival.enrolled !== null]).toEqual([true, true]);
  arrival.typed = '  Aovang CUADO balo  nhatranh ';
  await arrival.repeat();
  expect([arrival.session.arriving, arrival.enrolled, arrival.typed]).toEqual([false, null, '']);
  expect(arrival.session.start?.stage).toBe('open');
});

test('a line that breaks while the list comes is told, and the laptop can be used all the same', async () => {
  const error: AppError = { code: 'sync.unreachable', params: {}, retryable: true };
  const last = { at_ms: 1, report: null, error };
  const send = () => ({ waiting: 0, confirmed: 0, to_review: 0, last, training: false });
  const arrival = arrive({ send });
  fill(arrival);
  await arrival.enrol();
  arrival.typed = arrival.enrolled!.passphrase;
  await arrival.repeat();
  expect([arrival.page, arrival.trouble, arrival.session.arriving]).toEqual(['receiving', error, true]);
  await arrival.enter();
  expect(arrival.session.arriving).toBe(false);
});

test.each<[string, (arrival: Arrival) => unknown]>([
  ['enrol.expired_code', ({ errors }) => errors.code?.()],
  ['enrol.no_address', ({ errors, addressShown }) => addressShown && errors.address?.()],
  ['address.unreadable', ({ errors, addressShown }) => addressShown && errors.address?.()],
  ['enrol.unreachable', ({ trouble }) => trouble],
])('%s is told where it can be mended, and what was typed stays', async (code, told) => {
  const arrival = arrive({ enrol: () => refuse(code) });
  fill(arrival);
  await arrival.enrol();
  expect(told(arrival)).toBeTruthy();
  expect([arrival.page, arrival.code, arrival.busy, arrival.session.arriving]).toEqual([
    'form',
    CODE,
    false,
    false,
  ]);
});

test('a new register comes in place of the old one only where somebody says so', async () => {
  const arrival = arrive();
  fill(arrival);
  arrival.instead = true;
  await arrival.enrol();
  arrival.errors = { code: () => 'x' };
  arrival.stay();
  expect([arrival.instead, arrival.errors]).toEqual([false, {}]);
  await arrival.enrol();
  expect(arrival.asked.map(({ instead }) => instead)).toEqual([true, undefined]);
});

test('an address is sent only where its field is shown', async () => {
  const arrival = arrive();
  fill(arrival);
  arrival.address = ' 192.168.1.10:8443 ';
  await arrival.enrol();
  expect(arrival.asked[0]!.address).toBeNull();
  arrival.addressShown = true;
  await arrival.enrol();
  expect(arrival.asked[1]!.address).toBe('192.168.1.10:8443');
});
