/**
 * What a page may ask for, typed by the generated table. Two versions stand behind it: `desktop.ts` (the
 * real window) and `memory.ts` (tests). Nothing else in the interface calls
 * `invoke` or `fetch`.
 */
import type { AppError, Commands, JobProgress } from './generated/commands';

export type * from './generated/commands';

export type CommandName = keyof Commands;
export type Request<N extends CommandName> = Commands[N]['request'];
export type Reply<N extends CommandName> = Commands[N]['reply'];

export interface Client {
  /** Rejects with a `Refusal`; anything else that goes wrong becomes one. */
  call<N extends CommandName>(
    name: N,
    request: Request<N>,
    onProgress?: (progress: JobProgress) => void,
  ): Promise<Reply<N>>;
}

/** Why a command was refused: a code with a sentence in the catalogue. */
export class Refusal extends Error {
  readonly error: AppError;

  constructor(error: AppError) {
    super(error.code);
    this.name = 'Refusal';
    this.error = error;
  }

  /** Whatever was thrown, as a refusal; what has no code is a fault of the program. */
  static from(thrown: unknown): Refusal {
    if (thrown instanceof Refusal) {
      return thrown;
    }
    return new Refusal(isAppError(thrown) ? thrown : { code: 'app.fault', params: {}, retryable: false });
  }
}

function isAppError(value: unknown): value is AppError {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { code?: unknown }).code === 'string' &&
    typeof (value as { params?: unknown }).params === 'object'
  );
}
