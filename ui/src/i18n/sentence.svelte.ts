/** The sentence of an error. Rust sends a code and numbers; words are found here. */
import type { AppError } from '$api/client';
import { formatNumber } from './format';
import { m } from './index';

type Sentence = (inputs: Record<string, string>) => string;

/**
 * Any message can be an error's, so all of them are needed, and they are most of what the program reads at its
 * start. They come with the pages of an open laptop (see every.ts); an error before that is told as a fault, and in
 * its own words a moment later.
 */
let every = $state.raw<Record<string, Sentence | undefined>>({});

/** From now on each error has its own words. */
export function teach(messages: object): void {
  every = messages as typeof every;
}

export function sentence(error: AppError): string {
  const shown = Object.entries(error.params).map(([name, number]) => [name, formatNumber(number)]);
  const found = every[error.code];
  return found ? found(Object.fromEntries(shown) as Record<string, string>) : m['app.fault']();
}
