/** The only door to words: every sentence of the screens comes from assets/messages through here. */
export { m } from './generated/messages.js';
export { getLocale, locales, type Locale } from './generated/runtime.js';
export { useLocale } from './locale.svelte';
