/** Which page stands at which address. */
import type { RouteDefinition } from 'svelte-spa-router';
import { wrap } from 'svelte-spa-router/wrap';
import { Progress } from '$features/progress';
import { Roster } from '$features/roster';
import { Sending } from '$features/sending';
import { Today } from '$features/today';
import { Visit } from '$features/visit';
import { paths } from '$shared/paths';

export const routes: RouteDefinition = {
  [paths.today]: Today,
  [paths.visit]: Visit,
  [paths.progress]: Progress,
  [paths.sending]: Sending,
  [paths.list]: Roster,
  // Large and rarely opened: fetched from the bundle when it is.
  [paths.symbols]: wrap({ asyncComponent: () => import('./Gallery.svelte') }),
  '*': Today,
};
