import type { TileState as Standing } from '$api/client';
import { m } from '$i18n';

/** How a household stands, in the one picture that every screen and every printed sheet uses. */
export const TILE_STATES = [
  'met',
  'one_step',
  'not_met',
  'insufficient',
  'not_reached',
  'absent',
  'declined',
  'vacant',
] as const;
export type TileState = (typeof TILE_STATES)[number];

const WORDS: Record<TileState, (inputs: { steps: number }) => string> = {
  met: m['ui.tile.met'],
  one_step: m['ui.tile.one_step'],
  not_met: m['ui.tile.not_met'],
  insufficient: m['ui.tile.insufficient'],
  not_reached: m['ui.tile.not_reached'],
  absent: m['ui.tile.absent'],
  declined: m['ui.tile.declined'],
  vacant: m['ui.tile.vacant'],
};

/** The word that goes with the shape. `steps` counts only where steps are missing. */
export function tileWord(state: TileState, steps = 0): string {
  return WORDS[state]({ steps });
}

/** What stands inside the outline as a character; the other marks are drawn. */
export function tileCharacter(state: TileState, steps = 0): string {
  if (state === 'insufficient') return '?';
  if (state === 'one_step') return '1';
  if (state === 'not_met') return steps > 0 ? String(steps) : '…';
  return '';
}

/** The picture for a door of the register; `steps` where somebody could be counted. */
export function tileOf(standing: Standing, steps: number | null): TileState {
  switch (standing) {
    case 'not_met':
      return steps === 1 ? 'one_step' : 'not_met';
    case 'not_met_in_person':
      return 'absent';
    case 'unoccupied':
      return 'vacant';
    default:
      return standing;
  }
}
