/** The page of one household while it is open: what was said, the live verdict, Save and taking back. */
import {
  Refusal,
  type AppError,
  type HouseholdView,
  type Outcome,
  type Saved,
  type VerdictView,
} from '$api/client';
import type { Session } from '$shared/session.svelte';
import { canWeigh, isDirty, requestOf, type Draft } from './draft';
import { keptOf, visitingOf, type Kept } from './kept';
import { BEGIN, press, undone, type Deed, type Visiting } from './steps';

export interface Done {
  outcome: Outcome;
  saved: Saved;
  draft: Draft;
}

/** What lies over the page: the day to come back, whether what was written may be dropped, how a step is done. */
export type Asking = { about: 'day' } | { about: 'leave'; outcome?: Outcome } | { about: 'how' };

export class VisitPage {
  view = $state.raw<HouseholdView>();
  visiting = $state.raw<Visiting>(BEGIN);
  verdict = $state.raw<VerdictView>();
  /** Why the household could not be opened. */
  loadTrouble = $state.raw<AppError>();
  /** What the program would refuse of the answers as they stand. */
  weighTrouble = $state.raw<AppError>();
  /** Why the last Save or undo did not happen. */
  saveTrouble = $state.raw<{ error: AppError; outcome?: Outcome }>();
  done = $state.raw<Done>();
  asking = $state.raw<Asking>();
  busy = $state(false);
  /** Pressed with the pointer: nothing on the page moves by itself. */
  byPointer = false;
  /** Asks the view to bring the guidance of today to the front. */
  guidanceAsked = $state(0);
  /** The earlier day on which what stands here was said: saved, it counts as today. */
  spokenOn = $state<string>();

  readonly #session: Session;
  readonly #household: string;
  readonly #away: () => void;
  readonly #kept: Kept;
  #weighing = false;

  constructor(session: Session, household: string, away: () => void) {
    this.#session = session;
    this.#household = household;
    this.#away = away;
    this.#kept = keptOf(session);
  }

  async load(): Promise<void> {
    this.loadTrouble = undefined;
    try {
      await this.#kept.settled();
      const view = await this.#session.call('household', { household: this.#household });
      if (this.visiting === BEGIN) this.visiting = visitingOf(view.draft) ?? BEGIN;
      this.view = view;
      const today = this.#session.start?.here?.today ?? '';
      this.spokenOn = view.draft && view.draft_day && view.draft_day < today ? view.draft_day : undefined;
      this.verdict = view.verdict;
      void this.#weigh();
    } catch (thrown) {
      this.loadTrouble = Refusal.from(thrown).error;
    }
  }

  /** A change by pointer or key, from the pure steps. */
  set(visiting: Visiting): void {
    const said = visiting.draft !== this.visiting.draft;
    this.visiting = visiting;
    if (!said) return;
    this.#keep();
    void this.#weigh();
  }

  #keep(): void {
    this.#kept.keep(this.#household, isDirty(this.visiting.draft) ? this.visiting : null);
  }

  change(step: (view: HouseholdView, visiting: Visiting) => Visiting): void {
    if (this.view) this.set(step(this.view, this.visiting));
  }

  /** Whether the key meant something here. */
  key(name: string): boolean {
    if (!this.view || this.done || this.asking) return false;
    const turn = press(this.view, this.visiting, name);
    if (!turn) return false;
    this.set(turn.visiting);
    if (turn.deed) this.act(turn.deed);
    return true;
  }

  act(deed: Deed): void {
    if (deed.do === 'save') void this.record('met');
    else if (deed.do === 'choose_day') this.asking = { about: 'day' };
    else if (deed.do === 'guidance') this.guidanceAsked += 1;
    else if (deed.do === 'how') this.asking = { about: 'how' };
    else if (deed.do === 'leave') this.leave();
    // At the consent question "không" may be all that was said; it goes along.
    else if (this.#keeps(deed.outcome)) void this.record(deed.outcome);
    else this.asking = { about: 'leave', outcome: deed.outcome };
  }

  #keeps(outcome: Outcome): boolean {
    const { draft } = this.visiting;
    if (outcome !== 'declined') return !isDirty(draft);
    return !isDirty({ ...draft, consents: {} });
  }

  /** Back to Hôm nay; asks once where something would be lost. */
  leave(): void {
    if (isDirty(this.visiting.draft) && !this.done) this.asking = { about: 'leave' };
    else this.goAway();
  }

  goAway(): void {
    this.#kept.keep(this.#household, null);
    this.#away();
  }

  /** The day was chosen: at the door it is the outcome, later an appointment. */
  promise(day: string | null): void {
    this.asking = undefined;
    const postpones = this.visiting.draft.outcome !== 'met';
    const { draft, place, past } = this.visiting;
    this.set({ draft: { ...draft, nextDay: day }, place, past: [...past, { draft, place }] });
    if (postpones && day) void this.record('postponed');
  }

  async record(outcome: Outcome): Promise<void> {
    if (!this.view || this.busy) return;
    const { draft } = this.visiting;
    this.asking = undefined;
    const request = requestOf(this.view, draft, outcome);
    const saved = await this.#only(() => this.#session.call('save_visit', request), outcome);
    if (!saved) return;
    this.#kept.keep(this.#household, null);
    this.done = { outcome, saved, draft };
    await this.#tell(saved.at_ms);
  }

  /** Taken back: the page stands as it stood before Save. */
  async undo(): Promise<void> {
    if (!this.done || this.busy) return;
    const { saved, outcome } = this.done;
    const request = { household: this.#household, visit: saved.visit };
    const back = await this.#only(() => this.#session.call('undo_visit', request));
    if (!back) return;
    // The day belonged to the outcome that was taken back.
    if (outcome === 'postponed') this.visiting = undone(this.visiting);
    this.#keep();
    this.done = undefined;
    await this.#tell(back.at_ms);
    await this.load();
  }

  /** One write at a time; a refusal is kept for the page, with what to try again. */
  async #only<T>(write: () => Promise<T>, outcome?: Outcome): Promise<T | undefined> {
    this.busy = true;
    this.saveTrouble = undefined;
    try {
      return await write();
    } catch (thrown) {
      const { error } = Refusal.from(thrown);
      this.saveTrouble = outcome ? { error, outcome } : { error };
      return undefined;
    } finally {
      this.busy = false;
    }
  }

  /** The pill of the header; what was saved stays saved, whether it can be counted or not. */
  async #tell(at_ms: number): Promise<void> {
    await this.#session.saved(at_ms).catch(() => undefined);
  }

  /**
   * What the answers come to. One question at a time: what is said while it is under way is asked when it is
   * over, and only as it then stands, so that Save never waits behind verdicts nobody looks at any more.
   */
  async #weigh(): Promise<void> {
    if (this.#weighing) return;
    this.#weighing = true;
    try {
      let asked: Visiting['draft'] | undefined;
      while (!this.done && asked !== this.visiting.draft) {
        asked = this.visiting.draft;
        await this.#weighOnce(asked);
      }
    } finally {
      this.#weighing = false;
    }
  }

  async #weighOnce(draft: Visiting['draft']): Promise<void> {
    const { view } = this;
    if (!view) return;
    if (!canWeigh(view, draft)) {
      this.verdict = view.verdict;
      this.weighTrouble = undefined;
      return;
    }
    try {
      this.verdict = (await this.#session.call('weigh_visit', requestOf(view, draft, 'met'))).verdict;
      this.weighTrouble = undefined;
    } catch (thrown) {
      this.weighTrouble = Refusal.from(thrown).error;
    }
  }
}
