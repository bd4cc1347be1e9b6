/**
 * The real program behind a page in Chromium: what the window would ask its shell goes to a process that
 * runs the same commands (`crates/app/examples/desk.rs`). No command is answered by a fake, unless a test
 * says so to show a state that is hard to reach (`answers`).
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import type { StartView } from '../src/api/generated/commands';

const PROGRAM = process.env.TUNGNHA_DESK ?? join(import.meta.dirname, '../../target/debug/examples/desk');

/** A laptop of a real commune, open: for pages behind which no server stands. */
export const OPEN: StartView = {
  stage: 'open',
  trouble: null,
  enrolling: false,
  look: { theme: 'system', text_size: 100, language: 'vi' },
  here: {
    commune: 'Xã Đồng Sen',
    role: 'team_member',
    units: [{ id: 'u', name: 'Thôn Sen Hạ' }],
    training: false,
    today: '2026-11-22',
  },
  list_offered: false,
  version: '0.1.0',
};

interface Answered {
  reply?: unknown;
  error?: unknown;
}
type Tell = (step: unknown) => void;

/** What a test answers itself; throw an `AppError` to refuse. */
export type Answers = Record<string, (request: unknown, tell: Tell) => unknown>;

export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), 'tungnha-desk-'));
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #asked = new Map<number, { tell: Tell; done: (answered: Answered) => void }>();
  #next = 0;
  #stopped = false;

  /** `list`: what the file dialog would give back. */
  constructor(list?: string) {
    this.#process = spawn(PROGRAM, [join(this.folder, 'data'), ...(list ? [list] : [])]);
    this.#process.stderr.pipe(process.stderr);
    createInterface(this.#process.stdout).on('line', (line) => {
      // The end may have cut it short.
      if (this.#stopped) return;
      const { id, progress, ...answered } = JSON.parse(line) as { id: number; progress?: unknown } & Answered;
      const asked = this.#asked.get(id);
      if (progress !== undefined) return asked?.tell(progress);
      this.#asked.delete(id);
      asked?.done(answered);
    });
  }

  ask(name: string, request: unknown, tell: Tell = () => {}): Promise<Answered> {
    const id = this.#next++;
    return new Promise((done) => {
      this.#asked.set(id, { tell, done });
      this.#process.stdin.write(`${JSON.stringify({ id, name, request })}\n`);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#process.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Puts the desk behind a page; call it before the page is opened. */
export async function putBehind(page: Page, desk: Desk, answers: Answers = {}): Promise<void> {
  await page.exposeFunction('askDesk', async (name: string, request: unknown, channel: number) => {
    const tell: Tell = (step) =>
      void page.evaluate(([to, told]) => window.tellChannel(to as number, told), [channel, step]);
    const own = answers[name];
    if (!own) return desk.ask(name, request, tell);
    try {
      return { reply: await own(request, tell) };
    } catch (error) {
      return { error };
    }
  });
  await page.addInitScript(shell);
}

declare global {
  interface Window {
    askDesk: (name: string, request: unknown, channel: number) => Promise<Answered>;
    tellChannel: (channel: number, step: unknown) => void;
    __TAURI_INTERNALS__: unknown;
    /** Questions of the page to its program that are not answered yet. */
    unanswered: number;
  }
}

/** Runs in the page: what the window's shell would have put there. */
function shell(): void {
  const callbacks = new Map<number, (message: unknown) => void>();
  const told = new Map<number, number>();
  window.unanswered = 0;
  window.tellChannel = (channel, step) => {
    const index = told.get(channel) ?? 0;
    told.set(channel, index + 1);
    callbacks.get(channel)?.({ index, message: step });
  };
  window.__TAURI_INTERNALS__ = {
    transformCallback(callback: (message: unknown) => void) {
      callbacks.set(callbacks.size + 1, callback);
      return callbacks.size;
    },
    unregisterCallback: (id: number) => void callbacks.delete(id),
    async invoke(_: string, asked: { name: string; request: unknown; progress: { id: number } }) {
      window.unanswered += 1;
      const { reply, error } = await window.askDesk(asked.name, asked.request, asked.progress.id);
      window.unanswered -= 1;
      if (error !== undefined) throw error;
      return reply ?? null;
    },
  };
}
