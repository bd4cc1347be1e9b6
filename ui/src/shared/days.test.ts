import { expect, it } from 'vitest';
import { daysAfter, daysOffered, weekdayOf, weekendAfter } from './days';

it.each([
  ['2026-11-20', '2026-11-21', 'Friday'],
  ['2026-11-21', '2026-11-22', 'Saturday: the Sunday'],
  ['2026-11-22', '2026-11-28', 'Sunday'],
  ['2026-12-28', '2027-01-02', 'over the year'],
])('the weekend after %s is %s (%s)', (today, expected) => expect(weekendAfter(today)).toBe(expected));

it('counts days over the ends of months', () => {
  expect(daysAfter('2026-11-30', 1)).toBe('2026-12-01');
  expect([daysOffered('2026-11-22').at(0), daysOffered('2026-11-22').at(-1)]).toEqual([
    '2026-11-23',
    '2026-12-06',
  ]);
  expect(weekdayOf('2026-11-22')).toBe('Chủ Nhật');
});
