/** How far a part of a job has come and how long it will still take, from what it took so far. */
import type { JobProgress } from '$api/client';

/** Before this a guess would jump about. */
const ENOUGH_MS = 2000;

export interface Course {
  done: number;
  /** Nothing while it is not known. */
  total: number | null;
  /** Seconds; nothing while that cannot be known. */
  left_s: number | undefined;
}

export class Pace {
  #phase: JobProgress['phase'] | undefined;
  #begun_ms = 0;
  #begun_at = 0;
  #most = 0;

  course({ phase, done: told, of }: JobProgress, now_ms: number): Course {
    const anew = phase !== this.#phase;
    if (anew) this.#most = 0;
    this.#phase = phase;
    // Sending tells only how much is left: the whole is the most that was ever left.
    this.#most = Math.max(this.#most, of ?? 0);
    const done = phase === 'sending' && of !== null ? this.#most - of + told : told;
    const total = of === null ? null : this.#most;
    if (anew || done < this.#begun_at) {
      this.#begun_ms = now_ms;
      this.#begun_at = done;
    }
    const took_ms = now_ms - this.#begun_ms;
    const moved = done - this.#begun_at;
    const known = total !== null && moved > 0 && took_ms >= ENOUGH_MS;
    return { done, total, left_s: known ? ((total - done) * took_ms) / moved / 1000 : undefined };
  }
}
