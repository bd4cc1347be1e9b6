/** What a screen reader finds on each page, in its main states. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import type { SendingView, StartView, TodayView } from '../src/api/generated/commands';
import { Desk, OPEN, type Answers } from './desk';
import { expectTree, leave, startApp, type App } from './harness';

const LIST = join(import.meta.dirname, '../../tests/fixtures/roster/danh-sach-mau.xls');
const CODE = 'TN1.eyJ2IjoxLCJ4IjoiYW4gaW52ZW50ZWQgY29kZSJ9';

let app: App;
let desk: Desk;
let page: Page;
beforeAll(async () => void (app = await startApp()));
afterAll(() => app.stop());
afterEach((test) => leave(app, page, desk, test));

const heading = (name: string | RegExp) => page.getByRole('heading', { name }).first().waitFor();
async function press(...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

describe('before the laptop is open', () => {
  async function open(files: string[] = [], answers: Answers = {}): Promise<void> {
    desk = new Desk();
    mkdirSync(join(desk.folder, 'data'));
    for (const name of files) writeFileSync(join(desk.folder, 'data', name), '{}');
    page = await app.open('/', undefined, { desk, answers });
  }
  const start = async () => ((await desk.ask('start', null)) as { reply: StartView }).reply;

  it('a new laptop', async () => {
    await open();
    await expectTree(page, 'setup-new');
    await page.getByRole('button', { name: 'Giao diện, cỡ chữ' }).click();
    await expectTree(page, 'look');
  });

  it('a locked one, and the question before a new code', async () => {
    await open(['register.db']);
    await expectTree(page, 'setup-locked');
    await page.getByRole('button', { name: 'Quên bốn từ' }).click();
    await heading('Kết nối lại bằng mã mới?');
    await expectTree(page, 'setup-forgotten');
    await page.getByRole('button', { name: 'Kết nối lại bằng mã mới' }).click();
    await page.locator('textarea:focus').waitFor();
    await expectTree(page, 'setup-instead');
  });

  it('one whose enrolment has not ended', async () => {
    await open(['register.db', 'enrolling.json']);
    await expectTree(page, 'setup-unfinished');
  });

  it('one that cannot be used', async () => {
    const trouble = { code: 'store.in_use', params: {}, retryable: true };
    await open([], { start: async () => ({ ...(await start()), stage: 'unusable', trouble }) });
    await page.getByText('đang mở ở cửa sổ khác').waitFor();
    await expectTree(page, 'setup-unusable');
  });

  it('the four words, their repetition, and the list that comes', async () => {
    let enrolled = false;
    await open([], {
      start: async () => (enrolled ? OPEN : start()),
      words_written: () => ((enrolled = true), null),
      send: (_, tell) => (tell({ phase: 'receiving', done: 120, of: 586 }), new Promise(() => {})),
      sending: () => ({ waiting: 0, confirmed: 0, to_review: 0, last: null, training: false }),
      enrol: () => ({
        passphrase: 'ao-vang cua-do ba-lo nha-tranh',
        commune: 'Xã Mẫu',
        hamlet_units: ['Thôn Mẫu'],
        set_aside: 'set-aside-1',
      }),
    });
    await page.getByLabel('Mã kết nối', { exact: true }).fill(CODE);
    await page.getByLabel('Tên máy').fill('Máy chị Lan');
    await press('Enter');
    await heading('Chép bốn từ này ra giấy');
    await expectTree(page, 'setup-words');
    await page.getByRole('button', { name: 'Đã chép ra giấy' }).click();
    await heading('Gõ lại bốn từ');
    await expectTree(page, 'setup-repeat');
    await page.keyboard.type('ao-vang cua-do ba-lo nha-tranh');
    await press('Enter');
    await page.getByText('Đang nhận danh sách hộ').waitFor();
    await expectTree(page, 'setup-receiving', 1);
  });
});

describe('on an open laptop, Gửi về xã', () => {
  const report = { sent: 12, received: 5, to_review: 1, sent_changes: 30, received_changes: 9 };
  const error = { code: 'sync.unreachable', params: {}, retryable: true };
  const counts = { waiting: 3, confirmed: 4, to_review: 1, training: false };
  const at_ms = Date.UTC(2026, 10, 22, 13, 15);

  it.each<[string, SendingView]>([
    ['untried', { ...counts, last: null }],
    ['done', { ...counts, waiting: 0, last: { at_ms, report, error: null } }],
    ['unreachable', { ...counts, last: { at_ms, report: null, error } }],
  ])('%s', async (name, view) => {
    desk = new Desk();
    page = await app.open('/gui-ve-xa', undefined, {
      desk,
      answers: { start: () => OPEN, sending: () => view },
    });
    await heading('Gửi và nhận');
    await expectTree(page, `sending-${name}`);
  });

  it('on its way', async () => {
    desk = new Desk();
    const send: Answers[string] = (_, tell) => (
      tell({ phase: 'sending', done: 0, of: 3 }),
      new Promise(() => {})
    );
    const sending = (): SendingView => ({ ...counts, last: null });
    page = await app.open('/gui-ve-xa', undefined, { desk, answers: { start: () => OPEN, sending, send } });
    await heading('Gửi và nhận');
    await press('Enter');
    await page.getByText('Đang gửi về xã').waitFor();
    await expectTree(page, 'sending-on-its-way', 1);
  });
});

describe('in the training hamlet', () => {
  async function open(path: string, answers: Answers = {}): Promise<void> {
    desk = new Desk(LIST);
    await desk.ask('train', null);
    page = await app.open(path, undefined, { desk, answers });
  }
  async function openVisit(): Promise<void> {
    desk = new Desk();
    await desk.ask('train', null);
    const { reply } = (await desk.ask('today', { unit: null, alley: null })) as { reply: TodayView };
    page = await app.open(`/nha/${reply.doors[0]!.household}`, undefined, { desk });
    await heading('Trước khi gõ cửa');
  }

  it('Hôm nay', async () => {
    await open('/');
    await page.getByText('Vào nhà').first().waitFor();
    await page.getByRole('complementary').getByRole('heading', { level: 3 }).first().waitFor();
    await expectTree(page, 'today');
    await press('h');
    await heading(/^Hẹn lại/);
    await expectTree(page, 'today-postpone');
    await press('Escape', 'Control+k');
    await page.keyboard.type('duc');
    // What was found for fewer letters stands there until this is.
    await page.getByText('1 kết quả').waitFor();
    await expectTree(page, 'today-search');
  });

  it('Lượt đến nhà', async () => {
    await openVisit();
    await expectTree(page, 'visit-knock');
    await press('1');
    await heading('Ai đang trả lời?');
    await expectTree(page, 'visit-respondent');
    await press('Enter');
    await heading('Đọc cho gia đình nghe');
    await expectTree(page, 'visit-consent');
    await press('1', 'Enter');
    await heading(/^Nhà mình vẫn/);
    await expectTree(page, 'visit-members');
    await press('Enter');
    await heading(/ai hay chỉ cho mọi người/);
    await expectTree(page, 'visit-guide');
    await press('1');
    await page.locator('[data-cursor] [aria-label^="Điện thoại thông minh"] :focus').waitFor();
    await expectTree(page, 'visit-facts');
    await press('F2');
    await heading('Cách làm tại nhà');
    await expectTree(page, 'visit-how');
    await press('F2');
    await page.locator('[data-cursor] [aria-label^="Điện thoại thông minh"] :focus').waitFor();
    await press('Control+Enter');
    await heading('Nói với gia đình');
    await expectTree(page, 'visit-done');
  });

  it('Tiến độ', async () => {
    await open('/tien-do');
    await page.getByRole('grid', { name: 'Bản đồ ngõ' }).waitFor();
    await page.locator('[role=gridcell][tabindex="0"]').focus();
    await expectTree(page, 'progress');
  });

  it('Gửi về xã', async () => {
    await open('/gui-ve-xa');
    await heading('Đang tập huấn');
    await expectTree(page, 'sending-training');
  });

  it('Đưa danh sách Excel vào', async () => {
    await open('/danh-sach');
    await heading('Chọn danh sách hộ');
    await expectTree(page, 'list-choose');
    await press('Enter');
    await page.getByRole('button', { name: 'Đúng cột' }).waitFor();
    await expectTree(page, 'list-columns');
    await press('Enter');
    await page.getByRole('button', { name: 'Xem xong' }).waitFor();
    await expectTree(page, 'list-rows');
    await press('Enter');
    await page.getByLabel('Cơ sở pháp lý').waitFor();
    await expectTree(page, 'list-confirm');
    await page.getByLabel('Ai đưa danh sách').fill('Ông Tư, trưởng thôn');
    await page.getByLabel('Cơ sở pháp lý').fill('Kế hoạch số 12/KH-UBND');
    await press('Enter');
    await page.getByRole('link', { name: 'Hôm nay' }).last().waitFor();
    await expectTree(page, 'list-done');
  });
});
