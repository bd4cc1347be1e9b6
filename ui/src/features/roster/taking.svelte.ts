/** The way of a list from the file into the register: four steps, and nothing is written before the last. */
import {
  Refusal,
  type AppError,
  type JobProgress,
  type ListPage,
  type LookRequest,
  type SampleSaved,
  type TakenIn,
} from '$api/client';
import type { Session } from '$shared/session.svelte';
import { remapped, repaired } from './mapping';

export const STEPS = ['choose', 'columns', 'rows', 'confirm'] as const;

export class Taking {
  /** From 0; as many as there are steps when all is done. */
  step = $state(0);
  page = $state.raw<ListPage | null>(null);
  error = $state.raw<AppError>();
  reading = $state(false);
  job = $state.raw<JobProgress>();
  taken = $state.raw<TakenIn>();
  saving = $state(false);
  /** The list to fill in, where it was just saved. */
  sample = $state.raw<SampleSaved>();

  readonly #session: Session;
  #looks = Promise.resolve();

  constructor(session: Session) {
    this.#session = session;
  }

  /** The list the program was started with, or the one that was being looked at before. */
  look = (): Promise<void> => this.#read(() => this.#session.call('look_at_list', {}));

  choose = (): Promise<void> => this.#read(() => this.#session.call('choose_list', null));

  /** Saves a list to fill in where the person says; a dialog that is closed changes nothing. */
  saveSample = async (): Promise<void> => {
    if (this.saving || this.reading || this.job) return;
    this.saving = true;
    this.error = undefined;
    this.sample = undefined;
    try {
      this.sample = (await this.#session.call('save_sample', null)) ?? undefined;
    } catch (thrown) {
      this.error = Refusal.from(thrown).error;
    } finally {
      this.saving = false;
    }
  };

  async #read(ask: () => Promise<ListPage | null>): Promise<void> {
    if (this.reading || this.job) return;
    this.reading = true;
    this.error = undefined;
    try {
      const page = await ask();
      // The dialog was closed without a file: what stood before still stands.
      if (!page) return;
      this.page = page;
      this.taken = undefined;
      this.step = 1;
    } catch (thrown) {
      this.error = Refusal.from(thrown).error;
      this.page = null;
      this.step = 0;
    } finally {
      this.reading = false;
    }
  }

  /** A column is read as something else; nothing: it is not read. */
  remap = (column: string, role: string | undefined): Promise<void> =>
    this.#again((page) => ({ mapping: remapped(page, column, role) }));

  /** Another text in place of what stands in a cell. */
  repair = (cell: { sheet: string; row: number; column: string }, text: string): Promise<void> =>
    this.#again((page) => ({
      repairs: repaired(page.repairs, { sheet: cell.sheet, row: cell.row, column: cell.column, text }),
    }));

  /** Looks at the same list again, one change after the other, on the same step. */
  #again(change: (page: ListPage) => LookRequest): Promise<void> {
    this.#looks = this.#looks.then(async () => {
      if (!this.page || this.job) return;
      this.error = undefined;
      try {
        this.page = (await this.#session.call('look_at_list', change(this.page))) ?? this.page;
      } catch (thrown) {
        // What stood before still stands.
        this.error = Refusal.from(thrown).error;
      }
    });
    return this.#looks;
  }

  next(): void {
    if (this.page && this.step < 3) this.step += 1;
  }

  back(): void {
    if (this.step > 0 && this.step < STEPS.length && !this.job) this.step -= 1;
  }

  async take(handed_over_by: string, basis: string): Promise<void> {
    if (this.job) return;
    this.job = { phase: 'writing', done: 0, of: null };
    this.error = undefined;
    try {
      const form = { handed_over_by: handed_over_by.trim(), basis: basis.trim() };
      this.taken = await this.#session.call('take_list_in', form, (step) => (this.job = step));
      this.step = STEPS.length;
      // The pill may be a moment late; the list is in all the same.
      await this.#session.saved(this.taken.at_ms).catch(() => undefined);
    } catch (thrown) {
      this.error = Refusal.from(thrown).error;
    } finally {
      this.job = undefined;
    }
  }
}
