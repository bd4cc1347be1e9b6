/** Invented households for tests. */
import type { Fact, HouseholdView, PersonView } from '$api/client';
import { BEGIN, press, type Deed, type Visiting } from './steps';

export const ALL_ASKED: Fact[] = [
  'smartphone',
  'vneid',
  'payment',
  'knows',
  'skill',
  'uses',
  'safe',
  'bdhvs',
  'guides_family',
];

export function person(name: string, age: number | null, more: Partial<PersonView> = {}): PersonView {
  const years = age ?? 99;
  const asked = years < 14 ? [] : years < 16 ? ALL_ASKED.slice(1, 2) : ALL_ASKED.slice(1, 3);
  return {
    member: name,
    person: { full_name: name, sex: null, age, age_estimated: false },
    relation: 'other',
    residence: 'present',
    may_answer: years >= 16,
    consent_asked: years >= 14,
    represented: years >= 14 && years < 16,
    adult: years >= 18,
    consent: 'not_asked',
    asked: years >= 18 ? ALL_ASKED : asked,
    also_taken: years >= 18 ? ['assisted_by'] : [],
    relative_may_answer: [],
    facts: {} as PersonView['facts'],
    guided: false,
    ...more,
  };
}

export function household(people: PersonView[], more: Partial<HouseholdView> = {}): HouseholdView {
  return {
    household: 'H',
    draft_day: null,
    house_no: '14',
    place_note: '',
    alley: 'Ngõ 1',
    people,
    progress: 'not_reached',
    tile: 'not_reached',
    verdict: {
      state: 'insufficient',
      tile: 'insufficient',
      recognisable: false,
      person: null,
      clauses: [],
      steps: [],
      to_ask: null,
    },
    last_visit: null,
    declined: false,
    basis: 'consent',
    script: { version: '2026-11', paragraphs: [] },
    offered: {
      smartphone: ['own', 'shared', 'keypad', 'none'],
      vneid: ['none', 'not_activated', 'level2', 'level1', 'locked_out'],
      payment: ['none'],
      knows: ['yes', 'no'],
      skill: ['yes', 'no'],
      uses: ['yes', 'no'],
      safe: ['yes', 'no'],
      bdhvs: ['not_started', 'learning', 'completed'],
      guides_family: ['yes', 'no'],
      assisted_by: ['none'],
      digital_signature: ['yes', 'no'],
    },
    never_seen: ['payment'],
    certifiable: ['knows', 'skill', 'uses', 'safe', 'bdhvs'],
    without_phone: ['keypad', 'none'],
    draft: null,
    ...more,
  };
}

/** Four who are known to the register and were never asked. */
export const family = (more: Partial<HouseholdView> = {}): HouseholdView =>
  household(
    [
      person('Thành', 71, { relation: 'head' }),
      person('Lan', 68, { relation: 'spouse' }),
      person('Hùng', 41, { relation: 'child' }),
      person('Thử', 39, { relation: 'child_in_law' }),
    ],
    more,
  );

/** Presses keys one after the other; a key that means nothing is a mistake of the test. */
export function pressed(
  view: HouseholdView,
  keys: string,
  from: Visiting = BEGIN,
): { visiting: Visiting; deeds: Deed[]; count: number } {
  let visiting = from;
  const deeds: Deed[] = [];
  const all = keys.split(' ').filter(Boolean);
  for (const key of all) {
    const turn = press(view, visiting, key);
    if (!turn) throw new Error(`${key} means nothing in ${visiting.place.stage} (${keys})`);
    visiting = turn.visiting;
    if (turn.deed) deeds.push(turn.deed);
  }
  return { visiting, deeds, count: all.length };
}
