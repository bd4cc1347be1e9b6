import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Desk } from './desk';
import { axeFindings, expectTree, leave, picture, startApp, type App } from './harness';

let app: App;
let desk: Desk;
let page: Page;
beforeAll(async () => void (app = await startApp()));
afterAll(() => app.stop());
afterEach((test) => leave(app, page, desk, test));

it('opens the training hamlet over the real program', async () => {
  desk = new Desk();
  expect(await desk.ask('train', null)).toEqual({ reply: null });
  page = await app.open('/', undefined, { desk });
  expect(await page.getByRole('link', { name: 'Hôm nay' }).count()).toBe(1);
  expect(await page.getByText('Chế độ tập huấn').first().isVisible()).toBe(true);
});

it('a lesson ticks itself, and there is a finish', async () => {
  desk = new Desk();
  await desk.ask('train', null);
  page = await app.open('/', undefined, { desk });
  const line = (text: string | RegExp) => page.getByRole('status').getByText(text).waitFor();
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await page
    .getByRole('link', { name: /^Vào nhà/ })
    .first()
    .waitFor();
  await line('Bài 1/5. Mở một nhà');
  await picture(page, 'training-lesson');
  // Absent: the third lesson, done before the first.
  await press('v');
  await page.getByText(': Vắng.').waitFor();
  await press('Control+z');
  await page.getByText(': Vắng.').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Các bài tập' }).press('Enter');
  await page.getByRole('heading', { name: 'Bài tập: đã xong 2/5' }).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await expectTree(page, 'training-lessons');
  await picture(page, 'training-lessons');
  await press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(
    await page.getByRole('button', { name: 'Các bài tập' }).evaluate((one) => one.matches(':focus')),
  ).toBe(true);
  await page
    .getByRole('link', { name: /^Vào nhà/ })
    .first()
    .press('Enter');
  await page.getByRole('button', { name: 'Gặp được' }).waitFor();
  await press('1', 'Enter', '1', 'Enter', 'Enter');
  await line('Bài 2/5. Ghi một lượt gặp được');
  await press('Control+Enter');
  await page.getByRole('heading', { name: 'Nói với gia đình' }).waitFor();
  await line('Bài 5/5. Xem số liệu');
  await press('Enter');
  await page.getByRole('link', { name: 'Tiến độ' }).press('Enter');
  await line('Đã xong cả 5 bài.');
  await picture(page, 'training-finished');
  expect(await axeFindings(page)).toEqual([]);
});
