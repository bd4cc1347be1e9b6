/** Which column is read as what, while a person changes it. */
import type { CellRepair, ListPage, RowLine } from '$api/client';

/** Role → column, as the reader takes it. */
export type Chosen = Record<string, string>;

export interface ColumnLine {
  column: string;
  title: string;
  /** Mostly one; nothing: it is not read. */
  roles: string[];
}

const inFileOrder = (one: ColumnLine, other: ColumnLine) =>
  one.column.length - other.column.length || one.column.localeCompare(other.column, 'en');

/** Every column that can be read, as it stands in the file: A … Z, AA. */
export function columnLines({ columns, mapping }: ListPage): ColumnLine[] {
  const lines = new Map(
    columns.map(({ column, title }) => [column, { column, title, roles: [] as string[] }]),
  );
  for (const { role, column, title } of mapping) {
    const line = lines.get(column) ?? { column, title, roles: [] };
    line.roles.push(role);
    lines.set(column, line);
  }
  return [...lines.values()].sort(inFileOrder);
}

/** A role stands in one column: chosen anew, it leaves the one it had. */
export function remapped({ mapping }: ListPage, column: string, role: string | undefined): Chosen {
  const others = mapping.filter((one) => one.column !== column && one.role !== role);
  const chosen = Object.fromEntries(others.map((one) => [one.role, one.column]));
  return role === undefined ? chosen : { ...chosen, [role]: column };
}

/** Without a column of names there is no list. */
export const hasNames = (chosen: Chosen): boolean =>
  ['full_name', 'given_name', 'head_name'].some((role) => role in chosen);

/** A cell that can be mended where it stands: not a sheet as a whole, not a doubt between rows. */
export const isRepairable = (row: RowLine): row is RowLine & { column: string } =>
  row.row > 0 && row.column !== null;

export function repaired(repairs: readonly CellRepair[], repair: CellRepair): CellRepair[] {
  const same = (one: CellRepair) =>
    one.sheet === repair.sheet && one.row === repair.row && one.column === repair.column;
  return [...repairs.filter((one) => !same(one)), repair];
}
