import { expect, it } from 'vitest';
import type { DoorView, HouseholdView, PersonView, VerdictView } from '$api/client';
import { beforeKnocking } from './before';

const person = (member: string, full_name: string, age: number, adult: boolean): PersonView =>
  ({
    member,
    person: { full_name, sex: 'female', age, age_estimated: false },
    relation: member === 'lan' ? 'head' : 'grandchild',
    residence: member === 'em' ? 'away' : 'present',
    adult,
  }) as PersonView;
const step = (code: string, now: 'no' | 'unknown') => ({ clause: 'c', kind: 'fact', code, now }) as const;
const verdict: VerdictView = {
  state: 'not_met',
  tile: 'not_met',
  recognisable: false,
  person: 'lan',
  clauses: [],
  steps: [],
  to_ask: null,
};

const house = (more: Partial<HouseholdView>): HouseholdView =>
  ({
    people: [person('lan', 'Trần Thị Lan', 66, true), person('em', 'Trần Thị Na', 12, false)],
    verdict,
    last_visit: null,
    declined: false,
    ...more,
  }) as HouseholdView;
const door = { tile: 'one_step', steps: 1 } as DoorView;

const said = (more: Partial<HouseholdView>, key: string) => {
  const found = beforeKnocking(door, house(more), '2026-11-22').find((one) => one.key === key);
  return found && [found.title, ...found.lines];
};

it.each<[string, Partial<HouseholdView>, string, string[] | undefined]>([
  [
    'the missing step',
    { verdict: { ...verdict, steps: [step('uses', 'no')] } },
    'do',
    ['Còn 1 việc là đủ', 'Bà Lan tự làm một việc qua mạng'],
  ],
  [
    'whom to ask, before any step',
    {
      verdict: {
        ...verdict,
        state: 'insufficient',
        steps: [step('uses', 'no')],
        to_ask: { person: 'lan', steps: [step('knows', 'unknown')] },
      },
    },
    'do',
    ['Chưa rõ 1 mục, chỉ cần hỏi', 'Hỏi bà Lan mục “Biết việc làm được qua mạng”'],
  ],
  [
    'how to begin',
    {},
    'do',
    ['Bắt đầu từ một câu hỏi', 'Trong nhà ai hay chỉ cho mọi người dùng điện thoại?'],
  ],
  [
    'the people',
    {},
    'people',
    ['2 người, 1 người lớn', 'Bà Trần Thị Lan (chủ hộ)', '1 người đi làm ăn xa, đi học xa'],
  ],
  ['nobody came yet', {}, 'last', ['Chưa đến lần nào']],
  [
    'the last time',
    { last_visit: { visit: 'v', day: '2026-11-08', outcome: 'met', respondent: 'lan', next_day: null } },
    'last',
    ['Lần trước: Gặp được, 08/11', 'Người trả lời: bà Lan'],
  ],
  [
    'the promise',
    {
      last_visit: {
        visit: 'v',
        day: '2026-11-08',
        outcome: 'postponed',
        respondent: null,
        next_day: '2026-11-22',
      },
    },
    'promise',
    ['Hẹn hôm nay'],
  ],
  ['no promise', {}, 'promise', undefined],
  ['why', {}, 'why', ['Vì sao ghi “Còn 1 bước”?', 'Một người trong nhà chỉ còn thiếu việc ở trên.']],
])('says %s', (_, more, key, lines) => expect(said(more, key)).toEqual(lines));

it('a family that said no is not given a task', () => {
  expect(said({ declined: true, verdict: { ...verdict, steps: [step('uses', 'no')] } }, 'do')![0]).toBe(
    'Không muốn cung cấp',
  );
});

it('a long list of steps is cut and the rest counted', () => {
  const steps = ['knows', 'skill', 'uses', 'guides_family', 'bdhvs'].map((code) => step(code, 'no'));
  expect(said({ verdict: { ...verdict, steps } }, 'do')!.slice(-1)).toEqual(['và 2 việc nữa']);
});
