/**
 * A page whose answer takes long, and then does not come. What is local draws at once: what stands in for it shows
 * itself only after 150 ms. A refusal is said in words, and the same question can be asked again from the keyboard.
 */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Desk } from './desk';
import { axeFindings, leave, picture, startApp, type App } from './harness';

let app: App;
let desk: Desk;
let page: Page;
beforeAll(async () => void (app = await startApp()));
afterAll(() => app.stop());
afterEach((test) => leave(app, page, desk, test));

const REFUSED = { code: 'store.busy', params: {}, retryable: true };
const SAID = 'Một chương trình khác đang giữ tệp sổ';

interface Place {
  name: string;
  path: string;
  /** The command that does not answer. */
  asks: string;
  /** Pressed once the page before it is there. */
  key?: string;
  /** What asks again. */
  again: string;
  /** What is there once it was answered. */
  then: string;
}

const PLACES: Place[] = [
  { name: 'today', path: '/', asks: 'today', again: 'Thử lại', then: 'Vào nhà' },
  { name: 'visit', path: '/', asks: 'household', key: 'Enter', again: 'Thử lại', then: 'Gặp được' },
  { name: 'progress', path: '/tien-do', asks: 'progress', again: 'Thử lại', then: 'Bản đồ ngõ' },
  {
    name: 'sending',
    path: '/gui-ve-xa',
    asks: 'sending',
    again: 'Thử lại',
    then: 'Đang tập huấn: không có gì',
  },
  { name: 'list', path: '/danh-sach', asks: 'look_at_list', again: 'Chọn tệp…', then: 'Chọn danh sách hộ' },
];

it.each(PLACES)('$name', async ({ name, path, asks, key, again, then }) => {
  desk = new Desk();
  await desk.ask('train', null);
  let slow = true;
  let letGo = () => {};
  const gone = new Promise<void>((go) => (letGo = go));
  const answers = {
    [asks]: async (request: unknown) => {
      if (!slow) return (await desk.ask(asks, request)).reply;
      await gone;
      throw REFUSED;
    },
  };
  page = await app.open(path, undefined, { desk, answers });
  if (key) {
    await page
      .getByRole('link', { name: /^Vào nhà/ })
      .first()
      .waitFor();
    await page.keyboard.press(key);
    await page.waitForURL('**/#/nha/**');
  }
  const skeleton = page.locator('main .skeleton').first();
  await skeleton.waitFor({ state: 'attached' });
  const seen = await skeleton.evaluate((one) => {
    const [appears] = one.getAnimations();
    appears!.pause();
    return [0, 149, 400].map((at) => {
      appears!.currentTime = at;
      return getComputedStyle(one).opacity;
    });
  });
  expect(seen).toEqual(['0', '0', '1']);
  expect(await skeleton.getByText('Đang mở…').count()).toBe(1);
  expect(await axeFindings(page)).toEqual([]);
  letGo();
  await page.getByText(SAID).first().waitFor();
  expect(await page.locator('main .skeleton').count()).toBe(0);
  expect(await axeFindings(page)).toEqual([]);
  await picture(page, `refused-${name}`);
  slow = false;
  await page.getByRole('button', { name: again }).first().press('Enter');
  await page.getByText(then).first().waitFor();
  expect(await page.getByText(SAID).count()).toBe(0);
});
