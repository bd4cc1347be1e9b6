import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8');

/** The colours a block of tokens.css declares, by name. */
function block(selector: string): Map<string, string> {
  const start = css.indexOf(`${selector} {`);
  expect(start, `${selector} stands in tokens.css`).toBeGreaterThanOrEqual(0);
  const body = css.slice(start, css.indexOf('}', start));
  return new Map([...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, hex]) => [name!, hex!]));
}

/** WCAG 2 relative luminance. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

const light = block(':root');
const themes: [string, Map<string, string>][] = [
  ['light', light],
  ['dark', new Map([...light, ...block(":root[data-theme='dark']")])],
];

const TEXT = 7;
const CONTROL = 3;

/** Every text on every ground it is used on, and every edge a state or a control is recognised by. */
const pairs: [string, string, number][] = [
  ...['bg', 'surface', 'sunk', 'sen-tint', 'ok-tint', 'warn-tint', 'unk-tint', 'err-tint'].map(
    (ground): [string, string, number] => ['ink', ground, TEXT],
  ),
  ['ink-2', 'bg', TEXT],
  ['ink-2', 'surface', TEXT],
  ['ink-2', 'sunk', TEXT],
  ['sen', 'surface', TEXT],
  ['sen', 'bg', TEXT],
  ['sen', 'sen-tint', TEXT],
  ['on-sen', 'sen', TEXT],
  ['on-ok', 'ok-fill', TEXT],
  ['ok-ink', 'ok-tint', TEXT],
  ['ok-ink', 'surface', TEXT],
  ['warn-ink', 'warn-tint', TEXT],
  ['warn-ink', 'surface', TEXT],
  ['step-ink', 'step-fill', TEXT],
  ['unk-ink', 'unk-tint', TEXT],
  ['unk-ink', 'surface', TEXT],
  ['err-ink', 'err-tint', TEXT],
  ['err-ink', 'surface', TEXT],
  ['surface', 'ink', TEXT],
  ...['edge', 'warn-edge', 'unk-edge', 'ok-fill', 'err-ink', 'sen'].flatMap((edge) =>
    ['surface', 'bg'].map((ground): [string, string, number] => [edge, ground, CONTROL]),
  ),
  ['edge', 'sunk', CONTROL],
  ['warn-edge', 'warn-tint', CONTROL],
  ['unk-edge', 'unk-tint', CONTROL],
];

describe.each(themes)('contrast, %s', (_, tokens) => {
  it.each(pairs)('%s on %s is at least %d:1', (front, ground, least) => {
    const [one, other] = [tokens.get(front), tokens.get(ground)];
    expect(one && other, `${front} and ${ground} are tokens`).toBeTruthy();
    expect(contrast(one!, other!)).toBeGreaterThanOrEqual(least);
  });
});

describe('themes', () => {
  it('"theo máy" shows exactly the dark theme', () => {
    expect([...block(":root[data-theme='system']")]).toEqual([...block(":root[data-theme='dark']")]);
  });

  it('the dark theme repeats every colour but the two of "one step left", which are the same', () => {
    const missing = [...light.keys()].filter((name) => !block(":root[data-theme='dark']").has(name));
    expect(missing).toEqual(['step-ink', 'step-fill']);
  });
});
