/** The lessons of the training hamlet in words: which comes next, and when all are done. */
import type { LessonCode, LessonView } from '$api/client';
import { m } from '$i18n';
import { formatNumber } from '$i18n/format';

const WORDS: Record<LessonCode, () => string> = {
  opened: m['lesson.opened'],
  met: m['lesson.met'],
  absent: m['lesson.absent'],
  taken_back: m['lesson.taken_back'],
  figures: m['lesson.figures'],
};

export const lessonWords = ({ lesson }: LessonView): string => WORDS[lesson]();

/** The line of the frame: the first lesson that is not done, or the finish. */
export function lessonLine(lessons: readonly LessonView[]): string {
  const of = formatNumber(lessons.length);
  const at = lessons.findIndex(({ done }) => !done);
  const next = lessons[at];
  if (lessons.length === 0) return m['ui.training.nothing_leaves']();
  return next
    ? m['lesson.now']({ at: formatNumber(at + 1), of, text: lessonWords(next) })
    : m['lesson.finished']({ of });
}
