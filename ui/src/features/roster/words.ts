/** The words of *Đưa danh sách Excel vào*: for each code of the reader what a person can do with it. */
import type { ListPage, ListResult, RowLine } from '$api/client';
import { m } from '$i18n';
import { formatNumber } from '$i18n/format';

type Words = Record<string, () => string>;

const ROLES: Words = {
  hamlet_unit: m['list.role.hamlet_unit'],
  alley: m['list.role.alley'],
  house_no: m['list.role.house_no'],
  address: m['list.role.address'],
  household_code: m['list.role.household_code'],
  serial: m['list.role.serial'],
  head_name: m['list.role.head_name'],
  relation: m['list.role.relation'],
  full_name: m['list.role.full_name'],
  surname: m['list.role.surname'],
  given_name: m['list.role.given_name'],
  sex: m['list.role.sex'],
  male: m['list.role.male'],
  female: m['list.role.female'],
  birth: m['list.role.birth'],
  birth_day: m['list.role.birth_day'],
  birth_month: m['list.role.birth_month'],
  birth_year: m['list.role.birth_year'],
  phone: m['list.role.phone'],
  residence: m['list.role.residence'],
  note: m['list.role.note'],
};

const TROUBLES: Words = {
  name_missing: m['list.trouble.name_missing'],
  name_too_long: m['list.trouble.name_too_long'],
  birth_unreadable: m['list.trouble.birth_unreadable'],
  birth_two_digit_year: m['list.trouble.birth_two_digit_year'],
  birth_no_such_day: m['list.trouble.birth_no_such_day'],
  birth_out_of_range: m['list.trouble.birth_out_of_range'],
  birth_in_future: m['list.trouble.birth_in_future'],
  phone_unreadable: m['list.trouble.phone_unreadable'],
  sex_unclear: m['list.trouble.sex_unclear'],
  relation_unrecognised: m['list.trouble.relation_unrecognised'],
  two_heads: m['list.trouble.two_heads'],
  code_repeated: m['list.trouble.code_repeated'],
  household_number_missing: m['list.trouble.household_number_missing'],
  households_unclear: m['list.trouble.households_unclear'],
  hamlet_unit_missing: m['list.trouble.hamlet_unit_missing'],
  hidden_sheet: m['list.trouble.hidden_sheet'],
  sheet_without_header: m['list.trouble.sheet_without_header'],
  stated_total_differs: m['list.trouble.stated_total_differs'],
};

const ENCODINGS: Words = {
  unicode: m['list.encoding.unicode'],
  tcvn3: m['list.encoding.tcvn3'],
  vni: m['list.encoding.vni'],
  cp1258: m['list.encoding.cp1258'],
};

const word = (words: Words, code: string, other: () => string): string =>
  (Object.hasOwn(words, code) ? words[code]! : other)();

export const ROLE_CODES = Object.keys(ROLES);
export const TROUBLE_CODES = Object.keys(TROUBLES);
export const roleWord = (code: string): string => word(ROLES, code, m['label.unrecognised']);
export const troubleWords = (code: string): string => word(TROUBLES, code, m['list.trouble.other']);
export const encodingWords = (code: string): string => word(ENCODINGS, code, m['list.encoding.other']);

export type Row = RowLine & { kind: 'rejected' | 'warning'; key: string };

/** First what was not read, then what is to be looked at; each by its place in the file. */
export const rowsOf = ({ rejected, warnings }: ListPage): Row[] => [
  ...rejected.map((line, at) => ({ ...line, kind: 'rejected' as const, key: `r${at}` })),
  ...warnings.map((line, at) => ({ ...line, kind: 'warning' as const, key: `w${at}` })),
];

export const rowNumber = ({ row }: RowLine): string =>
  row === 0 ? m['list.rows.whole_sheet']() : formatNumber(row);

/** "Ngõ 1-9, dòng 43, cột H" */
export function rowPlace(line: RowLine): string {
  const row =
    line.row === 0
      ? m['list.rows.whole_sheet']()
      : `${m['list.rows.row']()} ${formatNumber(line.row)}`.toLocaleLowerCase('vi');
  const column = line.column ? `${m['list.rows.column']().toLocaleLowerCase('vi')} ${line.column}` : '';
  return [line.sheet, row, column].filter(Boolean).join(', ');
}

/** Households of which something would be written. */
export const toTakeIn = (result: ListResult): number => result.households_added + result.households_matched;

/** What taking it in would do, only what is not nothing; what is new is always said. */
export function resultLines(
  result: ListResult,
): { key: string; count: number; label: string; note: string }[] {
  const lines = [
    {
      key: 'added',
      count: result.households_added,
      label: m['list.result.households_added'](),
      note: m['list.result.households_added.note']({ persons: formatNumber(result.persons_added) }),
    },
    {
      key: 'matched',
      count: result.households_matched,
      label: m['list.result.households_matched'](),
      note: m['list.result.households_matched.note']({ persons: formatNumber(result.persons_matched) }),
    },
    {
      key: 'ambiguous',
      count: result.households_ambiguous,
      label: m['list.result.ambiguous'](),
      note: m['list.result.ambiguous.note'](),
    },
    {
      key: 'people',
      count: result.persons_ambiguous,
      label: m['list.result.people_ambiguous'](),
      note: m['list.result.people_ambiguous.note'](),
    },
    {
      key: 'deleted',
      count: result.households_deleted,
      label: m['list.result.deleted'](),
      note: m['list.result.deleted.note'](),
    },
    {
      key: 'without_unit',
      count: result.without_unit,
      label: m['list.result.without_unit'](),
      note: m['list.result.without_unit.note'](),
    },
    {
      key: 'other_units',
      count: result.other_units,
      label: m['list.result.other_units'](),
      note: m['list.result.other_units.note'](),
    },
  ];
  return lines.filter(({ key, count }) => key === 'added' || count > 0);
}
