/**
 * Small windows: a 1366 px screen scaled to 200 % by its owner, the smallest window, a laptop with a tall task
 * bar. On every page nothing is cut off to the right, and what the page is for can be reached and pressed.
 */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TodayView } from '../src/api/generated/commands';
import { Desk } from './desk';
import { axeFindings, leave, picture, startApp, type App, type Size } from './harness';

const LIST = join(import.meta.dirname, '../../tests/fixtures/roster/danh-sach-mau.xls');

let app: App;
let desk: Desk;
let page: Page;
beforeAll(async () => void (app = await startApp()));
afterAll(() => app.stop());
afterEach((test) => leave(app, page, desk, test));

const SIZES: Size[] = [
  { width: 683, height: 349 },
  { width: 640, height: 330 },
  { width: 1280, height: 650 },
];

interface Place {
  name: string;
  path: string | (() => Promise<string>);
  /** Presses that lead there from the opened page. */
  keys?: string[];
  /** What the page is for. */
  action: string | RegExp;
  /** Nothing is open yet. */
  closed?: boolean;
}

async function aHouse(): Promise<string> {
  const { reply } = (await desk.ask('today', { unit: null, alley: null })) as { reply: TodayView };
  return `/nha/${reply.doors[0]!.household}`;
}

const PLACES: Place[] = [
  { name: 'setup', path: '/', action: 'Kết nối máy này', closed: true },
  { name: 'today', path: '/', action: /^Vào nhà/ },
  { name: 'knock', path: aHouse, action: 'Gặp được' },
  { name: 'consent', path: aHouse, keys: ['1', 'Enter'], action: 'Lưu' },
  { name: 'facts', path: aHouse, keys: ['1', 'Enter', '1', 'Enter', 'Enter', '1'], action: 'Lưu' },
  { name: 'progress', path: '/tien-do', action: /Tin cho nhóm|Chép tin/ },
  { name: 'sending', path: '/gui-ve-xa', action: /Gửi/ },
  { name: 'list', path: '/danh-sach', action: /Chọn tệp/ },
  { name: 'symbols', path: '/ky-hieu', action: /^(Sáng|Giao diện, cỡ chữ)/ },
];

describe.each(SIZES)('$width by $height', (size) => {
  it.each(PLACES)('$name', async ({ name, path, keys = [], action, closed }) => {
    desk = new Desk(LIST);
    if (!closed) await desk.ask('train', null);
    page = await app.open(typeof path === 'string' ? path : await path(), size, { desk });
    for (const key of keys) await page.keyboard.press(key);
    const deed = page
      .getByRole('button', { name: action })
      .or(page.getByRole('link', { name: action }))
      .first();
    await deed.waitFor();
    await picture(page, `small-${size.width}-${name}`);
    const spill = await page.evaluate(() => {
      const boxes = [document.documentElement, ...document.querySelectorAll('main, .page')];
      return boxes
        .filter((box) => box.scrollWidth > box.clientWidth)
        .map((box) => `${box.localName}.${box.className} ${box.scrollWidth} in ${box.clientWidth}`);
    });
    expect(spill).toEqual([]);
    expect(await axeFindings(page)).toEqual([]);
    // A trial press: in view after scrolling, and nothing lies over it.
    await deed.click({ trial: true, timeout: 5_000 });
    const content = await page.evaluate(() => document.querySelector('main')!.clientHeight);
    expect(content, 'room for the page itself').toBeGreaterThanOrEqual(120);
    await picture(page, `small-${size.width}-${name}`);
  });
});
