/**
 * Serves the built app under the content policy of the real window and drives it in Chromium. A page that asks
 * anything of another origin, breaks the policy or throws fails its test.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { chromium, type Page } from 'playwright-core';
import { expect, type TestContext } from 'vitest';
import { Desk, putBehind, type Answers } from './desk';

const DIST = join(import.meta.dirname, '../dist');
const PICTURES = join(import.meta.dirname, '../../target/gallery');

/** The policy of the real window, from where the window takes it. */
const WINDOW = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../src-tauri/tauri.conf.json'), 'utf8'),
) as { app: { security: { csp: Record<string, string> } } };
export const CONTENT_POLICY = Object.entries(WINDOW.app.security.csp)
  .map(([what, from]) => `${what} ${from}`)
  .join('; ');

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
};

async function serve(): Promise<{ origin: string; stop: () => void }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://app').pathname;
    const file = join(DIST, normalize(path === '/' ? '/index.html' : path));
    if (!file.startsWith(DIST) || !existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': CONTENT_POLICY,
    });
    response.end(readFileSync(file));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

export interface Size {
  width: number;
  height: number;
}

export interface App {
  /** A fresh window at an address of the app ("/ky-hieu"), its fonts loaded, over a desk of its own. */
  open: (path: string, size?: Size, behind?: { desk?: Desk; answers?: Answers }) => Promise<Page>;
  /** What pages did that they must not; empties itself. */
  offences: () => string[];
  stop: () => Promise<void>;
}

/**
 * The end of a test: its window and its program go, and no page of it did what it must not. Of one that failed the
 * page is told as it then stood; the people on it are invented.
 */
export async function leave(app: App, page: Page, desk: Desk, { task }: TestContext): Promise<void> {
  try {
    if (task.result?.state === 'fail') {
      // The page may be what failed.
      const tree = await page.locator('body').ariaSnapshot().catch(String);
      process.stderr.write(`${task.name}: ${page.url()}\n${tree}\n`);
    }
    await page.context().close();
  } finally {
    desk.stop();
  }
  expect(app.offences()).toEqual([]);
}

export async function startApp(): Promise<App> {
  const { origin, stop } = await serve();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
  let found: string[] = [];
  return {
    async open(path, size = { width: 1366, height: 698 }, behind = {}) {
      const context = await browser.newContext({ viewport: size, locale: 'vi-VN', reducedMotion: 'reduce' });
      const page = await context.newPage();
      const desk = behind.desk ?? new Desk();
      if (!behind.desk) page.on('close', () => desk.stop());
      await putBehind(page, desk, behind.answers);
      page.on('request', (request) => {
        const url = request.url();
        if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) found.push(`asked ${url}`);
      });
      page.on('requestfailed', (request) => found.push(`failed ${request.url()}`));
      page.on('response', (response) => {
        if (response.status() >= 400) found.push(`${response.status()} ${response.url()}`);
      });
      page.on('pageerror', (error) => found.push(`threw ${error.message}`));
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) found.push(`said ${message.text()}`);
      });
      await page.goto(`${origin}/#${path}`);
      await page.waitForSelector('h1, h2');
      await page.evaluate(() => document.fonts.ready.then(() => undefined));
      return page;
    },
    offences() {
      const all = found;
      found = [];
      return all;
    },
    async stop() {
      await browser.close();
      stop();
    },
  };
}

/** What axe finds serious or critical, one line each. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const results = await page.evaluate(() =>
    (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run(),
  );
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary}`),
    );
}

/** What differs from day to day: dates, hours, ages and what one calls people by them, ids. */
const VARIES: [RegExp, string][] = [
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>'],
  [/(Thứ (Hai|Ba|Tư|Năm|Sáu|Bảy)|Chủ Nhật|T[2-7]|CN)(?= ?\d|$)/gim, '<weekday>'],
  [/\d{2}\/\d{2}(\/\d{4})?/g, '<day>'],
  [/\d{1,2}:\d{2}(?!\d)/g, '<hour>'],
  [/(khoảng )?\d+ tuổi/g, '<age>'],
  [/(?<!\p{L})(cụ|ông|bà|anh|chị|em) (?=\p{Lu})/giu, '<called> '],
  [/còn \d+ giây/g, 'còn <seconds>'],
];

/**
 * Waits until all that the page asked of its program is answered and drawn; also what an answer asks next. `held`:
 * questions that the test does not answer.
 */
export async function settled(page: Page, held = 0): Promise<void> {
  await page.evaluate(async (held) => {
    const frame = () => new Promise(requestAnimationFrame);
    for (let quiet = 0; quiet < 2; await frame()) quiet = window.unanswered === held ? quiet + 1 : 0;
  }, held);
}

/**
 * What a screen reader finds on the settled page, compared with `snapshots/NAME.aria.yml`. A tree that is missing
 * or differs fails; one that was looked at and found right is written with `-u`.
 */
export async function expectTree(page: Page, name: string, held = 0): Promise<void> {
  await settled(page, held);
  const tree = await page.locator('body').ariaSnapshot();
  const steady = VARIES.reduce((text, [what, mask]) => text.replace(what, mask), tree);
  await expect(`${steady}\n`).toMatchFileSnapshot(join(import.meta.dirname, `snapshots/${name}.aria.yml`));
}

/** Keeps a picture under target/gallery. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

/** Pictures of everything a scrolling column holds, one window height after the other. */
export async function scrollPictures(page: Page, name: string): Promise<void> {
  const column = page.locator('main');
  const [inner, whole] = await column.evaluate((main) => [main.clientHeight, main.scrollHeight] as const);
  for (let part = 0, top = 0; top < whole; part += 1, top += inner - 40) {
    await column.evaluate((main, to) => main.scrollTo(0, to), top);
    await picture(page, `${name}-${part + 1}`);
    if (top + inner >= whole) break;
  }
  await column.evaluate((main) => main.scrollTo(0, 0));
}
