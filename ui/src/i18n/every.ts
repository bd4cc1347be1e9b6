/** Brings every message along, for the errors. Whoever imports it carries them all. */
import { m } from './index';
import { teach } from './sentence.svelte';

teach(m);
