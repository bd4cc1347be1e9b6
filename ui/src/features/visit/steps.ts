/**
 * The order of a visit and its keys, as pure functions: a key goes in, the page as it stands after it comes
 * out. Door §6; the budgets of keys are tested on exactly this.
 */
import { toggled } from '$shared/answers';
import { digitOf, isCtrl, isTyping, letterOf } from '$shared/keys';
import type {
  Answer,
  Decision,
  Evidence,
  Fact,
  HouseholdView,
  MemberId,
  Outcome,
} from '$api/generated/commands';
import {
  allRows,
  asksGuide,
  consentRows,
  EMPTY,
  givenOf,
  guides,
  holdsAlone,
  isHere,
  isMany,
  levelsOf,
  likelyGuide,
  likelyRespondent,
  lockOf,
  mayRecord,
  needsAdult,
  peopleInOrder,
  personOf,
  previousOf,
  respondents,
  rowsOf,
  UNKNOWN,
  valuesOf,
  type Draft,
  type Guide,
} from './draft';

export const STAGES = ['outcome', 'respondent', 'consent', 'members', 'guide', 'facts'] as const;
export type Stage = (typeof STAGES)[number];

interface Row {
  readonly member: MemberId;
  readonly fact: Fact;
}

/** Where the person at the keyboard is. */
export interface Place {
  readonly stage: Stage;
  /** The line of a list; -1 while nothing is pointed at. */
  readonly at: number;
  /** Whose rows are shown. */
  readonly member: MemberId | null;
  /** The row that listens; nothing once all were walked through: Save does. */
  readonly fact: Fact | null;
  /** What was answered last: "how known" is said after the answer. */
  readonly last: Row | null;
}

interface Moment {
  readonly draft: Draft;
  readonly place: Place;
}

export interface Visiting extends Moment {
  readonly past: readonly Moment[];
}

/** What a key asks of the page, beyond changing what is on it. */
export type Deed =
  | { do: 'record'; outcome: Outcome }
  | { do: 'choose_day' }
  | { do: 'save' }
  | { do: 'leave' }
  | { do: 'guidance' }
  | { do: 'how' };

export interface Turn {
  visiting: Visiting;
  deed?: Deed;
}

const START: Place = { stage: 'outcome', at: 0, member: null, fact: null, last: null };
export const BEGIN: Visiting = { draft: EMPTY, place: START, past: [] };

/** The four keys at the door, in their order. */
export const FOUR: readonly Outcome[] = ['met', 'absent', 'postponed', 'declined'];
/** Under *Khác*. */
export const OTHERS: readonly Outcome[] = [
  'vacant',
  'moved_out',
  'not_found',
  'no_access',
  'nobody_to_answer',
];
/** After the question, in the order of the digits. */
export const SAID: readonly Decision[] = ['agreed', 'declined', 'later'];
/** The digit that ends the visit politely at the consent question; the same as at the door. */
const WHOLE_HOUSE = 4;

/** Only the place changes: nothing to take back. */
const moved = (visiting: Visiting, place: Partial<Place>): Visiting => ({
  ...visiting,
  place: { ...visiting.place, ...place },
});

/** Something was said: Ctrl+Z takes it back, place and all. */
const said = (visiting: Visiting, draft: Partial<Draft>, place?: Partial<Place>): Visiting => ({
  draft: { ...visiting.draft, ...draft },
  // The same place stays the same thing, so the focus stays where it is.
  place: place ? { ...visiting.place, ...place } : visiting.place,
  past: [...visiting.past, { draft: visiting.draft, place: visiting.place }],
});

export function undone(visiting: Visiting): Visiting {
  const before = visiting.past.at(-1);
  return before ? { ...before, past: visiting.past.slice(0, -1) } : visiting;
}

/** Takes the page to a stage, with the cursor where the question begins. */
export function enter(view: HouseholdView, visiting: Visiting, stage: Stage): Visiting {
  const { draft } = visiting;
  if (stage === 'respondent') {
    const all = respondents(view);
    const chosen = all.findIndex((person) => person.member === draft.respondent);
    return moved(visiting, { stage, at: chosen >= 0 ? chosen : likelyRespondent(view) });
  }
  if (stage === 'consent') {
    const open = consentRows(view, draft).findIndex((person) => isOpen(view, draft, person.member));
    return moved(visiting, { stage, at: Math.max(open, 0) });
  }
  if (stage === 'guide') {
    if (!asksGuide(view)) return enter(view, visiting, 'facts');
    const chosen = guideLines(view).findIndex((line) => sameGuide(line, draft.guide));
    return moved(visiting, { stage, at: chosen >= 0 ? chosen : likelyGuide(view) });
  }
  if (stage === 'facts') {
    const people = peopleInOrder(view, draft);
    const first = people.find((person) => !lockOf(view, draft, person)) ?? people[0];
    if (!first) return moved(visiting, { stage, member: null, fact: null });
    return toPerson(view, moved(visiting, { stage, last: null }), first.member);
  }
  return moved(visiting, { stage, at: 0 });
}

/** Was never asked, and lives here. */
function isOpen(view: HouseholdView, draft: Draft, member: MemberId): boolean {
  const person = personOf(view, member);
  return !!person && isHere(person) && person.consent === 'not_asked' && !draft.consents[member];
}

const sameGuide = (one: Guide, other: Guide | null): boolean =>
  one === other ||
  (typeof one === 'object' && typeof other === 'object' && other !== null && one.member === other.member);

/** The lines of "Ai hay chỉ cho cả nhà?", in the order of their digits. */
export const guideLines = (view: HouseholdView): Guide[] => [
  ...guides(view).map(({ member }) => ({ member })),
  'nobody',
  'unknown',
];

/** Shows somebody's rows, with the first unanswered one listening. */
export function toPerson(view: HouseholdView, visiting: Visiting, member: MemberId): Visiting {
  const { draft } = visiting;
  const person = personOf(view, member);
  if (!person) return visiting;
  const walked = rowsOf(view, draft, person).first;
  const open = walked.find((fact) => !givenOf(draft, person, fact) && mayRecord(view, draft, person, fact));
  return moved(visiting, { stage: 'facts', member, fact: open ?? walked[0] ?? null });
}

/** The next row that keys walk to; after a person's last row the next person's first. */
function onward(view: HouseholdView, visiting: Visiting): Visiting {
  const { draft, place } = visiting;
  const people = peopleInOrder(view, draft);
  const at = people.findIndex((person) => person.member === place.member);
  for (const person of people.slice(Math.max(at, 0))) {
    const rows = rowsOf(view, draft, person).first;
    const after = person.member === place.member && place.fact ? rows.indexOf(place.fact) + 1 : 0;
    const next = rows
      .slice(after)
      .find((fact) => !givenOf(draft, person, fact) && mayRecord(view, draft, person, fact));
    if (next) return moved(visiting, { member: person.member, fact: next });
  }
  return moved(visiting, { fact: null });
}

// What is said, by key or by pointer.

export function chooseOutcome(view: HouseholdView, visiting: Visiting, outcome: Outcome): Turn {
  if (outcome === 'met') {
    const met = visiting.draft.outcome === 'met' ? visiting : said(visiting, { outcome });
    return { visiting: enter(view, met, 'respondent') };
  }
  if (outcome === 'postponed') return { visiting, deed: { do: 'choose_day' } };
  return { visiting, deed: { do: 'record', outcome } };
}

export function chooseRespondent(view: HouseholdView, visiting: Visiting, member: MemberId): Visiting {
  const same = visiting.draft.respondent === member;
  return enter(view, same ? visiting : said(visiting, { respondent: member }), 'consent');
}

/** One deliberate key per person; then the next who was not asked yet, then on. */
export function say(view: HouseholdView, visiting: Visiting, member: MemberId, decision: Decision): Visiting {
  const person = personOf(view, member);
  if (!person || (decision === 'agreed' && needsAdult(view, visiting.draft, person))) return visiting;
  const rows = consentRows(view, visiting.draft);
  const at = rows.findIndex((person) => person.member === member);
  const done = said(visiting, { consents: { ...visiting.draft.consents, [member]: decision } }, { at });
  const next = rows.findIndex((row, index) => index > at && isOpen(view, done.draft, row.member));
  return next < 0 ? enter(view, done, 'members') : moved(done, { at: next });
}

export const sayUnchanged = (view: HouseholdView, visiting: Visiting, unchanged: boolean): Visiting =>
  enter(view, said(visiting, { unchanged }), 'guide');

const without = <T extends object, K extends keyof T>(all: T, key: K): Omit<T, K> => {
  const rest = { ...all };
  delete rest[key];
  return rest;
};

/** One question for the whole house: the one named does, and if nobody does, none of them. */
export function chooseGuide(view: HouseholdView, visiting: Visiting, guide: Guide): Visiting {
  // What a row of the same visit said against it is forgotten: this is the later word.
  const answers = Object.fromEntries(
    Object.entries(visiting.draft.answers).map(([member, given]) => {
      return [member, without(given, 'guides_family')];
    }),
  );
  return enter(view, said(visiting, { guide, answers }), 'facts');
}

/** An answer of a row. `walk`: the hands are on the keys, so the next row comes by itself. */
export function answer(
  view: HouseholdView,
  visiting: Visiting,
  row: Row,
  value: Answer,
  walk = true,
): Visiting {
  const { draft } = visiting;
  const person = personOf(view, row.member);
  if (!person || !mayRecord(view, draft, person, row.fact)) return visiting;
  const of = draft.answers[row.member] ?? {};
  const seen = value === UNKNOWN ? null : (of[row.fact]?.seen ?? null);
  const done = said(
    visiting,
    { answers: { ...draft.answers, [row.member]: { ...of, [row.fact]: { answer: value, seen } } } },
    { member: row.member, fact: row.fact, last: row },
  );
  // Of several means of payment another may follow: the row waits for Enter.
  const waits = isMany(row.fact) && !holdsAlone(value);
  return walk && !waits ? onward(view, done) : done;
}

/** The chosen means of payment, in the form of the register. */
export const joined = (values: readonly string[]): Answer => values.join('+');
export const parted = (value: Answer | undefined): string[] => (value ? value.split('+') : []);

export function pressMany(
  view: HouseholdView,
  visiting: Visiting,
  row: Row,
  value: string,
  walk = true,
): Visiting {
  const person = personOf(view, row.member);
  if (!person) return visiting;
  const options = valuesOf(view, person, row.fact);
  const of = visiting.draft.answers[row.member] ?? {};
  const values = toggled(parted(of[row.fact]?.answer), value, options, options.filter(holdsAlone));
  if (values.length > 0) return answer(view, visiting, row, joined(values), walk);
  const others = without(of, row.fact);
  return said(visiting, { answers: { ...visiting.draft.answers, [row.member]: others } }, { ...row });
}

/** How an answer is known, where the team saw more than it was told. */
export function know(view: HouseholdView, visiting: Visiting, row: Row, level: Evidence): Visiting {
  const { draft } = visiting;
  const of = draft.answers[row.member] ?? {};
  const person = personOf(view, row.member);
  const given = person && givenOf(draft, person, row.fact);
  const levels = levelsOf(view, draft, row.member, row.fact);
  if (!given || given.answer === UNKNOWN || !levels.includes(level)) return visiting;
  const seen = level === levels[0] ? null : level;
  return said(visiting, {
    answers: { ...draft.answers, [row.member]: { ...of, [row.fact]: { ...given, seen } } },
  });
}

export const change = (visiting: Visiting, draft: Partial<Draft>): Visiting => said(visiting, draft);
export const point = (visiting: Visiting, place: Partial<Place>): Visiting => moved(visiting, place);

// Keys.

/** The key of an event as the steps name it; nothing for keys that belong to somebody else. */
export function keyOf(event: KeyboardEvent): string | undefined {
  if (event.isComposing || event.key === 'Process') return undefined;
  const ctrl = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (ctrl && event.key === 'Enter') return 'Ctrl+Enter';
  if (ctrl && event.key === 'ArrowDown') return 'Ctrl+Down';
  if (ctrl && event.key === 'ArrowUp') return 'Ctrl+Up';
  if (isTyping(event)) return undefined;
  if (isCtrl(event, 'Z')) return 'Ctrl+Z';
  const digit = digitOf(event);
  if (digit !== undefined) return String(digit);
  const level =
    event.altKey && !event.ctrlKey ? /^(?:Digit|Numpad)([1-6])$/.exec(event.code)?.[1] : undefined;
  if (level) return `Alt+${level}`;
  if (ctrl || event.altKey || event.metaKey) return undefined;
  const named = { Enter: 'Enter', Escape: 'Esc', ArrowUp: 'Up', ArrowDown: 'Down', F2: 'F2' }[event.key];
  return named ?? letterOf(event);
}

const digitIn = (key: string): number | undefined => (/^[1-9]$/.test(key) ? Number(key) : undefined);

/** What a key does where the page stands; nothing where it means nothing. */
export function press(view: HouseholdView, visiting: Visiting, key: string): Turn | undefined {
  const { draft, place } = visiting;
  if (key === 'Ctrl+Z') return visiting.past.length > 0 ? { visiting: undone(visiting) } : undefined;
  if (key === 'Ctrl+Enter') {
    const can = draft.outcome === 'met' && draft.respondent !== null;
    return can ? { visiting, deed: { do: 'save' } } : undefined;
  }
  if (key === 'Esc') return back(view, visiting);
  if (key === 'F2') return { visiting, deed: { do: 'how' } };
  if (draft.outcome === 'met' && place.stage !== 'outcome') {
    if (key === 'H') return { visiting, deed: { do: 'choose_day' } };
    if (key === 'G') return { visiting, deed: { do: 'guidance' } };
  }
  const turn = ofStage[place.stage](view, visiting, key);
  return turn && 'visiting' in turn ? turn : turn && { visiting: turn };
}

function back(view: HouseholdView, visiting: Visiting): Turn {
  const { stage } = visiting.place;
  if (stage === 'outcome') return { visiting, deed: { do: 'leave' } };
  const before = STAGES[STAGES.indexOf(stage) - 1]!;
  // The question that is not asked here is not stepped back to.
  const to = before === 'guide' && !asksGuide(view) ? 'members' : before;
  return { visiting: enter(view, visiting, to) };
}

type Press = (view: HouseholdView, visiting: Visiting, key: string) => Turn | Visiting | undefined;

/** Arrows in a list that does not run round: an end is an end. */
function walked(visiting: Visiting, key: string, count: number): Visiting | undefined {
  const by = key === 'Down' ? 1 : key === 'Up' ? -1 : 0;
  if (by === 0) return undefined;
  return moved(visiting, { at: Math.min(Math.max(visiting.place.at + by, 0), count - 1) });
}

const ofStage: Record<Stage, Press> = {
  outcome(view, visiting, key) {
    const outcome = FOUR[(digitIn(key) ?? 0) - 1];
    return outcome && chooseOutcome(view, visiting, outcome);
  },

  respondent(view, visiting, key) {
    const all = respondents(view);
    const digit = digitIn(key);
    const chosen = digit ? all[digit - 1] : key === 'Enter' ? all[visiting.place.at] : undefined;
    return chosen ? chooseRespondent(view, visiting, chosen.member) : walked(visiting, key, all.length);
  },

  consent(view, visiting, key) {
    const rows = consentRows(view, visiting.draft);
    const digit = digitIn(key);
    if (digit === WHOLE_HOUSE) return { visiting, deed: { do: 'record', outcome: 'declined' } };
    const row = rows[visiting.place.at];
    const decision = digit ? SAID[digit - 1] : undefined;
    if (row && decision) return say(view, visiting, row.member, decision);
    if (key === 'Enter') return enter(view, visiting, 'members');
    return walked(visiting, key, rows.length);
  },

  members(view, visiting, key) {
    if (key === '1' || key === 'Enter') return sayUnchanged(view, visiting, true);
    return key === '2' ? sayUnchanged(view, visiting, false) : undefined;
  },

  guide(view, visiting, key) {
    const lines = guideLines(view);
    const digit = digitIn(key);
    const chosen = digit ? lines[digit - 1] : key === 'Enter' ? lines[visiting.place.at] : undefined;
    return chosen ? chooseGuide(view, visiting, chosen) : walked(visiting, key, lines.length);
  },

  facts(view, visiting, key) {
    const { draft, place } = visiting;
    const person = place.member ? personOf(view, place.member) : undefined;
    if (!person) return undefined;
    if (key === 'Ctrl+Down' || key === 'Ctrl+Up') {
      const people = peopleInOrder(view, draft);
      const to = people[people.indexOf(person) + (key === 'Ctrl+Down' ? 1 : -1)];
      return to && toPerson(view, visiting, to.member);
    }
    const rows = allRows(view, draft, person);
    const level = /^Alt\+(\d)$/.exec(key)?.[1];
    if (level) return knowByKey(view, visiting, Number(level));
    const at = place.fact ? rows.indexOf(place.fact) : rows.length;
    if (key === 'Up') return moved(visiting, { fact: rows[Math.max(at - 1, 0)] ?? null });
    if (key === 'Down') return moved(visiting, { fact: rows[Math.min(at + 1, rows.length - 1)] ?? null });
    if (!place.fact) return undefined;
    if (key === 'Enter') return onward(view, visiting);
    const row: Row = { member: person.member, fact: place.fact };
    if (key === 'K') {
      const before = previousOf(person, place.fact);
      return before === undefined ? undefined : onward(view, answer(view, visiting, row, before, false));
    }
    const digit = digitIn(key);
    const value = digit ? valuesOf(view, person, place.fact)[digit - 1] : undefined;
    if (value === undefined) return undefined;
    return isMany(place.fact) ? pressMany(view, visiting, row, value) : answer(view, visiting, row, value);
  },
};

/** "How known" is said after the answer, when the cursor has gone on: it is meant for the row just answered. */
function knowByKey(view: HouseholdView, visiting: Visiting, level: number): Visiting | undefined {
  const { draft, place } = visiting;
  const here = place.member && place.fact ? { member: place.member, fact: place.fact } : null;
  const person = here && personOf(view, here.member);
  const answered = person && givenOf(draft, person, here.fact) ? here : place.last;
  if (!answered) return undefined;
  const chosen = levelsOf(view, draft, answered.member, answered.fact)[level - 1];
  return chosen && know(view, visiting, answered, chosen);
}
