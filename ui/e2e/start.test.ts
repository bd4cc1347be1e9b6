/** What the window reads before its first page stands. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const dist = new URL('../dist/assets/', import.meta.url);
const messages = JSON.parse(
  readFileSync(new URL('../../assets/messages/vi.json', import.meta.url), 'utf8'),
) as Record<string, string>;

/** Said on the pages of an open laptop only. */
const LATER = /^(visit|today|progress|list|lesson|how)\./;

test('the page has one place for what the program tells it', () => {
  const page = readFileSync(new URL('../index.html', dist), 'utf8');
  expect(page.split('"__START__"')).toHaveLength(2);
});

test('no sentence of a later page is read before the first one stands', () => {
  const page = readFileSync(new URL('../index.html', dist), 'utf8');
  const files = [...page.matchAll(/\/assets\/([\w-]+\.js)"/g)].map(([, file]) => file ?? '');
  const script = files.map((file) => readFileSync(new URL(file, dist), 'utf8')).join('\n');
  const said = (key: string) => script.includes(messages[key] ?? '?');
  expect(said('setup.unlock.lead'), 'the first page is in it').toBe(true);
  const later = Object.keys(messages).filter(
    (key) => LATER.test(key) && (messages[key] ?? '').length > 20 && !/[{}"`\\]/.test(messages[key] ?? ''),
  );
  expect(later.length).toBeGreaterThan(100);
  expect(later.filter(said)).toEqual([]);
});
