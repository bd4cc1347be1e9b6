import { expect, it } from 'vitest';
import type { TileState as Standing } from '$api/client';
import { tileOf, type TileState } from './tile';

it.each<[Standing, number | null, TileState]>([
  ['met', 0, 'met'],
  ['not_met', 1, 'one_step'],
  ['one_step', 1, 'one_step'],
  ['not_met', 3, 'not_met'],
  ['insufficient', 1, 'insufficient'],
  ['not_reached', null, 'not_reached'],
  ['not_met_in_person', null, 'absent'],
  ['declined', null, 'declined'],
  ['unoccupied', null, 'vacant'],
])('a door that is %s with %s steps shows %s', (standing, steps, tile) =>
  expect(tileOf(standing, steps)).toBe(tile),
);
