/** Invented doors for tests. */
import type { AlleyMap, DoorView, TileState } from '$api/client';

export const door = (household: string, tile: TileState, steps: number | null = null): DoorView => ({
  household,
  house_no: household,
  place_note: '',
  head: null,
  people: 4,
  tile,
  steps,
  progress: tile === 'not_reached' ? 'not_reached' : 'met',
  reason: tile === 'met' ? { code: 'digital' } : { code: 'information_missing' },
  last_day: null,
  last_outcome: null,
});

export const alley = (name: string, doors: DoorView[]): AlleyMap => ({
  line: {
    key: name,
    name,
    doors: doors.length,
    reached: doors.filter(({ tile }) => tile !== 'not_reached').length,
    met: doors.filter(({ tile }) => tile !== 'not_reached').length,
    digital: doors.filter(({ tile }) => tile === 'met').length,
  },
  doors,
});
