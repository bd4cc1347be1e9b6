import { expect, it } from 'vitest';
import { remainingText } from './remaining';

it.each<[number | undefined, string]>([
  [undefined, 'chưa ước tính được'],
  [Infinity, 'chưa ước tính được'],
  [0, 'còn khoảng 1 giây'],
  [2.2, 'còn khoảng 3 giây'],
  [60, 'còn khoảng 1 phút'],
  [61, 'còn khoảng 2 phút'],
])('%s seconds: %s', (left_s, expected) => expect(remainingText(left_s)).toBe(expected));
