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
  look: { theme: 'system', text_size: 100, language: 'vi' },
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

const report = { sent: 2, received: 0, to_review: 0, sent_changes: 2, received_changes: 0 };
const failed = (code: string) => ({ code, params: {}, retryable: true });

test('nothing is said of the network before it was tried', async () => {
  const here = session({ send: () => waiting(0, { at_ms: 1, report, error: null }) });
  await here.refresh();
  expect([here.network, here.sending?.waiting]).toEqual(['untried', 2]);
  expect(await here.send()).toBeNull();
  expect([here.network, here.sending?.waiting, here.job]).toEqual(['online', 0, null]);
});

test.each([
  ['sync.unreachable', 'offline'],
  ['sync.stalled', 'offline'],
  ['auth.revoked', 'unsent'],
  ['sync.other_identity', 'unsent'],
])('%s is told as %s, and the work still waits', async (code, network) => {
  const here = session({ send: () => waiting(2, { at_ms: 1, report: null, error: failed(code) }) });
  await here.refresh();
  expect(await here.send()).toEqual(failed(code));
  expect([here.network, here.sending?.waiting]).toEqual([network, 2]);
});

test('what waited is tried as soon as the laptop is open, and nobody waits for it', async () => {
  const asked: string[] = [];
  let opened = false;
  const here = session({
    unlock: () => ((opened = true), null),
    start: () => (opened ? open : { ...open, stage: 'locked', here: null }),
    send: () => (asked.push('send'), new Promise(() => {})),
  });
  await here.refresh();
  await here.unlock('aovang cuado balo nhatranh');
  expect([here.start?.stage, asked, here.network]).toEqual(['open', ['send'], 'untried']);
});

test('wrong words open nothing and send nothing', async () => {
  const here = session({
    start: () => ({ ...open, stage: 'locked', here: null }),
    unlock: () => {
      throw failed('store.wrong_passphrase');
    },
  });
  await here.refresh();
  await expect(here.unlock('x')).rejects.toThrow('store.wrong_passphrase');
  expect(here.job).toBeNull();
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
  expect([slow.network, slow.job?.phase]).toEqual(['untried', 'connecting']);
  slow.job = { phase: 'sending', done: 1, of: 2 };
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

test('an answer that a later one overtook is old', async () => {
  const answers: ((count: number) => void)[] = [];
  const here = session({
    sending: () => new Promise((done) => answers.push((count) => done(waiting(count)))),
  });
  here.start = open;
  const [first, second] = [here.saved(1), here.saved(2)];
  await expect.poll(() => answers.length).toBe(2);
  answers[1]!(2);
  await second;
  answers[0]!(1);
  await first;
  expect(here.sending?.waiting).toBe(2);
});

test('what was just saved is counted before the program has counted', async () => {
  const here = session({ sending: () => new Promise(() => {}) });
  here.start = open;
  here.sending = waiting(0, { at_ms: 1, report, error: null });
  void here.saved(2);
  expect(here.sending.waiting).toBe(1);
});

test('a line that comes or goes is tried at once', async () => {
  let sent = 0;
  const here = session({ send: () => ((sent += 1), waiting(0)) });
  await here.refresh();
  const stop = here.keepSending();
  window.dispatchEvent(new Event('online'));
  await expect.poll(() => [sent, here.job]).toEqual([1, null]);
  window.dispatchEvent(new Event('offline'));
  await expect.poll(() => [sent, here.job]).toEqual([2, null]);
  stop();
  window.dispatchEvent(new Event('online'));
  expect(here.job).toBeNull();
});

test('a line that turns while a try is under way is tried once more when that ends', async () => {
  const answers: (() => void)[] = [];
  const here = session({ send: () => new Promise((done) => answers.push(() => done(waiting(0)))) });
  await here.refresh();
  const stop = here.keepSending();
  window.dispatchEvent(new Event('offline'));
  await expect.poll(() => answers.length).toBe(1);
  window.dispatchEvent(new Event('online'));
  window.dispatchEvent(new Event('offline'));
  answers[0]!();
  await expect.poll(() => answers.length).toBe(2);
  answers[1]!();
  await expect.poll(() => here.job).toBeNull();
  expect(answers.length).toBe(2);
  stop();
});

test('what is saved while the answer of a send is on its way is counted', async () => {
  let answer = () => {};
  let count = 0;
  const here = session({
    sending: () => waiting(count),
    send: () => new Promise((done) => (answer = () => done(waiting(0)))),
  });
  await here.refresh();
  const sent = here.send();
  count = 1;
  await here.saved(1);
  answer();
  await sent;
  await expect.poll(() => here.sending?.waiting).toBe(1);
});
