// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { digitOf, isCtrl, isHeld, isOurs, letterOf, stepOf } from './keys';

function pressed(code: string, init: KeyboardEventInit = {}, where = 'button'): KeyboardEvent {
  const target = document.createElement(where);
  document.body.append(target);
  const event = new KeyboardEvent('keydown', { code, bubbles: true, ...init });
  target.dispatchEvent(event);
  return event;
}

describe('keys', () => {
  it.each<[string, KeyboardEvent, number | undefined]>([
    ['the digit row', pressed('Digit2', { key: '2' }), 2],
    ['the number pad', pressed('Numpad4', { key: '4' }), 4],
    ['VNI, where 1 is the acute accent', pressed('Digit1', { key: '´' }), 1],
    ['an input method that holds the key', pressed('Digit1', { key: 'Process' }), undefined],
    ['composition', pressed('Digit1', { key: '1', isComposing: true }), undefined],
    ['a text field', pressed('Digit1', { key: '1' }, 'input'), undefined],
    ['Alt held', pressed('Digit1', { key: '1', altKey: true }), undefined],
    ['zero, which is no answer', pressed('Digit0', { key: '0' }), undefined],
  ])('digit: %s', (_, event, expected) => expect(digitOf(event)).toBe(expected));

  it.each<[string, KeyboardEvent, string | undefined]>([
    ['alone', pressed('KeyV', { key: 'v' }), 'V'],
    ['Telex, where W is ư', pressed('KeyW', { key: 'ư' }), 'W'],
    ['in a text', pressed('KeyV', { key: 'v' }, 'textarea'), undefined],
    ['with Ctrl', pressed('KeyV', { key: 'v', ctrlKey: true }), undefined],
  ])('letter: %s', (_, event, expected) => expect(letterOf(event)).toBe(expected));

  it('Ctrl+K works inside a text too', () => {
    expect(isCtrl(pressed('KeyK', { key: 'k', ctrlKey: true }, 'input'), 'K')).toBe(true);
    expect(isCtrl(pressed('KeyK', { key: 'k' }), 'K')).toBe(false);
  });

  it.each<[string, string, boolean]>([
    ['the bare page', '<p></p>', true],
    ['a dialog that is shut', '<dialog></dialog>', true],
    ['an open dialog, wherever the focus is', '<dialog open></dialog>', false],
    ['an open menu', '<div role="menu"></div>', false],
  ])('ours over %s', (_, over, ours) => {
    const host = document.createElement('div');
    host.innerHTML = over;
    document.body.append(host);
    expect(isOurs(pressed('Escape', { key: 'Escape' }))).toBe(ours);
    host.remove();
  });

  it('is not ours when somebody else took it or an input method composes', () => {
    const taken = new KeyboardEvent('keydown', { code: 'KeyC', cancelable: true });
    expect(isOurs(taken)).toBe(true);
    taken.preventDefault();
    expect(isOurs(taken)).toBe(false);
    expect(isOurs(pressed('KeyC', { key: 'Process' }))).toBe(false);
  });

  it.each<[string, KeyboardEvent, boolean]>([
    ['pressed once', pressed('KeyV', { key: 'v' }), false],
    ['a letter kept down', pressed('KeyV', { key: 'v', repeat: true }), true],
    ['a digit kept down', pressed('Digit1', { key: '1', repeat: true }), true],
    ['Enter kept down', pressed('Enter', { key: 'Enter', repeat: true }), true],
    ['an arrow walks on', pressed('ArrowDown', { key: 'ArrowDown', repeat: true }), false],
    ['Tab walks on', pressed('Tab', { key: 'Tab', repeat: true }), false],
    ['a letter in a text', pressed('KeyV', { key: 'v', repeat: true }, 'textarea'), false],
    ['an input method', pressed('KeyV', { key: 'Process', repeat: true }), false],
  ])('held: %s', (_, event, held) => expect(isHeld(event)).toBe(held));

  it.each<[string, number, 'across' | 'down', number | undefined]>([
    ['ArrowRight', 2, 'across', 0],
    ['ArrowLeft', 0, 'across', 2],
    ['ArrowDown', 0, 'across', undefined],
    ['ArrowDown', 0, 'down', 1],
    ['End', 0, 'down', 2],
  ])('%s from %d of three, %s', (key, at, axis, expected) => {
    expect(stepOf(pressed(key, { key }), at, 3, axis)).toBe(expected);
  });
});
