/** The entry of the real window. */
import { mount } from 'svelte';
import type { StartView } from '$api/client';
import { desktop } from '$api/desktop';
import '$shared/base.css';
import { putOn } from '$shared/look';
import { Session } from '$shared/session.svelte';
import App from './App.svelte';

/** A program that does not answer must not leave the window bare. */
const WAIT_MS = 500;

/** What the program wrote into the page. Nothing where the page was loaded again over an open register. */
function told(): StartView | null {
  const written = document.querySelector<HTMLMetaElement>('meta[name="start"]')?.content;
  return written?.startsWith('{') ? (JSON.parse(written) as StartView) : null;
}

/** The look first, then the window: nobody is dazzled by a light page on the way to the dark one. */
async function start(): Promise<void> {
  const target = document.getElementById('app');
  if (!target) return;
  const session = new Session(desktop);
  session.start = told();
  if (!session.start) {
    const waited = new Promise((done) => setTimeout(done, WAIT_MS));
    await Promise.race([session.refresh().catch(() => undefined), waited]);
  }
  // The one first page that says an error: it has its own words from the start.
  if (session.start?.trouble) await import('$i18n/every');
  if (session.start) putOn(session.start.look);
  mount(App, { target, props: { session } });
}

// The page is short and comes in one piece; this file must not run before its end all the same.
if (document.readyState === 'loading')
  addEventListener('DOMContentLoaded', () => void start(), { once: true });
else void start();
