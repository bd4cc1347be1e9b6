import { describe, expect, it } from 'vitest';
import type { Fact, FactView, HouseholdView, PersonView } from '$api/client';
import {
  allRows,
  anyRecordable,
  canWeigh,
  consentRows,
  EMPTY,
  evidenceOf,
  givenOf,
  guides,
  isDirty,
  leadOf,
  levelsOf,
  likelyGuide,
  likelyRespondent,
  lockOf,
  mayRecord,
  missingOf,
  needsAdult,
  peopleInOrder,
  previousOf,
  requestOf,
  respondents,
  rowsOf,
  standingOf,
  valuesOf,
  type Draft,
} from './draft';
import { ALL_ASKED, family, household, person } from './sample';

const draft = (more: Partial<Draft> = {}): Draft => ({
  ...EMPTY,
  outcome: 'met',
  respondent: 'Lan',
  ...more,
});
const of = (view: HouseholdView, name: string): PersonView => view.people.find((one) => one.member === name)!;
const names = (people: PersonView[]) => people.map((one) => one.member);
const known = (answer: string, more: Partial<FactView> = {}): FactView => ({
  answer,
  evidence: 'self_reported',
  day: '2026-10-01',
  lapsed: false,
  ...more,
});
const facts = (all: Partial<Record<Fact, FactView>>) => ({ facts: all as PersonView['facts'] });
const agreed = { Lan: 'agreed' } as const;

describe('a pupil who shows the others', () => {
  const TAKEN: Fact[] = ['knows', 'skill', 'uses', 'bdhvs', 'guides_family'];
  const view = household([
    person('Lan', 45, { relation: 'head' }),
    person('Út', 17, { also_taken: TAKEN }),
    person('Bé', 9),
  ]);
  const rows = (more: Partial<Draft>) => rowsOf(view, draft(more), of(view, 'Út'));

  it('can be named, and is then asked what decides Gia đình số', () => {
    expect(names(guides(view))).toEqual(['Lan', 'Út']);
    expect(rows({ guide: { member: 'Út' } }).first).toEqual(['vneid', 'payment', ...TAKEN]);
  });

  it('is asked nothing more where somebody else does, or answers the door alone', () => {
    expect(rows({ guide: { member: 'Lan' } }).first).toEqual(['vneid', 'payment']);
    expect(rows({ respondent: 'Út' }).first).toEqual(['vneid', 'payment']);
  });
});

describe('who answers', () => {
  it('leaves out children and begins with who answered last, else the head', () => {
    const view = household([
      person('Bé', 9),
      person('Thử', 39),
      person('Thành', 71, { relation: 'head' }),
      person('Út', 17),
      person('Ai', null),
    ]);
    expect(names(respondents(view))).toEqual(['Thử', 'Thành', 'Út', 'Ai']);
    expect(likelyRespondent(view)).toBe(1);
    const last = { visit: 'V', day: '2026-10-01', outcome: 'met' as const, respondent: 'Út', next_day: null };
    expect(likelyRespondent({ ...view, last_visit: last })).toBe(2);
    expect(likelyRespondent({ ...view, last_visit: { ...last, respondent: 'Bé' } })).toBe(1);
  });

  it('passes over a head who is away', () => {
    const view = household([person('Thử', 39), person('Thành', 71, { relation: 'head', residence: 'away' })]);
    expect(likelyRespondent(view)).toBe(0);
  });
});

describe('the order of people', () => {
  const view = household([
    person('Thành', 71, { relation: 'head' }),
    person('Xa', 45, { residence: 'away' }),
    person('Bé', 9),
    person('Út', 15),
    person('Thử', 39),
    person('Cụ', 92),
  ]);

  it('asks the respondent for consent first, then the oldest, children, who is away', () => {
    expect(names(consentRows(view, draft({ respondent: 'Thử' })))).toEqual([
      'Thử',
      'Cụ',
      'Thành',
      'Út',
      'Xa',
    ]);
  });

  it('asks the one who shows the others first, and nothing of small children', () => {
    expect(names(peopleInOrder(view, draft({ guide: { member: 'Thử' } })))).toEqual([
      'Thử',
      'Cụ',
      'Thành',
      'Út',
      'Xa',
    ]);
    expect(leadOf(draft({ guide: 'nobody' }))).toBe('Lan');
  });

  it('points at the guide of last time only', () => {
    expect(likelyGuide(view)).toBe(-1);
    const told = household([person('A', 40), person('B', 40, facts({ guides_family: known('yes') }))]);
    expect(likelyGuide(told)).toBe(1);
  });
});

describe('consent', () => {
  it('locks everything until somebody agrees, on basis A', () => {
    const view = family();
    expect(lockOf(view, EMPTY, of(view, 'Lan'))).toBe('no_respondent');
    expect(lockOf(view, draft(), of(view, 'Lan'))).toBe('no_consent');
    expect(anyRecordable(view, draft())).toBe(false);
    const said = draft({ consents: agreed });
    expect(lockOf(view, said, of(view, 'Lan'))).toBeNull();
    expect(lockOf(view, said, of(view, 'Hùng'))).toBe('no_consent');
    expect(lockOf(view, draft({ consents: { Lan: 'later' } }), of(view, 'Lan'))).toBe('no_consent');
    expect(lockOf(view, draft({ consents: { Lan: 'declined' } }), of(view, 'Lan'))).toBe('refused');
  });

  it('keeps an earlier yes, an earlier no, and lets today overrule both', () => {
    const yes = person('Lan', 68, { consent: 'agreed' });
    const no = person('Thành', 71, { consent: 'refused' });
    const view = household([yes, no]);
    expect(standingOf(view, draft({ consents: { Lan: 'later' } }), yes)).toBe('agreed');
    expect(standingOf(view, draft({ consents: { Lan: 'declined' } }), yes)).toBe('refused');
    expect(lockOf(view, draft(), no)).toBe('refused');
    expect(lockOf(view, draft({ consents: { Thành: 'agreed' } }), no)).toBeNull();
  });

  it('lets a relative speak for absent adults on basis B, on the named facts only', () => {
    const absent = person('Hùng', 41, { relative_may_answer: ['smartphone', 'vneid', 'payment'] });
    const view = household([person('Lan', 68, { relative_may_answer: ['vneid'] }), absent], {
      basis: 'consent_and_proxy',
    });
    expect(mayRecord(view, draft(), absent, 'vneid')).toBe(true);
    expect(mayRecord(view, draft(), absent, 'skill')).toBe(false);
    // Of herself she speaks only after agreeing.
    expect(mayRecord(view, draft(), of(view, 'Lan'), 'vneid')).toBe(false);
    expect(mayRecord(view, draft({ consents: { Hùng: 'declined' } }), absent, 'vneid')).toBe(false);
    expect(mayRecord(view, draft({ consents: { Hùng: 'agreed' } }), absent, 'skill')).toBe(true);
  });

  it('asks for none on basis C, and respects an objection', () => {
    const view = family({ basis: 'state_task' });
    expect(lockOf(view, draft(), of(view, 'Hùng'))).toBeNull();
    expect(lockOf(view, draft({ consents: { Hùng: 'declined' } }), of(view, 'Hùng'))).toBe('refused');
  });

  it('is given for a child by an adult only', () => {
    const view = household([person('Út', 15), person('Nhỡ', 17), person('Lan', 68)]);
    const child = of(view, 'Út');
    expect(needsAdult(view, draft({ respondent: 'Nhỡ' }), child)).toBe(true);
    expect(needsAdult(view, draft({ respondent: 'Lan' }), child)).toBe(false);
    const said = draft({ respondent: 'Nhỡ', consents: { Út: 'agreed' } });
    expect(standingOf(view, said, child)).toBe('not_asked');
    expect(requestOf(view, said).consents).toEqual([]);
    expect(requestOf(view, { ...said, respondent: 'Lan' }).consents).toEqual([['Út', 'agreed']]);
  });

  it('is not asked of a child of whom nothing is asked', () => {
    const view = household([person('Lan', 68), person('Bé', 9)]);
    expect(lockOf(view, draft({ consents: agreed }), of(view, 'Bé'))).toBe('not_asked');
    expect(names(consentRows(view, draft()))).toEqual(['Lan']);
  });
});

describe('rows', () => {
  it('asks the lead everything, the others three things first', () => {
    const view = family();
    const said = draft({ guide: { member: 'Thử' } });
    expect(rowsOf(view, said, of(view, 'Thử'))).toEqual({ first: ALL_ASKED, more: [] });
    expect(rowsOf(view, said, of(view, 'Lan')).first).toEqual(['smartphone', 'vneid', 'payment']);
    expect(rowsOf(view, said, of(view, 'Lan')).more).toEqual(ALL_ASKED.slice(3));
  });

  it('asks somebody without a phone only who helps', () => {
    const view = family();
    const said = draft({ answers: { Lan: { smartphone: { answer: 'none', seen: null } } } });
    expect(allRows(view, said, of(view, 'Lan'))).toEqual(['smartphone', 'assisted_by']);
    const before = household([person('Lan', 80, facts({ smartphone: known('keypad') }))]);
    expect(allRows(before, draft(), of(before, 'Lan'))).toEqual(['smartphone', 'assisted_by']);
  });

  it('asks by age', () => {
    const view = household([person('Lan', 68), person('Út', 15), person('Nhỡ', 17)]);
    expect(allRows(view, draft(), of(view, 'Út'))).toEqual(['vneid']);
    expect(allRows(view, draft(), of(view, 'Nhỡ'))).toEqual(['vneid', 'payment']);
  });

  it('asks nobody who lives alone whom they show things to', () => {
    const view = household([person('Lan', 68)]);
    expect(allRows(view, draft(), of(view, 'Lan'))).not.toContain('guides_family');
  });

  it('offers every value, unknown last, and helpers by name', () => {
    const view = household([person('Lan', 68), person('Hùng', 41), person('Bé', 9)]);
    expect(valuesOf(view, of(view, 'Lan'), 'payment')).toEqual([
      'bank',
      'ewallet',
      'mobile_money',
      'none',
      'unknown',
    ]);
    expect(valuesOf(view, of(view, 'Lan'), 'assisted_by')).toEqual(['Hùng', 'none', 'unknown']);
  });

  it('takes the one question for the house as the answer of each whom it is about', () => {
    const view = household([person('Lan', 68), person('Hùng', 41), person('Xa', 30, { residence: 'away' })]);
    const given = (more: Partial<Draft>, name: string) =>
      givenOf(draft(more), of(view, name), 'guides_family')?.answer;
    expect(given({ guide: { member: 'Hùng' } }, 'Hùng')).toBe('yes');
    expect(given({ guide: { member: 'Hùng' } }, 'Lan')).toBeUndefined();
    expect(given({ guide: 'nobody' }, 'Lan')).toBe('no');
    expect(given({ guide: 'nobody' }, 'Xa')).toBeUndefined();
    expect(given({ guide: 'unknown' }, 'Lan')).toBeUndefined();
  });
});

describe('how it is known', () => {
  const view = family();

  it('offers the spoken level and only stronger ones', () => {
    expect(levelsOf(view, draft(), 'Lan', 'skill')).toEqual([
      'self_reported',
      'observed',
      'demonstrated',
      'certified',
    ]);
    expect(levelsOf(view, draft(), 'Hùng', 'skill')).toEqual(['proxy', 'observed', 'demonstrated']);
    expect(levelsOf(view, draft(), 'Lan', 'vneid')).toEqual(['self_reported', 'observed', 'demonstrated']);
    expect(levelsOf(view, draft(), 'Lan', 'payment')).toEqual(['self_reported']);
  });

  it('falls back to what was spoken when the respondent changes', () => {
    const answers = { Lan: { skill: { answer: 'yes', seen: 'certified' as const } } };
    expect(evidenceOf(view, draft({ answers }), of(view, 'Lan'), 'skill')).toBe('certified');
    expect(evidenceOf(view, draft({ answers, respondent: 'Hùng' }), of(view, 'Lan'), 'skill')).toBe('proxy');
  });

  it('says nothing of an unknown or a missing answer', () => {
    const answers = { Lan: { skill: { answer: 'unknown', seen: null } } };
    expect(evidenceOf(view, draft({ answers }), of(view, 'Lan'), 'skill')).toBeUndefined();
    expect(evidenceOf(view, draft(), of(view, 'Lan'), 'skill')).toBeUndefined();
  });

  it('repeats only what still counts', () => {
    const one = person(
      'Lan',
      68,
      facts({ vneid: known('level2'), skill: known('unknown', { lapsed: true }), uses: known('unknown') }),
    );
    expect(previousOf(one, 'vneid')).toBe('level2');
    expect(previousOf(one, 'skill')).toBeUndefined();
    expect(previousOf(one, 'uses')).toBeUndefined();
    expect(missingOf(household([one]), draft({ respondent: null }), one)).toBe(2);
  });
});

describe('the request', () => {
  const view = family();
  const full = draft({
    consents: { Lan: 'agreed', Hùng: 'declined', Thử: 'later' },
    unchanged: true,
    guide: { member: 'Lan' },
    answers: {
      Lan: {
        skill: { answer: 'yes', seen: 'demonstrated' },
        payment: { answer: 'bank+ewallet', seen: null },
      },
      Hùng: { vneid: { answer: 'level2', seen: null } },
    },
    topics: ['vneid'],
    guided: ['Lan', 'Hùng'],
    nextDay: '2026-11-25',
  });

  it('hands over what was said, and nothing of who did not agree', () => {
    expect(requestOf(view, full)).toEqual({
      household: 'H',
      outcome: 'met',
      channel: 'at_home',
      respondent: 'Lan',
      members_unchanged: true,
      consents: [
        ['Lan', 'agreed'],
        ['Hùng', 'declined'],
        ['Thử', 'later'],
      ],
      text_version: '2026-11',
      learned: [
        {
          member: 'Lan',
          answers: [
            ['payment', 'bank+ewallet', null],
            ['skill', 'yes', 'demonstrated'],
            ['guides_family', 'yes', null],
          ],
        },
      ],
      topics: ['vneid'],
      guided: ['Lan'],
      next_day: '2026-11-25',
    });
  });

  it('drops the skills of somebody who turns out to have no phone', () => {
    const answers = {
      Lan: { ...full.answers.Lan, smartphone: { answer: 'none', seen: null } },
    };
    expect(requestOf(view, { ...full, answers }).learned[0]!.answers).toEqual([['smartphone', 'none', null]]);
  });

  it('says through a closed door only the outcome, who declined, and a promised day', () => {
    expect(requestOf(view, full, 'declined')).toMatchObject({
      outcome: 'declined',
      members_unchanged: false,
      consents: [['Hùng', 'declined']],
      learned: [],
      topics: [],
      guided: [],
      next_day: null,
    });
    expect(requestOf(view, full, 'postponed').next_day).toBe('2026-11-25');
    expect(requestOf(view, EMPTY, 'absent')).toMatchObject({ respondent: null, consents: [] });
  });

  it('is weighed only when it can say something', () => {
    expect(canWeigh(view, draft())).toBe(false);
    expect(canWeigh(view, full)).toBe(true);
    expect(isDirty(EMPTY)).toBe(false);
    expect(isDirty(draft())).toBe(false);
    expect(isDirty(full)).toBe(true);
  });
});
