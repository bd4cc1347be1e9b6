/**
 * Keys by their place on the keyboard. Under VNI the digits are tone marks and under Telex the letters are, so
 * `event.key` cannot be trusted; `event.code` can. While an input method composes, no key is ours.
 */
const TEXT_FIELDS = 'textarea, select, [contenteditable], input:not([type=checkbox]):not([type=radio])';

const isComposing = (event: KeyboardEvent) => event.isComposing || event.key === 'Process';

/** The key goes into a text: no single-letter command may take it. */
export function isTyping(event: KeyboardEvent): boolean {
  return isComposing(event) || (event.target instanceof Element && event.target.matches(TEXT_FIELDS));
}

/** What lies over the page and has its own keys while it is open. */
const OVER_THE_PAGE = 'dialog[open], [role=menu]';

/**
 * The page may take the key: nobody else has, no input method is composing, and no dialog or menu lies over it.
 * Every handler on the window asks this first.
 */
export function isOurs(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || isComposing(event)) return false;
  const on = event.target;
  const page = on instanceof Node ? (on.ownerDocument ?? on) : document;
  return !(page as Document).querySelector(OVER_THE_PAGE);
}

/** Keys that lead somewhere or write a text may be held down. */
const MAY_REPEAT = /^(?:Arrow|Page|Home|End|Tab|Backspace|Delete)/;

/**
 * A key held too long says its thing again and again: "Đồng ý" for a whole family, "Vắng" for a whole alley.
 * What a person says, they press for.
 */
export const isHeld = (event: KeyboardEvent): boolean =>
  event.repeat && !MAY_REPEAT.test(event.key) && !isTyping(event);

const isPlain = (event: KeyboardEvent) => !event.ctrlKey && !event.altKey && !event.metaKey;

/** 1 to 9 for the digit keys of either block, pressed alone and outside a text. */
export function digitOf(event: KeyboardEvent): number | undefined {
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  return digit && isPlain(event) && !isTyping(event) ? Number(digit) : undefined;
}

/** "K" for the key with that letter, pressed alone and outside a text. */
export function letterOf(event: KeyboardEvent): string | undefined {
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  return letter && isPlain(event) && !isTyping(event) ? letter : undefined;
}

/** Ctrl (or the Mac's Command) with the letter; these work inside texts too. */
export function isCtrl(event: KeyboardEvent, letter: string): boolean {
  const held = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  return held && event.code === `Key${letter}` && !isComposing(event);
}

/** Where an arrow, Home or End leads in a row or column of `count` things; `undefined` for other keys. */
export function stepOf(
  event: KeyboardEvent,
  at: number,
  count: number,
  axis: 'across' | 'down',
): number | undefined {
  const [back, forth] = axis === 'across' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
  if (!isPlain(event) || isComposing(event) || count === 0) return undefined;
  if (event.key === back) return (at - 1 + count) % count;
  if (event.key === forth) return (at + 1) % count;
  if (event.key === 'Home') return 0;
  if (event.key === 'End') return count - 1;
  return undefined;
}
