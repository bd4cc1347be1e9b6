import { expect, it } from 'vitest';
import '$i18n/every';
import { lastWords, phaseWords, whereWords } from './sending';

const view = (waiting: number, confirmed: number, to_review: number) => ({
  waiting,
  confirmed,
  to_review,
  last: null,
  training: false,
});
const at_ms = Date.UTC(2026, 10, 22, 13, 15);

it('says where every save is', () => {
  expect(whereWords(view(3, 4, 1))).toBe(
    'Còn 3 lần lưu chờ gửi, 4 lần lưu xã đã nhận và chưa phát lại, 1 mục cần xem lại.',
  );
  expect(whereWords(view(0, 0, 0))).toBe('Không còn gì chờ gửi.');
});

it('says how the last try went', () => {
  const report = { sent: 12, received: 5, to_review: 1, sent_changes: 1240, received_changes: 9 };
  expect(lastWords({ at_ms, report, error: null })).toEqual({
    text: 'Đã gửi về xã 12, nhận về 5, có 1 mục cần xem lại.',
    detail: 'Lần gửi lúc 20:15 22/11. Gồm 1.240 thay đổi đã gửi, 9 thay đổi nhận về.',
    well: true,
  });
  expect(lastWords({ at_ms, report: { ...report, to_review: 0 }, error: null })?.text).toBe(
    'Đã gửi về xã 12, nhận về 5.',
  );
  expect(lastWords(null)).toBeUndefined();
});

it('says what a failed try means, and whether waiting helps', () => {
  const failed = (code: string, retryable: boolean) =>
    lastWords({ at_ms, report: null, error: { code, params: {}, retryable } });
  expect(failed('sync.unreachable', true)).toEqual({
    text: 'Chưa gặp được máy chủ của xã, máy sẽ tự thử lại.',
    detail:
      'Lần gửi lúc 20:15 22/11. Máy tự thử lại mỗi 5 phút và ngay khi có mạng lại, miễn là chương trình đang mở.',
    well: false,
  });
  expect(failed('auth.revoked', false)?.detail).toContain('Gọi cán bộ xã');
});

it('names each part of the job', () => {
  expect(phaseWords({ phase: 'connecting', done: 0, of: null })).toBe('Đang tìm máy chủ của xã');
});
