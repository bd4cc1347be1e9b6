/**
 * What was said at a door and not saved yet. The program keeps it in its memory, so that a crash of the window, a
 * reload, a lock or a look at another page loses nothing; it is forgotten when it is saved or dropped. One change
 * is handed over at a time and only as it then stands: a later word never arrives before an earlier one.
 */
import type { HouseholdId } from '$api/client';
import type { Session } from '$shared/session.svelte';
import type { Visiting } from './steps';

/** Steps that can still be taken back after a reload. */
const PAST = 20;

const written = ({ draft, place, past }: Visiting): string =>
  JSON.stringify({ draft, place, past: past.slice(-PAST) });

/** What was kept, or nothing where it cannot be read: then the visit begins anew. */
export function visitingOf(text: string | null): Visiting | undefined {
  if (text === null) return undefined;
  try {
    const { draft, place, past } = JSON.parse(text) as Partial<Visiting>;
    return draft && place && Array.isArray(past) ? { draft, place, past } : undefined;
  } catch {
    return undefined;
  }
}

export class Kept {
  readonly #session: Session;
  readonly #waiting = new Map<HouseholdId, string | null>();
  #handing: Promise<void> | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Nothing: it was saved or dropped. */
  keep(household: HouseholdId, visiting: Visiting | null): void {
    this.#waiting.set(household, visiting && written(visiting));
    this.#handing ??= this.#hand().finally(() => (this.#handing = undefined));
  }

  /** All that was said so far has been handed over. */
  async settled(): Promise<void> {
    await this.#handing;
  }

  async #hand(): Promise<void> {
    for (let next = this.#next(); next; next = this.#next()) {
      const [household, draft] = next;
      this.#waiting.delete(household);
      // Where the program cannot keep it the page still has it.
      await this.#session.call('keep_draft', { household, draft }).catch(() => undefined);
    }
  }

  #next(): [HouseholdId, string | null] | undefined {
    return this.#waiting.entries().next().value;
  }
}

const ofSessions = new WeakMap<Session, Kept>();

/** One for a window, whatever page is open. */
export function keptOf(session: Session): Kept {
  const kept = ofSessions.get(session) ?? new Kept(session);
  ofSessions.set(session, kept);
  return kept;
}
