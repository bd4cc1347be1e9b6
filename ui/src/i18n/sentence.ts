/** The sentence of an error. Rust sends a code and numbers; words are found here. */
import type { AppError } from '$api/client';
import { formatNumber } from './format';
import { m } from './index';

type Sentence = (parameters: Record<string, string>) => string;

export function sentence(error: AppError): string {
  const found = (m as unknown as Record<string, Sentence | undefined>)[error.code] ?? m['app.fault'];
  const shown = Object.entries(error.params).map(([name, number]) => [name, formatNumber(number)]);
  return (found as Sentence)(Object.fromEntries(shown) as Record<string, string>);
}
