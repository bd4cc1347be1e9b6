import { expect, it } from 'vitest';
import * as format from './format';

/** 22/11/2026 00:30 in Việt Nam is still the day before in Greenwich. */
const JUST_AFTER_MIDNIGHT_MS = Date.UTC(2026, 10, 21, 17, 30);

it.each<[string | undefined, string | undefined]>([
  [format.formatNumber(1234567), '1.234.567'],
  [format.formatNumber(0), '0'],
  [format.formatShare(853, 1000), '85,3%'],
  [format.formatShare(412, 586), '70,3%'],
  [format.formatShare(1, 1), '100%'],
  [format.formatShare(0, 0), undefined],
  [format.formatShare(0, 9), '0%'],
  [format.formatShare(1, 5741), '<0,1%'],
  [format.formatShare(5740, 5741), '>99,9%'],
  [format.formatBytes(512), '512 B'],
  [format.formatBytes(19661), '19,2 KB'],
  [format.formatDate(JUST_AFTER_MIDNIGHT_MS), '22/11/2026'],
  [format.formatTime(JUST_AFTER_MIDNIGHT_MS), '00:30'],
  [format.formatMoment(JUST_AFTER_MIDNIGHT_MS), '00:30 22/11'],
  [format.formatWeekday(JUST_AFTER_MIDNIGHT_MS), 'Chủ Nhật'],
  [format.formatDay('2026-11-22'), '22/11/2026'],
  [format.formatDay('1985-03'), '03/1985'],
  [format.formatDay('1985'), '1985'],
])('%s is %s', (shown, expected) => expect(shown).toBe(expected));
