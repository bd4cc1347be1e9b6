/** What a person chose for the look of the screen: put on when the window opens, kept when they choose anew. */
import type { Look } from '$api/client';
import { getLocale, useLocale } from '$i18n';
import { appearance, TEXT_SIZES } from './appearance.svelte';
import type { Session } from './session.svelte';

/** The look that is on the screen now. */
export const lookNow = (): Look => ({
  theme: appearance.theme,
  text_size: appearance.textSize,
  language: getLocale(),
});

export function putOn({ theme, text_size, language }: Look): void {
  appearance.theme = theme;
  appearance.textSize = TEXT_SIZES.find((size) => size === text_size) ?? 100;
  useLocale(language);
}

const same = (one: Look, other: Look) =>
  one.theme === other.theme && one.text_size === other.text_size && one.language === other.language;

/** Hands each new choice to the program. Where it cannot be kept it still holds until the window is shut. */
export class LookKeeper {
  readonly #session: Session;
  #kept: Look;

  constructor(session: Session, kept: Look) {
    this.#session = session;
    this.#kept = kept;
  }

  keep(look: Look): void {
    if (same(look, this.#kept)) return;
    this.#kept = look;
    void this.#session.call('keep_look', look).catch(() => undefined);
  }
}
