import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Desk } from './desk';
import { startApp, type App } from './harness';

let app: App;
let desk: Desk;
let page: Page;
beforeAll(async () => void (app = await startApp()));
afterAll(() => app.stop());
afterEach(async () => {
  await page.context().close();
  desk.stop();
  expect(app.offences()).toEqual([]);
});

it('opens the training hamlet over the real program', async () => {
  desk = new Desk();
  expect(await desk.ask('train', null)).toEqual({ reply: null });
  page = await app.open('/', undefined, { desk });
  expect(await page.getByRole('link', { name: 'Hôm nay' }).count()).toBe(1);
  expect(await page.getByText('Chế độ tập huấn').first().isVisible()).toBe(true);
});
