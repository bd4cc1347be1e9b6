/**
 * What is being recorded at a door: the answers, who may be written about, and the request that Save hands
 * over. Pure: the page, its keys and its tests all stand on this. Nothing in it has a default; what was not
 * asked is not there. `crates/app/src/visit.rs` refuses once more whatever this lets through by mistake.
 */
import {
  PAYMENT_MEANS,
  type Answer,
  type Channel,
  type Decision,
  type Evidence,
  type Fact,
  type HouseholdView,
  type MemberId,
  type Outcome,
  type PersonView,
  type Standing,
  type Topic,
  type VisitRequest,
} from '$api/generated/commands';

/** An answer, and how the team saw it where it saw more than it was told. */
export interface Given {
  answer: Answer;
  seen: Evidence | null;
}

/** Who shows the others: one of them, nobody, or not known. */
export type Guide = { member: MemberId } | 'nobody' | 'unknown';

export interface Draft {
  readonly outcome: Outcome | null;
  readonly channel: Channel;
  readonly respondent: MemberId | null;
  readonly consents: Readonly<Record<MemberId, Decision>>;
  /** "Nhà mình vẫn N người này ạ?" */
  readonly unchanged: boolean | null;
  readonly guide: Guide | null;
  readonly answers: Readonly<Record<MemberId, Readonly<Partial<Record<Fact, Given>>>>>;
  readonly topics: readonly Topic[];
  readonly guided: readonly MemberId[];
  readonly nextDay: string | null;
}

export const EMPTY: Draft = {
  outcome: null,
  channel: 'at_home',
  respondent: null,
  consents: {},
  unchanged: null,
  guide: null,
  answers: {},
  topics: [],
  guided: [],
  nextDay: null,
};

export const UNKNOWN = 'unknown';

/** Door §6, step 7: what is asked of everybody before anything more. An order of questions, not a rule. */
const FIRST: readonly Fact[] = ['smartphone', 'vneid', 'payment'];

export const personOf = (view: HouseholdView, member: MemberId): PersonView | undefined =>
  view.people.find((person) => person.member === member);

/** Lives in the house, so can be met there. */
export const isHere = (person: PersonView): boolean =>
  person.residence === 'present' || person.residence === 'temporary' || person.residence === 'unclear';

/** Who may answer for the household, in its own order. */
export const respondents = (view: HouseholdView): PersonView[] =>
  view.people.filter((person) => person.may_answer);

/** Where the question about the respondent begins: who answered last time, else the head. */
export function likelyRespondent(view: HouseholdView): number {
  const all = respondents(view);
  const last = all.findIndex((person) => person.member === view.last_visit?.respondent);
  if (last >= 0) return last;
  return Math.max(
    all.findIndex((person) => person.relation === 'head' && isHere(person)),
    0,
  );
}

/** Who may be the one that shows the others: often a pupil, whom nobody asks for the rest. */
export const guides = (view: HouseholdView): PersonView[] =>
  view.people.filter(
    (person) => isHere(person) && [...person.asked, ...person.also_taken].includes('guides_family'),
  );

/** Who was it last time; -1 where nobody knows. Nothing is chosen beforehand. */
export const likelyGuide = (view: HouseholdView): number =>
  guides(view).findIndex((person) => person.facts.guides_family?.answer === 'yes');

/** In a house of one there is nobody to show anything to. */
export const asksGuide = (view: HouseholdView): boolean =>
  view.people.filter(isHere).length > 1 && guides(view).length > 0;

const byAge = (one: PersonView, other: PersonView): number =>
  (other.person.age ?? -1) - (one.person.age ?? -1);

/** The respondent first, then the others who live here, the oldest first, then who is away. */
export function consentRows(view: HouseholdView, draft: Draft): PersonView[] {
  const rank = (person: PersonView): number =>
    person.member === draft.respondent ? 0 : !isHere(person) ? 3 : person.adult ? 1 : 2;
  return view.people
    .filter((person) => person.consent_asked)
    .sort((one, other) => rank(one) - rank(other) || byAge(one, other));
}

/** Somebody who is grown up answers, so can agree for a child. */
const mayRepresent = (view: HouseholdView, draft: Draft): boolean =>
  !!draft.respondent && !!personOf(view, draft.respondent)?.adult;

/** For this child nobody here can agree: only an adult of the house does. */
export const needsAdult = (view: HouseholdView, draft: Draft, person: PersonView): boolean =>
  person.represented && !(mayRepresent(view, draft) && person.member !== draft.respondent);

/** Where a person stands with being recorded, today's word included. */
export function standingOf(view: HouseholdView, draft: Draft, person: PersonView): Standing {
  const said = draft.consents[person.member];
  if (said === 'agreed') return needsAdult(view, draft, person) ? person.consent : 'agreed';
  return said === 'declined' || said === 'withdrawn' ? 'refused' : person.consent;
}

/** Why nothing is written about a person. */
export type Lock = 'no_respondent' | 'not_asked' | 'refused' | 'no_consent';

export function lockOf(view: HouseholdView, draft: Draft, person: PersonView): Lock | null {
  if (person.asked.length === 0) return 'not_asked';
  if (draft.outcome !== 'met' || !draft.respondent) return 'no_respondent';
  const standing = standingOf(view, draft, person);
  if (standing === 'refused') return 'refused';
  if (standing === 'agreed' || view.basis === 'state_task') return null;
  const relative = view.basis === 'consent_and_proxy' && person.member !== draft.respondent;
  return relative && person.relative_may_answer.length > 0 ? null : 'no_consent';
}

/** This fact of this person may be written down now. */
export function mayRecord(view: HouseholdView, draft: Draft, person: PersonView, fact: Fact): boolean {
  if (lockOf(view, draft, person)) return false;
  if (!person.asked.includes(fact) && !person.also_taken.includes(fact)) return false;
  const relativeOnly = view.basis === 'consent_and_proxy' && standingOf(view, draft, person) === 'not_asked';
  return !relativeOnly || person.relative_may_answer.includes(fact);
}

/** Something beyond the outcome may be written about somebody. */
export const anyRecordable = (view: HouseholdView, draft: Draft): boolean =>
  view.people.some((person) => !lockOf(view, draft, person));

/** What was said today: in the row itself, or by the one question for the whole house. */
export function givenOf(draft: Draft, person: PersonView, fact: Fact): Given | undefined {
  const own = draft.answers[person.member]?.[fact];
  if (own || fact !== 'guides_family' || draft.guide === null || !isHere(person)) return own;
  if (draft.guide === 'nobody') return { answer: 'no', seen: null };
  const named = typeof draft.guide === 'object' && draft.guide.member === person.member;
  return named ? { answer: 'yes', seen: null } : undefined;
}

/** What was said today, else what is known from before. */
export function answerOf(draft: Draft, person: PersonView, fact: Fact): Answer {
  return givenOf(draft, person, fact)?.answer ?? person.facts[fact]?.answer ?? UNKNOWN;
}

/** The last value, where there is one that still counts: what K repeats. */
export function previousOf(person: PersonView, fact: Fact): Answer | undefined {
  const known = person.facts[fact];
  return known && !known.lapsed && known.answer !== UNKNOWN ? known.answer : undefined;
}

/** Who is asked everything: the one who shows the others, else the one who answers. */
export const leadOf = (draft: Draft): MemberId | null =>
  draft.guide && typeof draft.guide === 'object' ? draft.guide.member : draft.respondent;

/** The rows of a person, in the order they are asked. `first` are the ones that the keys walk through. */
export interface Rows {
  first: readonly Fact[];
  more: readonly Fact[];
}

export function rowsOf(view: HouseholdView, draft: Draft, person: PersonView): Rows {
  const phone = answerOf(draft, person, 'smartphone');
  if (person.asked.includes('smartphone') && view.without_phone.some((choice) => choice === phone)) {
    const helped: Fact[] = person.also_taken.includes('assisted_by') ? ['assisted_by'] : [];
    return { first: ['smartphone', ...helped], more: [] };
  }
  const asked = asksGuide(view) ? person.asked : person.asked.filter((fact) => fact !== 'guides_family');
  if (person.member === leadOf(draft)) {
    // A pupil who shows the others is asked what decides Gia đình số (door rules §2: any age).
    const young = person.also_taken.includes('guides_family') && draft.guide !== null;
    const also = young ? person.also_taken.filter((fact) => fact !== 'assisted_by') : [];
    return { first: [...asked, ...also], more: [] };
  }
  return {
    first: asked.filter((fact) => FIRST.includes(fact)),
    more: asked.filter((fact) => !FIRST.includes(fact)),
  };
}

export const allRows = (view: HouseholdView, draft: Draft, person: PersonView): readonly Fact[] => {
  const { first, more } = rowsOf(view, draft, person);
  return [...first, ...more];
};

/** Who is asked, one after the other: the lead, the adults of the house from the oldest, children, who is away. */
export function peopleInOrder(view: HouseholdView, draft: Draft): PersonView[] {
  const lead = leadOf(draft);
  const rank = (person: PersonView): number =>
    person.member === lead ? 0 : !isHere(person) ? 3 : person.adult ? 1 : 2;
  return view.people
    .filter((person) => person.asked.length > 0)
    .sort((one, other) => rank(one) - rank(other) || byAge(one, other));
}

/** The values a row offers, in the order of their digits. Unknown is always the last. */
export function valuesOf(view: HouseholdView, person: PersonView, fact: Fact): string[] {
  const choices: string[] = view.offered[fact] ?? [];
  if (fact === 'payment') return [...PAYMENT_MEANS, ...choices, UNKNOWN];
  if (fact === 'assisted_by') {
    const helpers = respondents(view).filter((one) => one.member !== person.member);
    return [...helpers.map((one) => one.member), ...choices, UNKNOWN];
  }
  return [...choices, UNKNOWN];
}

/** Several values may hold together. */
export const isMany = (fact: Fact): boolean => fact === 'payment';

/** Drives out every other value of its row. */
export const holdsAlone = (value: string): boolean => value === 'none' || value === UNKNOWN;

/** How strongly the answers of a person are known by who says them. */
export const spokenBy = (draft: Draft, member: MemberId): Evidence =>
  draft.respondent === member ? 'self_reported' : 'proxy';

/** The levels that may be chosen in a row, weakest first. */
export function levelsOf(view: HouseholdView, draft: Draft, member: MemberId, fact: Fact): Evidence[] {
  const spoken = spokenBy(draft, member);
  if (view.never_seen.includes(fact)) return [spoken];
  const certified: Evidence[] =
    spoken === 'self_reported' && view.certifiable.includes(fact) ? ['certified'] : [];
  return [spoken, 'observed', 'demonstrated', ...certified];
}

/** How today's answer of a row is known; nothing while nothing was answered. */
export function evidenceOf(
  view: HouseholdView,
  draft: Draft,
  person: PersonView,
  fact: Fact,
): Evidence | undefined {
  const given = givenOf(draft, person, fact);
  if (!given || given.answer === UNKNOWN) return undefined;
  const levels = levelsOf(view, draft, person.member, fact);
  return given.seen && levels.includes(given.seen) ? given.seen : spokenBy(draft, person.member);
}

/** Facts of the first questions that nobody knows yet: what a person still lacks. */
export function missingOf(view: HouseholdView, draft: Draft, person: PersonView): number {
  const first = rowsOf(view, draft, person).first.filter((fact) => FIRST.includes(fact));
  return first.filter((fact) => answerOf(draft, person, fact) === UNKNOWN).length;
}

/** Something would be lost by leaving. */
export const isDirty = (draft: Draft): boolean =>
  Object.keys(draft.consents).length > 0 ||
  Object.keys(draft.answers).length > 0 ||
  draft.guide !== null ||
  draft.unchanged !== null ||
  draft.topics.length > 0 ||
  draft.guided.length > 0 ||
  draft.nextDay !== null;

/** Enough was said for the register to judge it. */
export const canWeigh = (view: HouseholdView, draft: Draft): boolean =>
  draft.outcome === 'met' && draft.respondent !== null && anyRecordable(view, draft);

export const canSave = (draft: Draft): boolean => draft.outcome === 'met' && draft.respondent !== null;

/** What Save hands over. Of a door that stayed closed only the outcome, who said no, and the next day. */
export function requestOf(view: HouseholdView, draft: Draft, outcome = draft.outcome): VisitRequest {
  const said = consentRows(view, draft).flatMap((person): [MemberId, Decision][] => {
    const decision = draft.consents[person.member];
    if (!decision || (decision === 'agreed' && needsAdult(view, draft, person))) return [];
    return [[person.member, decision]];
  });
  const request: VisitRequest = {
    household: view.household,
    outcome: outcome ?? 'met',
    channel: draft.channel,
    respondent: draft.respondent,
    members_unchanged: false,
    consents: said.filter(([, decision]) => decision === 'declined'),
    text_version: view.script.version,
    learned: [],
    topics: [],
    guided: [],
    next_day: outcome === 'met' || outcome === 'postponed' ? draft.nextDay : null,
  };
  if (outcome !== 'met') return request;
  const learned = peopleInOrder(view, draft).map((person) => ({
    member: person.member,
    answers: allRows(view, draft, person).flatMap((fact): [Fact, Answer, Evidence | null][] => {
      const given = givenOf(draft, person, fact);
      if (!given || !mayRecord(view, draft, person, fact)) return [];
      const known = evidenceOf(view, draft, person, fact);
      return [[fact, given.answer, known === spokenBy(draft, person.member) ? null : (known ?? null)]];
    }),
  }));
  const free = (member: MemberId) => {
    const person = personOf(view, member);
    return person !== undefined && !lockOf(view, draft, person);
  };
  return {
    ...request,
    members_unchanged: draft.unchanged === true,
    consents: said,
    learned: learned.filter(({ answers }) => answers.length > 0),
    topics: [...draft.topics],
    guided: draft.guided.filter(free),
  };
}
