import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '..');
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.svelte'),
);

/** Attributes that people read or hear. */
const SPOKEN = new Set(['aria-label', 'aria-description', 'aria-valuetext', 'title', 'placeholder', 'alt']);

interface Node {
  type: string;
  name?: string;
  data?: string;
  value?: unknown;
}

/** Every node of a component's markup, without what is inside an attribute: that belongs to the attribute. */
function* nodes(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const one of value) yield* nodes(one);
  else if (value && typeof value === 'object') {
    if ('type' in value) yield value as Node;
    if (['Attribute', 'StyleDirective'].includes((value as Node).type)) return;
    for (const one of Object.values(value)) yield* nodes(one);
  }
}

const literal = (value: unknown): string =>
  Array.isArray(value) ? value.map((part: Node) => (part.type === 'Text' ? part.data : '')).join('') : '';

describe.each(files)('%s', (file) => {
  const source = readFileSync(join(SRC, file), 'utf8');
  const markup = [...nodes(parse(source, { modern: true }).fragment)];

  it('takes every word from the catalogue or from its props', () => {
    const texts = markup.filter(({ type }) => type === 'Text').map(({ data }) => data ?? '');
    const attributes = markup.filter(({ type }) => type === 'Attribute');
    const spoken = attributes.filter(({ name }) => SPOKEN.has(name ?? '')).map(({ value }) => literal(value));
    expect([...texts, ...spoken].filter((text) => /\p{L}/u.test(text))).toEqual([]);
  });

  it('has no style attribute, which the content policy would drop', () => {
    expect(markup.filter(({ type, name }) => type === 'Attribute' && name === 'style')).toEqual([]);
  });

  it('uses the colours of tokens.css and none of its own', () => {
    const style = /<style>([\s\S]*)<\/style>/.exec(source)?.[1] ?? '';
    expect(style.match(/#[0-9a-f]{3,8}\b|\b(rgb|hsl)a?\(/gi) ?? []).toEqual([]);
  });
});
