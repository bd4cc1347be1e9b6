// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { digitOf, isCtrl, letterOf, stepOf } from './keys';

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
