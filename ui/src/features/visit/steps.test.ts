// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import type { FactView, HouseholdView, PersonView } from '$api/client';
import { daysAfter, daysOffered, weekendAfter } from '$shared/days';
import { requestOf, type Draft } from './draft';
import { family, household, person, pressed } from './sample';
import {
  answer,
  BEGIN,
  chooseOutcome,
  enter,
  keyOf,
  know,
  OTHERS,
  press,
  pressMany,
  toPerson,
  type Visiting,
} from './steps';

const known = (answer: string): FactView => ({
  answer,
  evidence: 'self_reported',
  day: '2026-10-01',
  lapsed: false,
});
const agreedPeople = (): PersonView[] =>
  family().people.map((one) => ({
    ...one,
    consent: 'agreed',
    facts: {
      smartphone: known('own'),
      vneid: known('level2'),
      payment: known('bank'),
      ...(one.member === 'Thử' ? { guides_family: known('yes') } : {}),
    } as PersonView['facts'],
  }));
/** Met four weeks ago, everything known, everybody agreed. */
const knownFamily = (): HouseholdView =>
  household(agreedPeople(), {
    last_visit: { visit: 'V', day: '2026-10-01', outcome: 'met', respondent: 'Lan', next_day: null },
  });
const stageOf = ({ place }: Visiting) => place.stage;
const cursor = ({ place }: Visiting) => [place.member, place.fact];
const given = (draft: Draft, member: string, fact: 'vneid' | 'payment' | 'skill' | 'smartphone') =>
  draft.answers[member]?.[fact];
/** To the first row of Lan, who answers, agreed alone and shows the others. */
const TO_FACTS = '1 2 1 Enter 1 2';

describe('the budget of keys', () => {
  it('an unchanged household takes at most eight', () => {
    // Outcome, respondent, script read and nobody new to ask, unchanged, the same guide, Save, next door.
    const { visiting, deeds, count } = pressed(knownFamily(), '1 Enter Enter Enter Enter Ctrl+Enter');
    expect(deeds).toEqual([{ do: 'save' }]);
    expect(count + 1).toBeLessThanOrEqual(8);
    expect(requestOf(knownFamily(), visiting.draft)).toMatchObject({
      respondent: 'Lan',
      members_unchanged: true,
      consents: [],
      learned: [{ member: 'Thử', answers: [['guides_family', 'yes', null]] }],
    });
  });

  it('first facts of a known household of four take at most thirty', () => {
    const view = family();
    const keys = [
      '1', // gặp được
      '2', // bà Lan trả lời
      '1 1 1 1', // four deliberate keys, one each
      'Enter', // vẫn 4 người
      '3', // anh Hùng chỉ cho cả nhà
      '1 3 1 Enter 1 1 1 1 2', // his rows
      '1 3 4', // ông Thành: no means of payment
      '4 2', // bà Lan has no phone; Hùng helps her
      '1 3 1', // chị Thử
      'Ctrl+Enter',
    ].join(' ');
    const { visiting, deeds, count } = pressed(view, keys);
    expect(deeds).toEqual([{ do: 'save' }]);
    expect(count).toBeLessThanOrEqual(30);
    const request = requestOf(view, visiting.draft);
    expect(request.learned.map(({ member, answers }) => [member, answers.length])).toEqual([
      ['Hùng', 9],
      ['Thành', 3],
      ['Lan', 2],
      ['Thử', 3],
    ]);
    expect(request.learned[2]!.answers[1]).toEqual(['assisted_by', 'Hùng', null]);
  });

  it('four smartphones and four accounts still stay within thirty', () => {
    const { count, visiting } = pressed(
      family(),
      '1 2 1 1 1 1 Enter 3 1 3 1 Enter 1 1 1 1 2 1 3 1 Enter 1 3 1 Enter 1 3 1 Ctrl+Enter',
    );
    expect(count).toBeLessThanOrEqual(30);
    expect(requestOf(family(), visiting.draft).learned).toHaveLength(4);
  });

  it('declining takes no more than agreeing, at the door and after the script', () => {
    expect(pressed(family(), '4').deeds).toEqual([{ do: 'record', outcome: 'declined' }]);
    expect(pressed(family(), '1 Enter 4').deeds).toEqual([{ do: 'record', outcome: 'declined' }]);
    expect(pressed(family(), '1 Enter 1').visiting.draft.consents).toEqual({ Thành: 'agreed' });
  });

  it('a closed door takes one', () => {
    expect(pressed(family(), '2').deeds).toEqual([{ do: 'record', outcome: 'absent' }]);
    expect(pressed(family(), '3').deeds).toEqual([{ do: 'choose_day' }]);
  });
});

describe('the order of the questions', () => {
  it('goes from the outcome to the facts, and asks nobody who lives alone who shows whom', () => {
    const view = family();
    const seen: string[] = [];
    let visiting = BEGIN;
    for (const key of ['1', 'Enter', '1', 'Enter', 'Enter', '2']) {
      visiting = pressed(view, key, visiting).visiting;
      seen.push(stageOf(visiting));
    }
    expect(seen).toEqual(['respondent', 'consent', 'consent', 'members', 'guide', 'facts']);
    const alone = household([person('Lan', 68)]);
    expect(stageOf(pressed(alone, '1 1 1 1').visiting)).toBe('facts');
    expect(stageOf(pressed(alone, '1 1 1 1 Esc').visiting)).toBe('members');
  });

  it('moves from person to person with each deliberate key, then on', () => {
    const { visiting } = pressed(family(), '1 2 1 2 3');
    expect(visiting.draft.consents).toEqual({ Lan: 'agreed', Thành: 'declined', Hùng: 'later' });
    expect(visiting.place).toMatchObject({ stage: 'consent', at: 3 });
    expect(stageOf(pressed(family(), '1', visiting).visiting)).toBe('members');
  });

  it('does not walk to those who are away, but they can be asked', () => {
    const view = household([person('Lan', 68), person('Xa', 40, { residence: 'away' })]);
    expect(stageOf(pressed(view, '1 1 1').visiting)).toBe('members');
    expect(pressed(view, '1 1 Down 1').visiting.draft.consents).toEqual({ Xa: 'agreed' });
  });

  it('chooses nobody by Enter where nobody was chosen last time', () => {
    const guide = pressed(family(), '1 Enter 1 Enter Enter').visiting;
    expect(guide.place).toMatchObject({ stage: 'guide', at: -1 });
    expect(press(family(), guide, 'Enter')).toBeUndefined();
    expect(pressed(family(), 'Down Enter', guide).visiting.draft.guide).toEqual({ member: 'Thành' });
    expect(pressed(family(), '5', guide).visiting.draft.guide).toBe('nobody');
    expect(pressed(family(), '6', guide).visiting.draft.guide).toBe('unknown');
  });

  it('never agrees for a child whom nobody here may represent', () => {
    const view = household([person('Nhỡ', 17), person('Út', 15)]);
    const { visiting } = pressed(view, '1 1 1 1');
    expect(visiting.draft.consents).toEqual({ Nhỡ: 'agreed' });
    expect(pressed(view, '2', visiting).visiting.draft.consents).toEqual({ Nhỡ: 'agreed', Út: 'declined' });
  });

  it('steps back with Esc without dropping anything, and leaves from the first question', () => {
    const { visiting, deeds } = pressed(family(), `${TO_FACTS} 1 Esc Esc Esc Esc Esc Esc`);
    expect(deeds).toEqual([{ do: 'leave' }]);
    expect(visiting.draft).toMatchObject({ respondent: 'Lan', consents: { Lan: 'agreed' } });
    expect(given(visiting.draft, 'Lan', 'smartphone')).toEqual({ answer: 'own', seen: null });
    expect(pressed(family(), '1 Enter Enter Enter Enter', visiting).visiting.draft.answers).toEqual(
      visiting.draft.answers,
    );
  });

  it('records the rarer outcomes at once', () => {
    for (const outcome of OTHERS) {
      expect(chooseOutcome(family(), BEGIN, outcome).deed).toEqual({ do: 'record', outcome });
    }
  });

  it('saves from anywhere once somebody answers, and not before', () => {
    expect(press(family(), BEGIN, 'Ctrl+Enter')).toBeUndefined();
    expect(press(family(), pressed(family(), '1').visiting, 'Ctrl+Enter')).toBeUndefined();
    expect(pressed(family(), '1 Enter Ctrl+Enter').deeds).toEqual([{ do: 'save' }]);
    expect(pressed(family(), '1 Enter G H').deeds).toEqual([{ do: 'guidance' }, { do: 'choose_day' }]);
  });
});

describe('the rows', () => {
  const view = family();
  const start = pressed(view, TO_FACTS).visiting;

  it('walk by themselves, wait at payment, and end at Save', () => {
    expect(cursor(start)).toEqual(['Lan', 'smartphone']);
    expect(cursor(pressed(view, '1 3', start).visiting)).toEqual(['Lan', 'payment']);
    expect(cursor(pressed(view, '1 3 1', start).visiting)).toEqual(['Lan', 'payment']);
    expect(cursor(pressed(view, '1 3 1 2 Enter', start).visiting)).toEqual(['Lan', 'knows']);
    const end = pressed(view, '1 3 4 1 1 1 1 1', start).visiting;
    // The others did not agree: nothing of theirs is walked to.
    expect(cursor(end)).toEqual(['Lan', null]);
    expect(cursor(pressed(view, 'Up', end).visiting)).toEqual(['Lan', 'guides_family']);
  });

  it('hold several means of payment, none of them beside none', () => {
    const paid = (keys: string) =>
      given(pressed(view, `1 3 ${keys}`, start).visiting.draft, 'Lan', 'payment');
    expect(paid('2 1')?.answer).toBe('bank+ewallet');
    expect(paid('1 1')).toBeUndefined();
    expect(paid('1 4')?.answer).toBe('none');
  });

  it('do not take an answer of somebody who did not agree', () => {
    const locked = toPerson(view, start, 'Hùng');
    expect(pressed(view, '1', locked).visiting.draft).toEqual(locked.draft);
    expect(answer(view, start, { member: 'Hùng', fact: 'vneid' }, 'level2')).toBe(start);
  });

  it('stay where they are under a pointer', () => {
    const stayed = answer(view, start, { member: 'Lan', fact: 'vneid' }, 'level2', false);
    expect(cursor(stayed)).toEqual(['Lan', 'vneid']);
    const paid = pressMany(view, start, { member: 'Lan', fact: 'payment' }, 'none', false);
    expect(cursor(paid)).toEqual(['Lan', 'payment']);
  });

  it('are walked with arrows, and people with Ctrl', () => {
    expect(cursor(pressed(view, 'Down', start).visiting)).toEqual(['Lan', 'vneid']);
    expect(cursor(pressed(view, 'Up', start).visiting)).toEqual(['Lan', 'smartphone']);
    expect(cursor(pressed(view, 'Ctrl+Down', start).visiting)).toEqual(['Thành', 'smartphone']);
    expect(cursor(pressed(view, 'Ctrl+Down Ctrl+Up', start).visiting)).toEqual(['Lan', 'smartphone']);
    expect(press(view, start, 'Ctrl+Up')).toBeUndefined();
  });

  it('ask only who helps, once there is no phone', () => {
    const none = pressed(view, '4', start).visiting;
    expect(cursor(none)).toEqual(['Lan', 'assisted_by']);
    expect(pressed(view, '2', none).visiting.draft.answers.Lan?.assisted_by?.answer).toBe('Hùng');
  });
});

describe('how it is known, by key', () => {
  const view = family();
  const start = pressed(view, TO_FACTS).visiting;

  it('is said after the answer, of the row just answered', () => {
    const seen = pressed(view, '1 3 Alt+2', start).visiting;
    expect(given(seen.draft, 'Lan', 'vneid')).toEqual({ answer: 'level2', seen: 'observed' });
    expect(cursor(seen)).toEqual(['Lan', 'payment']);
    expect(given(pressed(view, 'Alt+1', seen).visiting.draft, 'Lan', 'vneid')?.seen).toBeNull();
  });

  it('is changed in an answered row, kept with a new answer, dropped with unknown', () => {
    const up = pressed(view, '1 3 Up Alt+3', start).visiting;
    expect(given(up.draft, 'Lan', 'vneid')?.seen).toBe('demonstrated');
    expect(given(pressed(view, '4', up).visiting.draft, 'Lan', 'vneid')).toEqual({
      answer: 'level1',
      seen: 'demonstrated',
    });
    expect(given(pressed(view, '6', up).visiting.draft, 'Lan', 'vneid')).toEqual({
      answer: 'unknown',
      seen: null,
    });
  });

  it('has no level that the row does not allow', () => {
    const paid = pressed(view, '1 3 1', start).visiting;
    expect(press(view, paid, 'Alt+2')).toBeUndefined();
    expect(know(view, paid, { member: 'Lan', fact: 'payment' }, 'observed')).toBe(paid);
    expect(press(view, start, 'Alt+2')).toBeUndefined();
  });
});

describe('K and Ctrl+Z', () => {
  it('K repeats the last value and walks on; without one it means nothing', () => {
    const view = knownFamily();
    const start = pressed(view, '1 Enter Enter Enter Enter').visiting;
    expect(cursor(start)).toEqual(['Thử', 'smartphone']);
    const three = pressed(view, 'K K K', start).visiting;
    expect(Object.keys(three.draft.answers.Thử ?? {})).toEqual(['smartphone', 'vneid', 'payment']);
    expect(cursor(three)).toEqual(['Thử', 'knows']);
    expect(press(view, three, 'K')).toBeUndefined();
  });

  it('Ctrl+Z takes back what was said, one by one, and brings the cursor back', () => {
    const view = family();
    const start = pressed(view, TO_FACTS).visiting;
    const on = pressed(view, '1 3 Down Up', start).visiting;
    const once = pressed(view, 'Ctrl+Z', on).visiting;
    expect(cursor(once)).toEqual(['Lan', 'vneid']);
    expect(given(once.draft, 'Lan', 'vneid')).toBeUndefined();
    expect(given(once.draft, 'Lan', 'smartphone')?.answer).toBe('own');
    let all: Visiting = on;
    while (all.past.length > 0) all = pressed(view, 'Ctrl+Z', all).visiting;
    expect(all.draft).toEqual(BEGIN.draft);
    expect(press(view, all, 'Ctrl+Z')).toBeUndefined();
  });

  it('a later word about the guide overrules the row and the earlier word', () => {
    const view = family();
    const start = pressed(view, '1 2 1 1 Enter Enter 2').visiting;
    const row = answer(view, start, { member: 'Lan', fact: 'guides_family' }, 'no');
    const again = pressed(view, '1', enter(view, row, 'guide')).visiting;
    const learned = requestOf(view, again.draft).learned;
    expect(learned).toEqual([{ member: 'Thành', answers: [['guides_family', 'yes', null]] }]);
  });
});

describe('keys of the keyboard', () => {
  const key = (code: string, key: string, more: Partial<KeyboardEvent> = {}) =>
    keyOf({ code, key, target: null, ...more } as KeyboardEvent);

  it('go by their place, also under VNI and Telex', () => {
    expect(key('Digit1', '1')).toBe('1');
    expect(key('Numpad4', '4')).toBe('4');
    expect(key('Digit2', '̀')).toBe('2');
    expect(key('KeyK', 'k')).toBe('K');
    expect(key('Digit2', '2', { altKey: true })).toBe('Alt+2');
    expect(key('Enter', 'Enter', { ctrlKey: true })).toBe('Ctrl+Enter');
    expect(key('KeyZ', 'z', { ctrlKey: true })).toBe('Ctrl+Z');
    expect(key('ArrowDown', 'ArrowDown', { ctrlKey: true })).toBe('Ctrl+Down');
    expect(key('Escape', 'Escape')).toBe('Esc');
  });

  it('mean nothing while an input method composes', () => {
    expect(key('Digit1', 'Process')).toBeUndefined();
    expect(key('Digit1', '1', { isComposing: true })).toBeUndefined();
    expect(key('F5', 'F5')).toBeUndefined();
    expect(key('KeyK', 'k', { ctrlKey: true })).toBeUndefined();
  });
});

describe('days people promise', () => {
  it.each([
    ['2026-11-20', '2026-11-21', '2026-11-21'],
    ['2026-11-21', '2026-11-22', '2026-11-22'],
    ['2026-11-22', '2026-11-23', '2026-11-28'],
    ['2026-12-31', '2027-01-01', '2027-01-02'],
  ])('after %s comes %s, the weekend is %s', (today, next, end) => {
    expect(daysAfter(today, 1)).toBe(next);
    expect(weekendAfter(today)).toBe(end);
  });

  it('are the two weeks to come', () => {
    const days = daysOffered('2026-11-22');
    expect([days[0], days.at(-1), days.length]).toEqual(['2026-11-23', '2026-12-06', 14]);
    expect(daysAfter('2028-02-28', 1)).toBe('2028-02-29');
  });
});
