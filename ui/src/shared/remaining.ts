import { m } from '$i18n';
import { formatNumber } from '$i18n/format';

/** How long something will still take, as people say it; unknown is said, never guessed. */
export function remainingText(left_s: number | undefined): string {
  if (left_s === undefined || !Number.isFinite(left_s)) return m['ui.progress.left_unknown']();
  if (left_s < 60) return m['ui.progress.left_seconds']({ seconds: Math.max(1, Math.ceil(left_s)) });
  return m['ui.progress.left_minutes']({ minutes: formatNumber(Math.ceil(left_s / 60)) });
}
