import { expect, it } from 'vitest';
import type { ListPage } from '$api/client';
import { columnLines, hasNames, isRepairable, remapped, repaired } from './mapping';

const page = {
  columns: [
    { column: 'AA', title: 'Ghi chú' },
    { column: 'B', title: 'Họ tên' },
    { column: 'C', title: 'Tên gọi' },
  ],
  mapping: [
    { role: 'full_name', column: 'B', title: 'Họ tên' },
    { role: 'sex', column: 'D', title: '' },
    { role: 'relation', column: 'D', title: '' },
  ],
} as unknown as ListPage;

it('lists every column in the order of the file, read or not', () => {
  expect(columnLines(page).map(({ column, roles }) => [column, roles])).toEqual([
    ['B', ['full_name']],
    ['C', []],
    ['D', ['sex', 'relation']],
    ['AA', []],
  ]);
});

it('a role moves to the column somebody chooses, and what stood in that column goes', () => {
  expect(remapped(page, 'C', 'full_name')).toEqual({ full_name: 'C', sex: 'D', relation: 'D' });
  expect(remapped(page, 'D', 'note')).toEqual({ full_name: 'B', note: 'D' });
  expect(remapped(page, 'D', undefined)).toEqual({ full_name: 'B' });
  expect([hasNames(remapped(page, 'C', 'sex')), hasNames(remapped(page, 'B', undefined))]).toEqual([
    true,
    false,
  ]);
});

it('a cell is mended once, the last word standing', () => {
  const cell = { sheet: '', row: 3, column: 'B' };
  const once = repaired([], { ...cell, text: 'a' });
  expect(repaired(once, { ...cell, text: 'b' })).toEqual([{ ...cell, text: 'b' }]);
  expect(repaired(once, { ...cell, row: 4, text: 'b' })).toHaveLength(2);
  const line = { ...cell, reason: 'x', text: '' };
  expect([
    isRepairable(line),
    isRepairable({ ...line, row: 0 }),
    isRepairable({ ...line, column: null }),
  ]).toEqual([true, false, false]);
});
