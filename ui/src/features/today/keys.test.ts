// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import type { DoorView } from '$api/client';
import { deedOf, type Deed } from './keys';

const doors = ['a', 'b', 'c'].map((household) => ({ household }) as DoorView);

function press(init: KeyboardEventInit, on: string): Deed | undefined {
  const open = on === '#d' ? 'open' : '';
  document.body.innerHTML = `<dialog ${open}><p id="d"></p></dialog><a href="#/"></a><p id="p"></p><input />`;
  let deed: Deed | undefined;
  const target = document.querySelector(on)!;
  target.addEventListener('keydown', (event) => (deed = deedOf(event as KeyboardEvent, doors, 'b')));
  target.dispatchEvent(new KeyboardEvent('keydown', init));
  return deed;
}

it.each<[string, KeyboardEventInit, string, Deed | undefined]>([
  ['down', { key: 'ArrowDown' }, '#p', { does: 'choose', household: 'c' }],
  ['up', { key: 'ArrowUp' }, '#p', { does: 'choose', household: 'a' }],
  ['V, whatever the input method makes of it', { key: 'ư', code: 'KeyV' }, '#p', { does: 'absent' }],
  ['H', { key: 'h', code: 'KeyH' }, '#p', { does: 'postpone' }],
  ['] under Telex', { key: 'ư', code: 'BracketRight' }, '#p', { does: 'walk', by: 1 }],
  ['page up', { key: 'PageUp', code: 'PageUp' }, '#p', { does: 'walk', by: -1 }],
  ['Enter on the page', { key: 'Enter' }, '#p', { does: 'enter' }],
  ['Enter on a link', { key: 'Enter' }, 'a', undefined],
  ['Ctrl Z', { key: 'z', code: 'KeyZ', ctrlKey: true }, '#p', { does: 'undo' }],
  ['Ctrl V', { key: 'v', code: 'KeyV', ctrlKey: true }, '#p', undefined],
  ['V in a text', { key: 'v', code: 'KeyV' }, 'input', undefined],
  ['V while composing', { key: 'Process', code: 'KeyV' }, '#p', undefined],
  ['V in a dialog', { key: 'v', code: 'KeyV' }, '#d', undefined],
  ['another letter', { key: 'x', code: 'KeyX' }, '#p', undefined],
])('%s', (_, init, on, deed) => expect(press(init, on)).toEqual(deed));
