/**
 * What every page needs to know while the window is open: where this laptop stands, what waits, whether
 * there is a network, and what was saved last. Pages ask the program through `call`, so that an error is
 * turned into a sentence in one place.
 */
import { getContext, setContext } from 'svelte';
import { Refusal, type AppError, type Client, type CommandName, type Reply, type Request } from '$api/client';
import type { JobProgress, LessonView, SendingView, StartView } from '$api/client';

/** How often a laptop sends and receives by itself; what the pill says of the line is at most so old. */
const TRY_AGAIN_MS = 5 * 60_000;

/** Nobody answered, or the line was too slow: what people call having no network. */
const NO_NETWORK = ['sync.unreachable', 'sync.stalled'];

/** What may finish a lesson of the training hamlet. */
const PRACTICE: CommandName[] = ['keep_draft', 'progress', 'save_visit', 'undo_visit'];

/** `untried`: nothing was asked of the commune yet. `unsent`: it was, and something else than the line is in the way. */
export type Network = 'untried' | 'online' | 'offline' | 'unsent' | 'sending' | 'training';

export class Session {
  /** Nothing yet: the first question is on its way. */
  start = $state<StartView | null>(null);
  sending = $state<SendingView | null>(null);
  /** The part of a sync that is under way. */
  job = $state<JobProgress | null>(null);
  /** "Đã lưu trên máy lúc …" */
  savedAtMs = $state<number | undefined>(undefined);

  /** Of the training hamlet; elsewhere there are none. */
  lessons = $state.raw<LessonView[]>([]);

  /** A new member writes down the four words and waits for the first list: the page of arrival stays. */
  arriving = $state(false);

  readonly #client: Client;
  #practices = 0;
  #counts = 0;
  /** The line came or went while a try was under way: that one may know nothing of it. */
  #turned = false;

  constructor(client: Client) {
    this.#client = client;
  }

  get network(): Network {
    if (this.start?.here?.training) return 'training';
    // Until somebody has answered, what was known of the line still holds.
    if (this.job && this.job.phase !== 'connecting') return 'sending';
    const last = this.sending?.last;
    if (!last) return 'untried';
    if (!last.error) return 'online';
    return NO_NETWORK.includes(last.error.code) ? 'offline' : 'unsent';
  }

  async call<N extends CommandName>(
    name: N,
    request: Request<N>,
    onProgress?: (progress: JobProgress) => void,
  ): Promise<Reply<N>> {
    const reply = await this.#client.call(name, request, onProgress);
    if (PRACTICE.includes(name)) void this.#practised();
    return reply;
  }

  /**
   * Which lessons are done by now. Nothing waits for it, and nothing is in the way where it fails; an answer that a
   * later one overtook is old.
   */
  async #practised(): Promise<void> {
    if (!this.start?.here?.training) return;
    const asked = ++this.#practices;
    const lessons = await this.#client.call('lessons', null).catch(() => undefined);
    if (lessons && asked === this.#practices) this.lessons = lessons;
  }

  /** Asks where this laptop stands; on an open one also what waits. */
  async refresh(): Promise<void> {
    try {
      this.start = await this.call('start', null);
    } catch (thrown) {
      if (this.start) throw thrown;
      // Nothing is known of this laptop yet; a page must say so all the same.
      const trouble = Refusal.from(thrown).error;
      this.start = {
        stage: 'unusable',
        trouble,
        enrolling: false,
        look: { theme: 'system', text_size: 100, language: 'vi' },
        here: null,
        list_offered: false,
        version: '',
      };
    }
    await this.#practised();
    if (this.start.stage === 'open') await this.count();
    else this.#counted(null);
  }

  /** After something was saved: the pill counts it at once, and never says for a moment that all was sent. */
  async saved(at_ms: number): Promise<void> {
    this.savedAtMs = at_ms;
    if (this.sending) this.sending = { ...this.sending, waiting: this.sending.waiting + 1 };
    await this.count();
  }

  /** What waits by now; an answer that something later overtook is old. */
  async count(): Promise<void> {
    const asked = ++this.#counts;
    const sending = await this.call('sending', null);
    if (asked === this.#counts) this.sending = sending;
  }

  /** Known by itself: what was asked before is old. */
  #counted(sending: SendingView | null): void {
    this.#counts += 1;
    this.sending = sending;
  }

  /** Sends and receives once. What went wrong stands in `sending.last.error`; nothing is lost by it. */
  async send(): Promise<AppError | null> {
    if (this.job || this.start?.stage !== 'open' || this.start.here?.training) return null;
    this.job = { phase: 'connecting', done: 0, of: null };
    const counts = this.#counts;
    try {
      const sending = await this.call('send', null, (step) => (this.job = step));
      // What was saved while its answer was on the way is counted once more.
      const saved = this.#counts !== counts;
      this.#counted(sending);
      if (saved) void this.count().catch(() => undefined);
      return sending.last?.error ?? null;
    } catch (thrown) {
      return Refusal.from(thrown).error;
    } finally {
      this.job = null;
      if (this.#turned) void this.send();
      this.#turned = false;
    }
  }

  /** Opens the laptop; what waited overnight is tried at once, and nobody waits for it. */
  async unlock(passphrase: string): Promise<void> {
    await this.call('unlock', { passphrase });
    await this.refresh();
    void this.send();
  }

  /** The page of lists has the one that was offered. */
  listTaken(): void {
    if (this.start) this.start = { ...this.start, list_offered: false };
  }

  async lock(): Promise<void> {
    await this.call('lock', null);
    this.savedAtMs = undefined;
    await this.refresh();
  }

  /**
   * Tries by itself for as long as the window is open, and at once when a cable, a phone or a wireless network comes
   * or goes: what is said of the line is then true again. Returns how to stop.
   */
  keepSending(): () => void {
    const turns = ['online', 'offline'];
    const turned = () => {
      if (this.job) this.#turned = true;
      else void this.send();
    };
    const timer = setInterval(() => void this.send(), TRY_AGAIN_MS);
    for (const turn of turns) window.addEventListener(turn, turned);
    return () => {
      clearInterval(timer);
      for (const turn of turns) window.removeEventListener(turn, turned);
    };
  }
}

const KEY = Symbol('session');

export const provideSession = (session: Session): Session => setContext(KEY, session);
export const useSession = (): Session => getContext<Session>(KEY);
