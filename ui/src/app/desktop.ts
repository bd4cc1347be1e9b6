/** The entry of the real window. */
import { mount } from 'svelte';
import { desktop } from '$api/desktop';
import '$shared/base.css';
import { putOn } from '$shared/look';
import { Session } from '$shared/session.svelte';
import App from './App.svelte';

/** A program that does not answer must not leave the window bare. */
const WAIT_MS = 500;

/** The look first, then the window: nobody is dazzled by a light page on the way to the dark one. */
async function start(): Promise<void> {
  const target = document.getElementById('app');
  if (!target) return;
  const session = new Session(desktop);
  const waited = new Promise((done) => setTimeout(done, WAIT_MS));
  await Promise.race([session.refresh().catch(() => undefined), waited]);
  if (session.start) putOn(session.start.look);
  mount(App, { target, props: { session } });
}

void start();
