/** Days to come back on. */
import type { Day } from '$api/client';
import { formatWeekday } from '$i18n/format';

const DAY_MS = 86_400_000;
const SATURDAY = 6;
/** Two weeks: beyond that nobody at a door knows. */
const OFFERED_DAYS = 14;

/** Noon in Greenwich is the same day in Việt Nam. */
const noon_ms = (day: Day) => Date.parse(`${day}T12:00:00Z`);

export const daysAfter = (day: Day, days: number): Day =>
  new Date(noon_ms(day) + days * DAY_MS).toISOString().slice(0, 10);

/** "Thứ Hai" */
export const weekdayOf = (day: Day): string => formatWeekday(noon_ms(day));

/** The coming Saturday; on a Saturday, the Sunday after it. */
export function weekendAfter(today: Day): Day {
  const left = SATURDAY - new Date(noon_ms(today)).getUTCDay();
  return daysAfter(today, left > 0 ? left : 1);
}

/** Every day that is offered, from tomorrow on. */
export const daysOffered = (today: Day): Day[] =>
  Array.from({ length: OFFERED_DAYS }, (_, at) => daysAfter(today, at + 1));
