/** Trước khi gõ cửa: what is known of a household, in the order somebody needs it in front of the door. */
import CalendarClock from '@lucide/svelte/icons/calendar-clock';
import CircleQuestionMark from '@lucide/svelte/icons/circle-question-mark';
import Footprints from '@lucide/svelte/icons/footprints';
import History from '@lucide/svelte/icons/history';
import Users from '@lucide/svelte/icons/users';
import type { Day, DoorView, HouseholdView, MemberId, PersonView } from '$api/client';
import { called, calledShortly, capital } from '$i18n/called';
import { formatNumber } from '$i18n/format';
import { m } from '$i18n';
import { label } from '$i18n/labels';
import { stepWords } from '$i18n/steps';
import type { IconComponent } from '$shared/icons';
import { tileWord } from '$shared/tile';
import { outcomeLine, peopleCount, promiseWords } from './doors';

interface Paragraph {
  key: string;
  icon: IconComponent;
  title: string;
  lines: string[];
}

const STEPS_SHOWN = 3;

export function beforeKnocking(door: DoorView, house: HouseholdView, today: Day): Paragraph[] {
  return [toDo(house), ...promise(house, today), whoLives(house), lastTime(house), why(door)];
}

const personOf = (house: HouseholdView, id: MemberId | null): PersonView | undefined =>
  house.people.find(({ member }) => member === id);

function toDo(house: HouseholdView): Paragraph {
  const { state, steps, person, to_ask } = house.verdict;
  const titled = (title: string, lines: string[]): Paragraph => ({
    key: 'do',
    icon: Footprints,
    title,
    lines,
  });
  if (house.declined) return titled(m['today.before.closed'](), [m['today.before.closed_text']()]);
  if (state === 'met') return titled(m['today.before.digital'](), [m['today.before.digital_text']()]);
  const ask = state === 'insufficient' ? to_ask : null;
  const missing = ask ? ask.steps : steps;
  const whom = personOf(house, ask ? ask.person : person);
  if (missing.length === 0 || !whom)
    return titled(m['today.before.start'](), [m['today.before.start_text']()]);
  const lines = missing.slice(0, STEPS_SHOWN).map((step) => capital(stepWords(step, whom.person)));
  const rest = missing.length - lines.length;
  if (rest > 0) lines.push(m['today.before.more']({ count: formatNumber(rest) }));
  return titled(
    m[ask ? 'today.before.ask' : 'today.before.steps']({ count: formatNumber(missing.length) }),
    lines,
  );
}

const lower = (words: string) => words.charAt(0).toLocaleLowerCase('vi') + words.slice(1);

function promise(house: HouseholdView, today: Day): Paragraph[] {
  const day = house.last_visit?.next_day;
  if (!day) return [];
  return [{ key: 'promise', icon: CalendarClock, title: promiseWords(day, today), lines: [] }];
}

function whoLives(house: HouseholdView): Paragraph {
  const adults = house.people.filter(({ adult }) => adult);
  const away = house.people.filter(({ residence }) => residence === 'away');
  const lines = adults.map(({ person, relation }) =>
    m['today.before.person']({
      person: capital(called(person)),
      relation: lower(label('relation', relation)),
    }),
  );
  if (away.length > 0) lines.push(m['today.before.away']({ count: formatNumber(away.length) }));
  const title = m['today.before.people']({
    people: peopleCount(house.people.length),
    adults: formatNumber(adults.length),
  });
  return { key: 'people', icon: Users, title, lines };
}

function lastTime(house: HouseholdView): Paragraph {
  const last = house.last_visit;
  const whole = (title: string, lines: string[]): Paragraph => ({ key: 'last', icon: History, title, lines });
  if (!last) return whole(m['today.reason.never_reached'](), []);
  const answered = personOf(house, last.respondent);
  return whole(
    m['today.before.last']({ outcome: outcomeLine(last.outcome, last.day) }),
    answered ? [m['today.before.answered']({ person: calledShortly(answered.person) })] : [],
  );
}

function why(door: DoorView): Paragraph {
  return {
    key: 'why',
    icon: CircleQuestionMark,
    title: m['today.before.why']({ state: tileWord(door.tile, door.steps ?? 0) }),
    lines: [m[`today.why.${door.tile}`]()],
  };
}
