import { describe, expect, it } from 'vitest';
import type { Figures, ProgressView } from '$api/client';
import { alley, door } from './sample';
import { caveat, doorWords, familySentences, groupSentence, metSentences, rateWords } from './words';

const figures: Figures = {
  households: 586,
  persons: 2210,
  reached: 500,
  met_in_person: 412,
  complete: 300,
  declined: 4,
  digital_family: { met: 244, not_met: 21, insufficient: 300 },
  rented_rooms: { households: 21, digital_family: { met: 1, not_met: 2, insufficient: 17 } },
  facts: {} as Figures['facts'],
  away: 80,
  counted_by: ['phu-dong-2025 v1', 'door-2026 v2'],
};

describe('a rate', () => {
  it.each([
    [{ yes: 244, no: 94, unknown: 0 }, '244 trên 338 (72,2%)'],
    [{ yes: 244, no: 21, unknown: 73 }, '244 trên 338, tức từ 72,2% đến 93,8% tùy phần chưa rõ'],
    [{ yes: 0, no: 0, unknown: 29 }, '0 trên 29, tức từ 0% đến 100% tùy phần chưa rõ'],
    [{ yes: 0, no: 0, unknown: 0 }, 'chưa có ai để tính'],
  ])('%j reads "%s"', (ways, words) => expect(rateWords(ways)).toBe(words));
});

it('every figure names what it is counted over', () => {
  expect(metSentences(figures)).toEqual([
    'Đã đến: 500 trên 586 (85,3%).',
    'Đủ mục chính: 300 trên 586 (51,2%).',
    'Không muốn cung cấp: 4 hộ, vẫn nằm trong tổng số.',
  ]);
  expect(familySentences(figures)).toEqual([
    'Số đạt: 244 trên 565, tức từ 43,2% đến 96,3% tùy phần chưa rõ.',
    'Phòng trọ, tính riêng 20 phòng đang có người: đạt 1, chưa đạt 2, chưa đủ thông tin 17.',
  ]);
});

it('few households met are said, all of them are not', () => {
  expect(caveat(figures)).toBe('Mới tính trên 412/586 hộ (70,3%), chưa phải số của cả thôn.');
  expect(caveat({ ...figures, met_in_person: 0 })).toContain('Chưa gặp hộ nào trong 586 hộ');
  expect(caveat({ ...figures, met_in_person: 586 })).toBeUndefined();
});

it('a tile is read with its number and its state', () => {
  expect(doorWords(door('14', 'not_met', 1))).toBe('Số 14, còn 1 bước');
  expect(doorWords(door('9', 'not_met', 3))).toBe('Số 9, còn 3 bước');
});

describe('the message for the group', () => {
  const view = (alleys: ProgressView['alleys']): ProgressView => ({
    today: '2026-11-22',
    computed_at_ms: Date.UTC(2026, 10, 22, 12),
    units: [],
    unit: { id: 'u', name: 'thôn Sen Hạ' },
    figures,
    alleys,
  });

  it('has counts with their wholes and nobody by name', () => {
    const named = {
      ...door('1', 'met'),
      head: { full_name: 'Lê Thị Sáu', sex: null, age: 66, age_estimated: false },
    };
    const said = groupSentence(view([alley('Ngõ 4', [named, door('2', 'not_reached')])]));
    expect(said).toBe(
      'Đến 22/11/2026, thôn Sen Hạ có 586 hộ: đã đến 500 nhà, gặp 412 nhà; 244/565 hộ đang ở đạt Gia đình số. ' +
        'Còn 1 nhà nữa là xong Ngõ 4.',
    );
  });

  it('names the alley that is nearest to its end, and none that nobody began', () => {
    const nearly = alley('Ngõ 5', [door('1', 'met'), door('2', 'not_reached'), door('3', 'declined')]);
    const far = alley('Ngõ 4', [door('4', 'met'), door('5', 'not_reached'), door('6', 'not_reached')]);
    const untouched = alley('Ngõ 6', [door('7', 'not_reached')]);
    expect(groupSentence(view([far, untouched, nearly]))).toContain('Còn 1 nhà nữa là xong Ngõ 5.');
    expect(groupSentence(view([untouched]))).not.toContain('Ngõ');
  });
});
