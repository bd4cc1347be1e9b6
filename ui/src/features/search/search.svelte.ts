/** Ctrl+K: people by name while somebody types. */
import type { Hit } from '$api/client';
import { called, capital } from '$i18n/called';
import { formatNumber } from '$i18n/format';
import { m } from '$i18n';
import { placeLine } from '$i18n/place';

export class Finder {
  hits = $state<Hit[]>([]);
  /** What is shown does not yet answer what was typed. */
  asking = $state(false);
  #wanted = '';

  readonly #find: (query: string) => Promise<Hit[]>;

  constructor(find: (query: string) => Promise<Hit[]>) {
    this.#find = find;
  }

  /**
   * One question at a time: what is typed while it is under way is asked when it is over, and only the last of
   * it. A slow laptop is asked seldom, a fast one at every letter, without a clock.
   */
  async type(text: string): Promise<void> {
    this.#wanted = text.trim();
    if (this.asking) return;
    this.asking = true;
    try {
      let asked: string | undefined;
      while (asked !== this.#wanted) {
        asked = this.#wanted;
        this.hits = asked ? await this.#find(asked) : [];
      }
    } catch {
      // Locked in the middle of a word, say. The page under the field tells what is the matter.
      this.hits = [];
    } finally {
      this.asking = false;
    }
  }
}

/** A person as a line of the list. */
export function found(hit: Hit): { id: string; title: string; detail: string } {
  const { age, age_estimated } = hit.person;
  const years =
    age === null ? '' : m[age_estimated ? 'search.age_estimated' : 'search.age']({ age: formatNumber(age) });
  return {
    id: hit.member,
    title: capital(called(hit.person)),
    detail: [years, placeLine(hit)].filter(Boolean).join(' · '),
  };
}
