import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { SendingView } from '../src/api/generated/commands';
import { Desk, OPEN, type Answers } from './desk';
import { axeFindings, leave, picture, scrollPictures, startApp, type App } from './harness';

let app: App;
let desk: Desk;
let page: Page;
beforeAll(async () => void (app = await startApp()));
afterAll(() => app.stop());
beforeEach(() => void (desk = new Desk()));
afterEach((test) => leave(app, page, desk, test));

const AT_MS = Date.UTC(2026, 10, 22, 13, 15);
const view = (more: Partial<SendingView> = {}): SendingView => ({
  waiting: 12,
  confirmed: 4,
  to_review: 0,
  last: null,
  training: false,
  ...more,
});

async function open(answers: Answers): Promise<void> {
  page = await app.open('/gui-ve-xa', undefined, { desk, answers: { start: () => OPEN, ...answers } });
  await page.getByRole('heading', { name: 'Gửi và nhận' }).waitFor();
}
async function look(theme: string, size: string): Promise<void> {
  await page.getByRole('button', { name: 'Giao diện, cỡ chữ' }).click();
  await page.getByRole('button', { name: theme, exact: true }).click();
  await page.getByRole('button', { name: size, exact: true }).click();
  await page.keyboard.press('Escape');
}

it('training sends nothing and says so', async () => {
  await desk.ask('train', null);
  page = await app.open('/gui-ve-xa', undefined, { desk });
  await page.getByRole('heading', { name: 'Đang tập huấn: không có gì được gửi về xã.' }).waitFor();
  expect(await page.getByRole('button', { name: /Gửi/ }).count()).toBe(0);
  await picture(page, 'sending-training');
  expect(await axeFindings(page)).toEqual([]);
});

it('Enter sends, tells each part with what is known of it, and says how it went', async () => {
  let now = view();
  let step: (told: unknown) => void = () => {};
  let finish = () => {};
  await open({
    sending: () => now,
    send: (_, tell) => {
      step = tell;
      return new Promise((done) => (finish = () => done(now)));
    },
  });
  await picture(page, 'sending');
  await page.keyboard.press('Enter');
  await page.getByText('Đang tìm máy chủ của xã').waitFor();
  await page.getByText('chưa ước tính được').waitFor();
  await page.getByRole('button', { name: 'Đang gửi…' }).waitFor();
  step({ phase: 'sending', done: 0, of: 12 });
  step({ phase: 'sending', done: 0, of: 5 });
  await page.getByText('7 / 12').waitFor();
  await picture(page, 'sending-job');
  expect(await axeFindings(page)).toEqual([]);
  const report = { sent: 12, received: 5, to_review: 1, sent_changes: 30, received_changes: 9 };
  now = view({ waiting: 0, confirmed: 16, to_review: 1, last: { at_ms: AT_MS, report, error: null } });
  finish();
  await page.getByText('Đã gửi về xã 12, nhận về 5, có 1 mục cần xem lại.').waitFor();
  await page.getByText('Còn 0 lần lưu chờ gửi, 16 lần lưu xã đã nhận').waitFor();
  await picture(page, 'sending-done');
  expect(await axeFindings(page)).toEqual([]);
});

it.each([
  ['light', 'Sáng', '100%'],
  ['dark', 'Tối, tương phản cao', '100%'],
  ['150', 'Sáng', '150%'],
])('a commune out of reach is an ordinary evening, %s', async (name, theme, size) => {
  const error = { code: 'sync.unreachable', params: {}, retryable: true };
  const failed = view({ last: { at_ms: AT_MS, report: null, error }, to_review: 2 });
  await open({ sending: () => failed, send: () => failed });
  await look(theme, size);
  await page.getByText('Chưa gặp được máy chủ của xã, máy sẽ tự thử lại.').waitFor();
  await scrollPictures(page, `sending-unreachable-${name}`);
  expect(await axeFindings(page)).toEqual([]);
});

it('what needs a person is an error, and the focus stays on the button', async () => {
  const error = { code: 'auth.revoked', params: {}, retryable: false };
  const revoked = view({ last: { at_ms: AT_MS, report: null, error } });
  await open({ sending: () => view(), send: () => revoked });
  await page.getByRole('button', { name: 'Gửi ngay' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Xã đã ngừng quyền của máy này.').waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Gửi lại ngay');
  await picture(page, 'sending-revoked');
  expect(await axeFindings(page)).toEqual([]);
});

it('come to by the menu, the page hears Enter', async () => {
  let sent = 0;
  const answers = { sending: () => view(), send: () => (sent++, view()) };
  page = await app.open('/', undefined, { desk, answers: { start: () => OPEN, ...answers } });
  await page
    .getByRole('link', { name: /Gửi về xã/ })
    .first()
    .click();
  await page.getByRole('heading', { name: 'Gửi và nhận' }).waitFor();
  await page.waitForFunction(() => document.activeElement?.matches('main'));
  await page.keyboard.press('Enter');
  await expect.poll(() => sent).toBe(1);
});
