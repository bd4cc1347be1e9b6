import { expect, it } from 'vitest';
import type { LessonCode, LessonView } from '$api/client';
import { lessonLine, lessonWords } from './lessons';

const ORDER: LessonCode[] = ['opened', 'met', 'absent', 'taken_back', 'figures'];
const lessons = (...done: LessonCode[]): LessonView[] =>
  ORDER.map((lesson) => ({ lesson, done: done.includes(lesson) }));

it('proposes the first that is not done, and says when all are', () => {
  expect(lessonLine([])).toContain('Không có gì được gửi về xã');
  expect(lessonLine(lessons())).toBe(`Bài 1/5. ${lessonWords({ lesson: 'opened', done: false })}`);
  expect(lessonLine(lessons('opened', 'absent'))).toMatch(/^Bài 2\/5\. Ghi một lượt gặp được/);
  expect(lessonLine(lessons(...ORDER))).toMatch(/^Đã xong cả 5 bài\./);
});
