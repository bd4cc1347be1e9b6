// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import type { SendingView, StartView } from '$api/client';
import { inMemory, type Answers } from '$api/memory';
import { Session } from './session.svelte';

const here = {
  commune: 'Xã Mẫu',
  role: 'team_member',
  units: [],
  training: false,
  today: '2026-11-22',
} as const;
const open: StartView = {
  stage: 'open',
  trouble: null,
  enrolling: false,
  here: { ...here, units: [] },
  list_offered: false,
  version: '0.1.0',
};
const waiting = (count: number, last: SendingView['last'] = null): SendingView => ({
  waiting: count,
  confirmed: 0,
  to_review: 0,
  last,
  training: false,
});

function session(answers: Answers): Session {
  return new Session(inMemory({ start: () => open, sending: () => waiting(2), ...answers }));
}

test('no network is the ordinary state until a sync has ended well', async () => {
  const report = { sent: 2, received: 0, to_review: 0, sent_changes: 2, received_changes: 0 };
  const here = session({ send: () => waiting(0, { at_ms: 1, report, error: null }) });
  await here.refresh();
  expect([here.network, here.sending?.waiting]).toEqual(['offline', 2]);
  expect(await here.send()).toBeNull();
  expect([here.network, here.sending?.waiting, here.job]).toEqual(['online', 0, null]);
});

test('a server that is not there is told, and the work still waits', async () => {
  const error = { code: 'sync.unreachable', params: {}, retryable: true };
  const here = session({ send: () => waiting(2, { at_ms: 1, report: null, error }) });
  await here.refresh();
  expect(await here.send()).toEqual(error);
  expect([here.network, here.sending?.waiting]).toEqual(['offline', 2]);
});

test('one sync at a time, and none from the training hamlet', async () => {
  let sent = 0;
  let finish = () => {};
  const slow = session({
    send: () => {
      sent += 1;
      return new Promise((resolve) => (finish = () => resolve(waiting(0))));
    },
  });
  await slow.refresh();
  const first = slow.send();
  expect(slow.network).toBe('sending');
  await slow.send();
  finish();
  await first;
  expect(sent).toBe(1);

  const training = session({ start: () => ({ ...open, here: { ...here, units: [], training: true } }) });
  await training.refresh();
  expect(await training.send()).toBeNull();
  expect(training.network).toBe('training');
});

test('a laptop that cannot even be asked says why, and an open one is not closed by it', async () => {
  let works = false;
  const trouble = { code: 'store.io', params: {}, retryable: true };
  const start = () => {
    if (works) return open;
    throw trouble;
  };
  const here = session({ start });
  await here.refresh();
  expect([here.start?.stage, here.start?.trouble]).toEqual(['unusable', trouble]);
  works = true;
  await here.refresh();
  works = false;
  await expect(here.refresh()).rejects.toThrow();
  expect(here.start?.stage).toBe('open');
});
