/** Which door is next, and why. */
import CalendarClock from '@lucide/svelte/icons/calendar-clock';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleMinus from '@lucide/svelte/icons/circle-minus';
import CircleQuestionMark from '@lucide/svelte/icons/circle-question-mark';
import Clock from '@lucide/svelte/icons/clock';
import DoorClosed from '@lucide/svelte/icons/door-closed';
import Footprints from '@lucide/svelte/icons/footprints';
import House from '@lucide/svelte/icons/house';
import type { ComponentProps } from 'svelte';
import type { AlleyLine, Day, DoorView, HouseholdId, Outcome, Reason, VisitRequest } from '$api/client';
import { called } from '$i18n/called';
import { formatDay, formatNumber } from '$i18n/format';
import { m } from '$i18n';
import { label } from '$i18n/labels';
import { doorName } from '$i18n/place';
import { stepWords } from '$i18n/steps';
import type ReasonChip from '$shared/ReasonChip.svelte';
import { weekdayOf } from '$shared/days';

/** Nobody knocks there this round: it is done, closed or empty. */
const CLOSED: readonly Reason['code'][] = ['declined', 'unoccupied', 'digital'];

/** Somebody should knock there today. */
export function isOpen(door: DoorView, today: Day): boolean {
  if (CLOSED.includes(door.reason.code) || door.last_day === today) return false;
  // ISO days compare as text.
  return door.reason.code !== 'promised' || door.reason.day <= today;
}

/** Promised for today or before: somebody waits for us. */
const isDue = ({ reason }: DoorView, today: Day) => reason.code === 'promised' && reason.day <= today;

/**
 * Where to stand on an alley: at a door that waits for us, else at the next open one in walking order after
 * `after` (and from the entrance again), else at the first.
 */
export function nextDoor(
  doors: readonly DoorView[],
  today: Day,
  after?: HouseholdId,
): HouseholdId | undefined {
  const at = doors.findIndex((door) => door.household === after) + 1;
  const onwards = [...doors.slice(at), ...doors.slice(0, at)];
  const open = onwards.filter((door) => isOpen(door, today));
  const due = after === undefined ? open.find((door) => isDue(door, today)) : undefined;
  return (due ?? open[0] ?? doors.find((door) => door.household === after) ?? doors[0])?.household;
}

/** The next alley with a door that nobody reached yet, walking on from this one. */
export function nextAlley(alleys: readonly AlleyLine[], key: string | null): AlleyLine | undefined {
  const at = alleys.findIndex((alley) => alley.key === key) + 1;
  return [...alleys.slice(at), ...alleys.slice(0, at)].find(
    (alley) => alley.key !== key && alley.reached < alley.doors,
  );
}

/** "22/11" where the year goes without saying. */
export const shortDay = (day: Day): string => formatDay(day).slice(0, 5);

export const alleyName = (alley: AlleyLine): string => alley.name || m['today.alley.unknown']();

/** "Số 14 · ông Nguyễn Văn Thành" */
export function doorTitle(door: DoorView): string {
  return door.head
    ? m['today.door.title']({ door: doorName(door), person: called(door.head) })
    : doorName(door);
}

export const peopleCount = (people: number): string => m['today.people']({ count: formatNumber(people) });

/** The strongest reason of a door, as its one chip. */
export function chipOf(door: DoorView, today: Day): ComponentProps<typeof ReasonChip> {
  const { reason, last_day, last_outcome } = door;
  switch (reason.code) {
    case 'promised':
      return { icon: CalendarClock, text: promiseWords(reason.day, today), kind: 'promise' };
    case 'one_step': {
      const asked = reason.step.now === 'unknown';
      return {
        icon: asked ? CircleQuestionMark : Footprints,
        text: m[asked ? 'today.reason.one_unknown' : 'today.reason.one_step'](),
        detail: stepWords(reason.step, reason.person),
        kind: asked ? 'unknown' : 'step',
      };
    }
    case 'steps_left':
      return {
        icon: Footprints,
        text: m['today.reason.steps_left']({ count: formatNumber(reason.steps) }),
        kind: 'step',
      };
    case 'not_met_yet':
      return {
        icon: Clock,
        text: m['today.reason.not_met_yet'](),
        ...(last_day && last_outcome ? { detail: outcomeLine(last_outcome, last_day) } : {}),
      };
    case 'unoccupied':
      return {
        icon: House,
        text: last_outcome ? label('outcome', last_outcome) : m['today.reason.unoccupied'](),
      };
    case 'never_reached':
      return { icon: DoorClosed, text: m['today.reason.never_reached']() };
    case 'declined':
      return { icon: CircleMinus, text: m['today.reason.declined']() };
    case 'digital':
      return { icon: CircleCheck, text: m['today.reason.digital'](), kind: 'done' };
    case 'information_missing':
      return { icon: CircleQuestionMark, text: m['today.reason.information_missing'](), kind: 'unknown' };
  }
}

export function promiseWords(day: Day, today: Day): string {
  if (day === today) return m['today.reason.promised_today']();
  return m[day < today ? 'today.reason.promised_past' : 'today.reason.promised']({ day: shortDay(day) });
}

/** "Vắng 08/11" */
export const outcomeLine = (outcome: Outcome, day: Day): string =>
  m['today.outcome_on']({ outcome: label('outcome', outcome), day: shortDay(day) });

/** "Hẹn lại Thứ Ba 24/11" */
export function recordedWords(outcome: Outcome, next_day: Day | null): string {
  const word = label('outcome', outcome);
  return next_day ? `${word} ${dayWords(next_day)}` : word;
}

/** "Thứ Ba 24/11" */
export const dayWords = (day: Day): string => `${weekdayOf(day)} ${shortDay(day)}`;

/** A door that did not open: nothing was asked, so nothing else is in it. */
export function attempt(
  household: HouseholdId,
  outcome: 'absent' | 'postponed',
  next_day: Day | null,
): VisitRequest {
  return {
    household,
    outcome,
    channel: 'at_home',
    respondent: null,
    members_unchanged: false,
    consents: [],
    text_version: '',
    learned: [],
    topics: [],
    guided: [],
    next_day,
  };
}
