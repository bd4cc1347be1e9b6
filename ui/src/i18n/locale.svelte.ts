import { overwriteGetLocale, type Locale } from './generated/runtime.js';

/** The messages read it each time they are said, so a change redraws every sentence on the screen. */
let locale = $state<Locale>('vi');
overwriteGetLocale(() => locale);

/** Changes the language of the screens. */
export function useLocale(chosen: Locale): void {
  locale = chosen;
  if (typeof document !== 'undefined') document.documentElement.lang = chosen;
}
