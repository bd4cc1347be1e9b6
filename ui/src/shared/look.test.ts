// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import type { Look } from '$api/client';
import { inMemory } from '$api/memory';
import { appearance } from './appearance.svelte';
import { LookKeeper, lookNow, putOn } from './look';
import { Session } from './session.svelte';

const chosen: Look = { theme: 'dark', text_size: 130, language: 'en' };

test('what was kept is put on, and a size the screens do not know is the ordinary one', () => {
  putOn(chosen);
  expect([lookNow(), document.documentElement.lang]).toEqual([chosen, 'en']);
  putOn({ ...chosen, text_size: 7, language: 'vi' });
  expect([appearance.textSize, document.documentElement.lang]).toEqual([100, 'vi']);
});

test('only a new choice is handed over, and one that cannot be kept troubles nobody', () => {
  const asked: Look[] = [];
  const session = new Session(
    inMemory({
      keep_look: (look) => {
        asked.push(look);
        throw { code: 'store.disk_full', params: {}, retryable: true };
      },
    }),
  );
  const keeper = new LookKeeper(session, chosen);
  keeper.keep({ ...chosen });
  expect(asked).toEqual([]);
  const other: Look = { ...chosen, text_size: 150 };
  keeper.keep(other);
  keeper.keep({ ...other });
  keeper.keep(chosen);
  expect(asked).toEqual([other, chosen]);
});
