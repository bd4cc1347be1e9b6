/** What the page says: the verdict in lines, a person in a line, the sentence at the end. */
import type {
  HouseholdView,
  MemberId,
  Named,
  Outcome,
  PersonView,
  StepView,
  TileState,
  ToAsk,
  VerdictView,
} from '$api/client';
import { called, calledShortly, capital } from '$i18n/called';
import { formatDay, formatNumber } from '$i18n/format';
import { m } from '$i18n';
import { answerLabel, label } from '$i18n/labels';
import { clauseSteps, clauseWords, stepWords } from '$i18n/steps';
import { lockOf, missingOf, personOf, type Draft, type Lock } from './draft';

export const nameOf = (view: HouseholdView, member: MemberId | null): Named | null =>
  (member && personOf(view, member)?.person) || null;

/** "Bà Trần Thị Lan" */
export const fullName = (person: PersonView): string => capital(called(person.person));
/** "bà Lan" */
export const shortName = (person: PersonView): string => calledShortly(person.person);

/** "68 tuổi", "khoảng 68 tuổi", or nothing where no birth is known. */
export function ageWords({ age, age_estimated }: Named): string {
  if (age === null) return '';
  return m[age_estimated ? 'visit.page.age_estimated' : 'visit.page.age']({ age: formatNumber(age) });
}

/** "Vợ, chồng · 68 tuổi" */
export const personLine = (person: PersonView): string =>
  [label('relation', person.relation), ageWords(person.person)].filter(Boolean).join(' · ');

export type Status = 'complete' | 'missing' | 'not_asked' | 'refused' | 'no_consent' | 'away';

/** What the list of people says of one. */
export function statusOf(
  view: HouseholdView,
  draft: Draft,
  person: PersonView,
): { status: Status; words: string } {
  const lock = lockOf(view, draft, person);
  const missing = missingOf(view, draft, person);
  const away = person.residence === 'away';
  const status: Status =
    lock === 'not_asked' || lock === 'refused'
      ? lock
      : missing === 0
        ? 'complete'
        : away
          ? 'away'
          : lock === 'no_consent'
            ? 'no_consent'
            : 'missing';
  return { status, words: m[`visit.page.status.${status}`]({ count: formatNumber(missing) }) };
}

/** Why the rows of somebody do not take an answer. */
export const lockWords = (lock: Lock, person: PersonView): string =>
  m[`visit.page.lock.${lock}`]({ who: capital(shortName(person)) });

/** The word for a value of a row; a helper is called by name. */
export function valueLabel(view: HouseholdView, fact: string, value: string): string {
  const helper = fact === 'assisted_by' ? personOf(view, value) : undefined;
  return helper ? shortName(helper) : answerLabel(fact, value);
}

/** The shape of a value once chosen. */
export function kindOf(fact: string, value: string): 'yes' | 'no' | 'unknown' {
  if (value === 'unknown') return 'unknown';
  const no = ['no', 'none', 'keypad', 'not_activated', 'locked_out', 'not_started'];
  return no.includes(value) ? 'no' : 'yes';
}

interface Rule {
  state: 'met' | 'not_met' | 'unknown';
  label: string;
  detail: string;
}

export interface VerdictWords {
  state: TileState;
  steps: number;
  sentence: string;
  rules: Rule[];
  /** What to do or to ask next, and whether it is a question. */
  next: { title: string; lines: string[] } | undefined;
}

const RULE = { yes: 'met', no: 'not_met', unknown: 'unknown' } as const;

/** Whom to ask, and about what. */
function asked(view: HouseholdView, { person, steps }: ToAsk): { title: string; lines: string[] } {
  const named = nameOf(view, person);
  const who = named ? calledShortly(named) : m['ui.step_do.somebody']();
  return {
    title: m['visit.page.verdict.ask']({ who }),
    lines: steps.map(({ kind, code }) => label(kind, code)),
  };
}

export function verdictWords(view: HouseholdView, verdict: VerdictView): VerdictWords {
  const person = nameOf(view, verdict.person);
  const count = verdict.steps.length;
  const words = (steps: StepView[], of: Named | null) => steps.map((step) => capital(stepWords(step, of)));
  const ask = verdict.to_ask;
  const next =
    verdict.tile === 'met'
      ? undefined
      : ask
        ? asked(view, ask)
        : count > 0
          ? { title: m['visit.page.verdict.todo'](), lines: words(verdict.steps, person) }
          : undefined;
  const sentence =
    verdict.tile === 'met'
      ? m['visit.page.verdict.met']()
      : verdict.tile === 'insufficient'
        ? m['visit.page.verdict.insufficient']()
        : m['visit.page.verdict.steps']({ count: formatNumber(count) });
  const detail = (clause: string, state: 'yes' | 'no' | 'unknown'): string => {
    if (!person || state === 'unknown') return label('truth', 'unknown');
    if (state === 'yes') return calledShortly(person);
    return clauseSteps(clause, verdict.steps, person);
  };
  return {
    state: verdict.tile,
    steps: count,
    sentence,
    rules: verdict.clauses.map(({ id, citation, state }) => ({
      state: RULE[state],
      label: `${clauseWords(citation)}:`,
      detail: detail(id, state),
    })),
    next,
  };
}

/** The one sentence at the end: said aloud where people were met, else for the team. */
export function lastWords(view: HouseholdView, draft: Draft, outcome: Outcome, verdict: VerdictView): string {
  if (outcome === 'declined') return m['visit.page.done.declined']();
  if (outcome === 'postponed') return m['visit.page.done.postponed']({ day: formatDay(draft.nextDay ?? '') });
  if (outcome !== 'met') return m['visit.page.done.other']();
  const [first] = verdict.steps;
  if (verdict.tile === 'met') return m['visit.page.done.met']();
  if (!first || verdict.tile === 'insufficient') return m['visit.page.done.insufficient']();
  const words = {
    count: formatNumber(verdict.steps.length),
    step: stepWords(first, nameOf(view, verdict.person)),
  };
  return m[verdict.steps.length === 1 ? 'visit.page.done.steps' : 'visit.page.done.steps_first'](words);
}
