import { expect, test } from 'vitest';
import { Refusal } from './client';
import { inMemory } from './memory';

test('an error of the program keeps its code, anything else is a fault', () => {
  const error = { code: 'store.disk_full', params: {}, retryable: true };
  expect(Refusal.from(error).error).toEqual(error);
  expect(Refusal.from('boom').error.code).toBe('app.fault');
  expect(Refusal.from(new TypeError('x')).error.code).toBe('app.fault');
  const refusal = new Refusal(error);
  expect(Refusal.from(refusal)).toBe(refusal);
});

test('the in-memory client answers, tells progress, and refuses what it has no answer for', async () => {
  const told: number[] = [];
  const client = inMemory({
    sending: () => ({ waiting: 3, confirmed: 0, to_review: 0, last: null, training: false }),
    send: (_, tell) => {
      tell({ phase: 'sending', done: 1, of: 2 });
      throw { code: 'line.unreachable', params: {}, retryable: true };
    },
  });
  expect((await client.call('sending', null)).waiting).toBe(3);
  await expect(client.call('send', null, (step) => told.push(step.done))).rejects.toMatchObject({
    error: { code: 'line.unreachable' },
  });
  expect(told).toEqual([1]);
  await expect(client.call('lock', null)).rejects.toMatchObject({ error: { code: 'app.no_such_command' } });
});
