import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Countdown } from './countdown.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('ends once, after its seconds', () => {
  const onend = vi.fn();
  new Countdown().start(10, onend);
  vi.advanceTimersByTime(9_999);
  expect(onend).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  expect(onend).toHaveBeenCalledOnce();
});

it('stands still while it is read', () => {
  const [countdown, onend] = [new Countdown(), vi.fn()];
  countdown.start(10, onend);
  vi.advanceTimersByTime(4_000);
  countdown.paused = true;
  vi.advanceTimersByTime(600_000);
  expect([countdown.left_s, onend.mock.calls.length]).toEqual([6, 0]);
  countdown.paused = false;
  vi.advanceTimersByTime(6_000);
  expect(onend).toHaveBeenCalledOnce();
});

it('ends nothing after it was stopped', () => {
  const [countdown, onend] = [new Countdown(), vi.fn()];
  countdown.start(1, onend);
  countdown.stop();
  vi.advanceTimersByTime(5_000);
  expect(onend).not.toHaveBeenCalled();
});
