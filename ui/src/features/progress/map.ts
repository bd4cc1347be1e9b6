/** The map of alleys as the keys walk it: rows of doors, some of them passed over by a filter. */
import type { AlleyMap, DoorView, TileState } from '$api/client';
import { TILE_STATES } from '$shared/tile';

/** Above this many households the tiles are small. */
const SMALL_ABOVE = 300;

export const doorsOf = (alleys: readonly AlleyMap[]): DoorView[] => alleys.flatMap(({ doors }) => doors);

export const tileSize = (alleys: readonly AlleyMap[]): 22 | 33 =>
  doorsOf(alleys).length > SMALL_ABOVE ? 22 : 33;

/** How many doors are in each state; together they are all doors. */
export function countStates(doors: readonly DoorView[]): Record<TileState, number> {
  const counts = Object.fromEntries(TILE_STATES.map((state) => [state, 0])) as Record<TileState, number>;
  for (const door of doors) counts[door.tile] += 1;
  return counts;
}

/** One step left: the shortest walks to another household counted, the same doors as the legend counts. */
export const oneStepDoors = (alleys: readonly AlleyMap[]): { door: DoorView; alley: string }[] =>
  alleys.flatMap(({ line, doors }) =>
    doors.filter((door) => door.tile === 'one_step').map((door) => ({ door, alley: line.name })),
  );

/** A place on the map: which row, which door in it. */
export interface Spot {
  row: number;
  at: number;
}

type Doors = readonly (readonly DoorView[])[];
type Passes = (door: DoorView) => boolean;

export const everyDoor: Passes = () => true;

function spots(rows: Doors, passes: Passes): Spot[] {
  return rows.flatMap((doors, row) => doors.flatMap((door, at) => (passes(door) ? [{ row, at }] : [])));
}

/** Where the walk stands: the wanted household if the filter lets it be seen, else the first door seen. */
export function spotOf(rows: Doors, household: string | undefined, passes: Passes): Spot | undefined {
  const seen = spots(rows, passes);
  return seen.find(({ row, at }) => rows[row]?.[at]?.household === household) ?? seen[0];
}

/**
 * Where a key leads; `undefined` for keys that are not ours. Left and right go on into the next alley, so one
 * key walks the whole hamlet; up and down look for the nearest door of the next alley that has one.
 */
export function walk(rows: Doors, from: Spot, event: KeyboardEvent, passes: Passes): Spot | undefined {
  if (event.altKey || event.metaKey || event.shiftKey || event.isComposing) return undefined;
  const seen = spots(rows, passes);
  const here = seen.findIndex(({ row, at }) => row === from.row && at === from.at);
  const inRow = seen.filter(({ row }) => row === from.row);
  switch (event.key) {
    case 'Home':
      return event.ctrlKey ? seen[0] : inRow[0];
    case 'End':
      return event.ctrlKey ? seen.at(-1) : inRow.at(-1);
    case 'ArrowLeft':
      return event.ctrlKey ? undefined : seen[Math.max(here - 1, 0)];
    case 'ArrowRight':
      return event.ctrlKey ? undefined : seen[Math.min(here + 1, seen.length - 1)];
    case 'ArrowUp':
    case 'ArrowDown': {
      if (event.ctrlKey) return undefined;
      const up = event.key === 'ArrowUp';
      const beyond = seen.filter(({ row }) => (up ? row < from.row : row > from.row));
      const next = up ? beyond.at(-1)?.row : beyond[0]?.row;
      const there = beyond.filter(({ row }) => row === next);
      const nearest = (one: Spot, other: Spot) =>
        Math.abs(one.at - from.at) <= Math.abs(other.at - from.at) ? one : other;
      return there.length > 0 ? there.reduce(nearest) : from;
    }
    default:
      return undefined;
  }
}
