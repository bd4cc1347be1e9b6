import type { TileState } from '$api/client';
import { m } from '$i18n';

const WORDS: Record<TileState, (inputs: { steps: number }) => string> = {
  met: m['ui.tile.met'],
  one_step: m['ui.tile.one_step'],
  not_met: m['ui.tile.not_met'],
  insufficient: m['ui.tile.insufficient'],
  not_reached: m['ui.tile.not_reached'],
  not_met_in_person: m['ui.tile.not_met_in_person'],
  declined: m['ui.tile.declined'],
  unoccupied: m['ui.tile.unoccupied'],
};

/** How a household stands, in the one picture that every screen and every printed sheet uses; in the legend's order. */
export const TILE_STATES = Object.keys(WORDS) as TileState[];

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
