/** The words of *Gửi về xã*: where every save is now, and how the last try went. */
import type { AppError, JobProgress, LastSync, SendingView } from '$api/client';
import { m } from '$i18n';
import { formatMoment, formatNumber } from '$i18n/format';
import { sentence } from '$i18n/sentence.svelte';

/** "Chờ gửi 3, xã đã nhận 4 và chưa phát lại, 1 mục cần xem lại." */
export function whereWords({ waiting, confirmed, to_review }: SendingView): string {
  if (waiting + confirmed + to_review === 0) return m['sending.where.nothing']();
  return m['sending.where']({
    waiting: formatNumber(waiting),
    confirmed: formatNumber(confirmed),
    to_review: formatNumber(to_review),
  });
}

/** How the last try went. What went wrong never sounds like a loss: nothing is lost by it. */
export function lastWords(
  last: LastSync | null,
): { text: string; detail: string; well: boolean } | undefined {
  if (!last) return undefined;
  const when = m['sending.last.at']({ moment: formatMoment(last.at_ms) });
  if (last.error)
    return { text: sentence(last.error), detail: `${when} ${againWords(last.error)}`, well: false };
  if (!last.report) return undefined;
  const { sent, received, to_review, sent_changes, received_changes } = last.report;
  const counts = {
    sent: formatNumber(sent),
    received: formatNumber(received),
    to_review: formatNumber(to_review),
  };
  const text = to_review > 0 ? m['sending.done_review'](counts) : m['sending.done'](counts);
  const changes = m['sending.changes']({
    sent: formatNumber(sent_changes),
    received: formatNumber(received_changes),
  });
  return { text, detail: `${when} ${changes}`, well: true };
}

/** Whether waiting helps, or somebody must do something. */
export const againWords = ({ retryable }: AppError): string =>
  m[retryable ? 'sending.again.itself' : 'sending.again.person']();

/** "Đang gửi về xã" */
export const phaseWords = ({ phase }: JobProgress): string => m[`sending.phase.${phase}`]();
