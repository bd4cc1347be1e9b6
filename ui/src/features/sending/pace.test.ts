import { expect, it } from 'vitest';
import { Pace } from './pace';

const left = (of: number) => ({ phase: 'sending', done: 0, of }) as const;
const received = (done: number, of: number | null) => ({ phase: 'receiving', done, of }) as const;

it('turns what is left to send into what was sent of how much', () => {
  const pace = new Pace();
  expect(pace.course(left(12), 0)).toEqual({ done: 0, total: 12, left_s: undefined });
  expect(pace.course(left(9), 1000)).toEqual({ done: 3, total: 12, left_s: undefined });
  expect(pace.course(left(6), 3000)).toEqual({ done: 6, total: 12, left_s: 3 });
});

it('begins anew with each part, and knows nothing without a whole', () => {
  const pace = new Pace();
  pace.course(left(12), 0);
  expect(pace.course(received(90, 100), 9000)).toEqual({ done: 90, total: 100, left_s: undefined });
  expect(pace.course(received(95, 100), 14_000).left_s).toBe(5);
  expect(pace.course({ phase: 'connecting', done: 0, of: null }, 20_000)).toEqual({
    done: 0,
    total: null,
    left_s: undefined,
  });
});
