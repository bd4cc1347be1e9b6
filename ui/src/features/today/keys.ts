/** What a key means on Hôm nay. */
import type { DoorView, HouseholdId } from '$api/client';
import { isCtrl, isOurs, isTyping, letterOf, stepOf } from '$shared/keys';

export type Deed =
  | { does: 'choose'; household: HouseholdId }
  | { does: 'walk'; by: -1 | 1 }
  | { does: 'enter' | 'absent' | 'postpone' | 'undo' };

/** By the place of the key: Telex writes ơ and ư with the brackets. */
const WALK: Record<string, -1 | 1> = { PageUp: -1, BracketLeft: -1, PageDown: 1, BracketRight: 1 };

export function deedOf(
  event: KeyboardEvent,
  doors: readonly DoorView[],
  chosen: HouseholdId | undefined,
): Deed | undefined {
  const on = event.target instanceof Element ? event.target : null;
  if (!isOurs(event) || isTyping(event)) return undefined;
  if (isCtrl(event, 'Z')) return { does: 'undo' };
  if (event.ctrlKey || event.altKey || event.metaKey) return undefined;
  // Enter belongs to the button or link that has the focus.
  if (event.key === 'Enter') return on?.closest('a, button') ? undefined : { does: 'enter' };
  const by = WALK[event.code];
  if (by) return { does: 'walk', by };
  const letter = letterOf(event);
  if (letter === 'V') return { does: 'absent' };
  if (letter === 'H') return { does: 'postpone' };
  const at = doors.findIndex(({ household }) => household === chosen);
  const door = doors[stepOf(event, at, doors.length, 'down') ?? -1];
  return door && { does: 'choose', household: door.household };
}
