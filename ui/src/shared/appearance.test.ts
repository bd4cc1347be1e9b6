// @vitest-environment happy-dom
import { flushSync } from 'svelte';
import { expect, it } from 'vitest';
import { appearance, roomOf, type TextSize } from './appearance.svelte';

it.each<[number, number, TextSize, string]>([
  [1366, 698, 100, 'low'],
  [1366, 768, 100, ''],
  [1280, 650, 100, 'low'],
  [1093, 558, 100, 'narrow low'],
  [683, 349, 100, 'narrow low stacked flat'],
  [640, 330, 150, 'narrow low stacked flat'],
  [899, 700, 100, 'narrow stacked'],
  [900, 700, 100, 'narrow'],
  [1366, 768, 130, 'narrow low'],
  [1366, 768, 150, 'narrow low stacked'],
])('a window of %d by %d at %d %% text: %s', (width, height, size, expected) => {
  const room = Object.entries(roomOf(width, height, size));
  expect(
    room
      .filter(([, on]) => on)
      .map(([name]) => name)
      .join(' '),
  ).toBe(expected);
});

it('the root element follows the choice, and is left alone after the app is gone', () => {
  const root = document.documentElement;
  const stop = appearance.attach(window);
  appearance.theme = 'dark';
  appearance.textSize = 150;
  flushSync();
  expect([root.dataset.theme, root.dataset.text, root.hasAttribute('data-stacked')]).toEqual([
    'dark',
    '150',
    true,
  ]);
  stop();
  appearance.theme = 'light';
  flushSync();
  expect(root.dataset.theme).toBe('dark');
});
