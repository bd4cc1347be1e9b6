/** The entry of the real window. */
import { mount } from 'svelte';
import { desktop } from '$api/desktop';
import '$shared/base.css';
import { Session } from '$shared/session.svelte';
import App from './App.svelte';

const target = document.getElementById('app');
if (target) mount(App, { target, props: { session: new Session(desktop) } });
