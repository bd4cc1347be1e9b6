import { expect, it, test } from 'vitest';
import type { AlleyLine, DoorView, Reason } from '$api/client';
import { chipOf, doorTitle, nextAlley, nextDoor, recordedWords } from './doors';

const TODAY = '2026-11-22';
const lan = { full_name: 'Trần Thị Lan', sex: 'female', age: 66, age_estimated: false } as const;

const door = (household: string, reason: Reason, more: Partial<DoorView> = {}): DoorView => ({
  household,
  house_no: '14',
  place_note: '',
  head: lan,
  people: 3,
  tile: 'not_met',
  steps: 2,
  progress: 'met',
  reason,
  last_day: '2026-11-08',
  last_outcome: 'met',
  ...more,
});
const promised = (day: string): Reason => ({ code: 'promised', day });
const never: Reason = { code: 'never_reached' };
const usesStep = (now: 'no' | 'unknown') => ({ clause: 'c3', kind: 'fact', code: 'uses', now }) as const;

test.each<[string, DoorView[], string | undefined, string | undefined]>([
  ['nobody', [], undefined, undefined],
  ['the first open one', [door('a', { code: 'digital' }), door('b', never)], undefined, 'b'],
  ['who waits for us first', [door('a', never), door('b', promised(TODAY))], undefined, 'b'],
  ['an old promise too', [door('a', never), door('b', promised('2026-11-20'))], undefined, 'b'],
  ['not a promise to come', [door('a', promised('2026-11-23')), door('b', never)], undefined, 'b'],
  ['not who was seen today', [door('a', never, { last_day: TODAY }), door('b', never)], undefined, 'b'],
  ['onwards from a door', [door('a', never), door('b', never), door('c', never)], 'b', 'c'],
  ['from the entrance again', [door('a', never), door('b', never)], 'b', 'a'],
  [
    'walking order, not promises, on the way',
    [door('a', promised(TODAY)), door('b', never), door('c', never)],
    'b',
    'c',
  ],
  [
    'where we are, when all is done',
    [door('a', { code: 'digital' }), door('b', { code: 'declined' })],
    'b',
    'b',
  ],
  ['the first, when all is done', [door('a', { code: 'unoccupied' })], undefined, 'a'],
])('the next door is %s', (_, doors, after, expected) =>
  expect(nextDoor(doors, TODAY, after)).toBe(expected),
);

test('the next alley is the next with a door nobody reached, round the end', () => {
  const alley = (key: string, reached: number): AlleyLine => ({
    key,
    name: key,
    doors: 3,
    reached,
    met: 0,
    digital: 0,
  });
  const alleys = [alley('a', 1), alley('b', 3), alley('c', 0)];
  expect(['a', 'c', null].map((key) => nextAlley(alleys, key)?.key)).toEqual(['c', 'a', 'a']);
  expect(nextAlley([alley('a', 0)], 'a')).toBeUndefined();
});

it.each<[DoorView, string, string]>([
  [door('a', promised(TODAY)), 'promise', 'Hẹn hôm nay'],
  [door('a', promised('2026-11-20')), 'promise', 'Đã hẹn 20/11, chưa đến'],
  [door('a', promised('2026-12-01')), 'promise', 'Hẹn lại 01/12'],
  [
    door('a', { code: 'one_step', person: lan, step: usesStep('no') }),
    'step',
    'Còn 1 bước: bà Lan tự làm một việc qua mạng',
  ],
  [
    door('a', { code: 'one_step', person: lan, step: usesStep('unknown') }),
    'unknown',
    'Chỉ còn 1 điều chưa rõ: hỏi bà Lan mục “Đã tự làm việc qua mạng”',
  ],
  [door('a', { code: 'steps_left', steps: 3 }), 'step', 'Còn 3 bước'],
  [door('a', { code: 'information_missing' }), 'unknown', 'Còn thiếu thông tin'],
  [door('a', { code: 'not_met_yet' }, { last_outcome: 'absent' }), 'plain', 'Chưa gặp: Vắng, 08/11'],
  [door('a', { code: 'unoccupied' }, { last_outcome: 'moved_out' }), 'plain', 'Đã chuyển đi'],
  [door('a', { code: 'unoccupied' }, { last_outcome: null }), 'plain', 'Nhà không có người ở'],
  [door('a', never), 'plain', 'Chưa đến lần nào'],
  [door('a', { code: 'declined' }), 'plain', 'Không muốn cung cấp trong đợt này'],
  [door('a', { code: 'digital' }), 'done', 'Đã là Gia đình số'],
])('a reason has its chip (%#)', (one, kind, words) => {
  const chip = chipOf(one, TODAY);
  expect([chip.kind ?? 'plain', [chip.text, chip.detail].filter(Boolean).join(' ')]).toEqual([kind, words]);
});

it('says who is asked for and what was recorded', () => {
  expect(doorTitle(door('a', never))).toBe('Số 14 · bà Trần Thị Lan');
  expect(doorTitle(door('a', never, { head: null }))).toBe('Số 14');
  expect(recordedWords('postponed', '2026-11-24')).toBe('Hẹn lại Thứ Ba 24/11');
  expect(recordedWords('absent', null)).toBe('Vắng');
});
