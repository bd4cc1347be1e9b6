/** How a person is spoken of: by age and sex where both are known, else by the bare name. */
import type { Named } from '$api/client';
import { m } from './index';

const OLD_FROM = 60;
const VERY_OLD_FROM = 80;
const GROWN_FROM = 18;

/** "ông Nguyễn Văn Thành", "cụ Lê Thị Sáu"; nobody is addressed on a guess. */
export function called(person: Named): string {
  return withTitle(person, person.full_name.trim());
}

/** "ông Thành": for a short line about somebody whose full name stands near. */
export function calledShortly(person: Named): string {
  return withTitle(person, person.full_name.trim().split(/\s+/).at(-1) ?? '');
}

/** The same words at the beginning of a line: "Ông Nguyễn Văn Thành". */
export const capital = (words: string): string => words.charAt(0).toLocaleUpperCase('vi') + words.slice(1);

function withTitle({ age, sex }: Named, name: string): string {
  if (age === null) return name;
  if (age >= VERY_OLD_FROM) return m['ui.called.very_old']({ name });
  if (age < GROWN_FROM) return m['ui.called.young']({ name });
  if (sex === null) return name;
  return m[`ui.called.${age >= OLD_FROM ? 'old' : 'grown'}_${sex}`]({ name });
}
