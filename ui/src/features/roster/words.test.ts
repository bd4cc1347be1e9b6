import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ListPage, ListResult } from '$api/client';
import {
  ROLE_CODES,
  TROUBLE_CODES,
  encodingWords,
  resultLines,
  roleWord,
  rowPlace,
  rowsOf,
  toTakeIn,
  troubleWords,
} from './words';

/** The names of an enum in crates/roster, as they go over the wire. */
function codes(file: string, name: string): string[] {
  const source = readFileSync(
    join(import.meta.dirname, '../../../../crates/roster/src', `${file}.rs`),
    'utf8',
  );
  const body = new RegExp(`pub enum ${name} \\{([^}]*)\\}`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/^ {4}([A-Z]\w+),$/gm)].map(([, variant]) =>
    variant!.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase(),
  );
}

it('every role and every trouble of the reader has words', () => {
  expect(ROLE_CODES).toEqual(codes('mapping', 'Role'));
  expect(TROUBLE_CODES).toEqual(codes('list', 'Trouble'));
});

it('a code of a newer reader is never shown', () => {
  for (const words of [roleWord, troubleWords, encodingWords]) {
    expect(words('star_sign')).not.toContain('star_sign');
    expect(words('toString').length).toBeGreaterThan(5);
  }
});

it('a row has its place in words', () => {
  const line = { sheet: 'Ngõ 1-9', row: 1043, column: 'H', reason: 'birth_unreadable', text: '' };
  expect(rowPlace(line)).toBe('Ngõ 1-9, dòng 1.043, cột H');
  expect(rowPlace({ ...line, row: 0, column: null })).toBe('Ngõ 1-9, cả trang');
  expect(rowPlace({ ...line, sheet: '', column: null })).toBe('dòng 1.043');
});

it('what was not read comes before what is to be looked at', () => {
  const line = { sheet: '', row: 3, column: null, reason: 'two_heads' };
  const rows = rowsOf({ rejected: [{ ...line, row: 9 }], warnings: [line, line] } as unknown as ListPage);
  expect(rows.map(({ kind, row }) => [kind, row])).toEqual([
    ['rejected', 9],
    ['warning', 3],
    ['warning', 3],
  ]);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(3);
});

it('says what taking it in would do, and nothing about what would not be', () => {
  const nothing: ListResult = {
    households_added: 0,
    households_matched: 0,
    households_ambiguous: 0,
    households_deleted: 0,
    persons_added: 0,
    persons_matched: 0,
    persons_ambiguous: 0,
    persons_deleted: 0,
    without_unit: 0,
    other_units: 0,
  };
  expect(resultLines(nothing).map(({ key }) => key)).toEqual(['added']);
  const some = {
    ...nothing,
    households_added: 3,
    households_matched: 12,
    households_ambiguous: 1,
    other_units: 2,
  };
  expect(resultLines(some).map(({ key, count }) => [key, count])).toEqual([
    ['added', 3],
    ['matched', 12],
    ['ambiguous', 1],
    ['other_units', 2],
  ]);
  expect(toTakeIn(some)).toBe(15);
});
