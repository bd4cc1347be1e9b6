/**
 * Numbers, dates and times as people in Việt Nam write them: 1.234 · 85,3% · 22/11/2026 · 19:42.
 * The zone is fixed at UTC+07:00 as in the register: a laptop whose clock is set to another zone must not
 * show a visit on another day.
 */
const LOCALE = 'vi-VN';
const ZONE = 'Asia/Ho_Chi_Minh';

const number = new Intl.NumberFormat(LOCALE);
const percentage = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 1 });
const oneDecimal = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const parts = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(LOCALE, { timeZone: ZONE, ...options });
const date = parts({ day: '2-digit', month: '2-digit', year: 'numeric' });
const clock = parts({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const weekday = parts({ weekday: 'long' });

/** 1234 → "1.234". */
export const formatNumber = (value: number): string => number.format(value);

/**
 * A share from 0 to 1: 0.853 → "85,3%". Without a whole there is no share: `undefined`. "100%" says all of them and
 * "0%" nobody, so what only rounds to them says "<0,1%" and ">99,9%", as the commune's table does.
 */
export function formatShare(part: number, whole: number): string | undefined {
  if (whole <= 0) return undefined;
  const tenths = Math.round((part * 1000) / whole);
  if (tenths === 0 && part > 0) return `<${percentage.format(0.001)}`;
  if (tenths === 1000 && part < whole) return `>${percentage.format(0.999)}`;
  return percentage.format(tenths / 1000);
}

/** Bytes as people read them: 19661 → "19,2 KB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let step = 0;
  let value = bytes;
  while (value >= 1024 && step < units.length - 1) {
    value /= 1024;
    step += 1;
  }
  return `${oneDecimal.format(value)} ${units[step]}`;
}

/** Milliseconds since 1970 → "22/11/2026". */
export const formatDate = (at_ms: number): string => date.format(at_ms);

/** Milliseconds since 1970 → "19:42". */
export const formatTime = (at_ms: number): string => clock.format(at_ms);

/** Milliseconds since 1970 → "19:42 22/11". */
export const formatMoment = (at_ms: number): string =>
  `${clock.format(at_ms)} ${date.format(at_ms).slice(0, 5)}`;

/** Milliseconds since 1970 → "Chủ Nhật". */
export const formatWeekday = (at_ms: number): string => weekday.format(at_ms);

/** The register's day ("2026-11-22") or partial date ("1985-03", "1985") → "22/11/2026", "03/1985", "1985". */
export function formatDay(day: string): string {
  return day.split('-').reverse().join('/');
}
