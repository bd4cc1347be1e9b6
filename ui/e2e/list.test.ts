import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Desk, type Answers } from './desk';
import { axeFindings, leave, picture, scrollPictures, startApp, type App } from './harness';

const LISTS = join(import.meta.dirname, '../../tests/fixtures/roster');
const own = mkdtempSync(join(tmpdir(), 'tungnha-list-'));

let app: App;
let desk: Desk;
let page: Page;
beforeAll(async () => void (app = await startApp()));
afterAll(async () => {
  rmSync(own, { recursive: true, force: true });
  await app.stop();
});
afterEach((test) => leave(app, page, desk, test));

/** A list of the training hamlet as hands write it; everybody is invented. */
function messyList(people = 40): string {
  const lines = ['STT,Số hộ,Họ và tên,Quan hệ,Ngày sinh,Giới tính,Thôn,Ngõ,Số nhà,SĐT,CCCD'];
  for (let at = 1; at <= people; at += 1) {
    const birth = at % 7 === 0 ? '19888' : at % 11 === 0 ? '30/02/1990' : `${1940 + (at % 60)}`;
    const name = at % 13 === 0 ? '' : `Hoàng Văn Mẫu ${at}`;
    const phone = at % 9 === 0 ? '12' : '';
    const head = at % 2 === 1;
    lines.push(
      `${at},${Math.ceil(at / 2)},${name},${head ? 'Chủ hộ' : 'Hàng xóm'},${birth},Nam,Thôn Mẫu,Ngõ 5,${Math.ceil(at / 2)},${phone},`,
    );
  }
  const path = join(own, `so-ho-${people}.csv`);
  writeFileSync(path, lines.join('\n'));
  return path;
}

async function open(list?: string, answers?: Answers): Promise<void> {
  desk = new Desk(list);
  await desk.ask('train', null);
  page = await app.open('/danh-sach', undefined, { desk, ...(answers ? { answers } : {}) });
  await page.getByRole('heading', { name: 'Chọn danh sách hộ' }).waitFor();
}
const step = (name: string) => page.locator('[aria-current=step]', { hasText: name }).waitFor();
async function look(theme: string, size: string): Promise<void> {
  await page.getByRole('button', { name: 'Giao diện, cỡ chữ' }).click();
  await page.getByRole('button', { name: theme, exact: true }).click();
  await page.getByRole('button', { name: size, exact: true }).click();
  await page.keyboard.press('Escape');
}

it('a messy list goes in by the keyboard alone', async () => {
  await open(messyList());
  await picture(page, 'list-1-choose');
  expect(await axeFindings(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await step('Xem cột');
  await page.getByRole('cell', { name: 'Họ và tên' }).first().waitFor();
  await picture(page, 'list-2-columns');
  expect(await axeFindings(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await step('Dòng chưa đọc được');
  await page.keyboard.press('F8');
  await page.getByText(/^Dòng đang xem: dòng 14,/).waitFor();
  await page.keyboard.press('F8');
  await page.getByText(/^Dòng đang xem: dòng 27,/).waitFor();
  await picture(page, 'list-3-rows');
  expect(await axeFindings(page)).toEqual([]);
  // One step back to the row, one more to the columns.
  await page.keyboard.press('Escape');
  await page.locator('tr[aria-rowindex="3"]:focus').waitFor();
  await page.keyboard.press('Escape');
  await step('Xem cột');
  await page.keyboard.press('Enter');
  await step('Dòng chưa đọc được');
  await page.keyboard.press('Enter');
  await step('Xác nhận');
  await page.keyboard.press('Enter');
  await page.getByText('Chưa ghi ai đưa danh sách.').waitFor();
  await picture(page, 'list-4-missing');
  await page.keyboard.type('Ông Tư, trưởng thôn');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Kế hoạch số 12/KH-UBND của xã');
  expect(await axeFindings(page)).toEqual([]);
  await picture(page, 'list-4-confirm');
  await page.keyboard.press('Enter');
  await page.getByText(/^Đã đưa vào 20 hộ/).waitFor();
  await picture(page, 'list-5-done');
  expect(await axeFindings(page)).toEqual([]);
  expect((await desk.ask('progress', { unit: null })).reply).toMatchObject({ figures: { households: 32 } });
});

it('a column is chosen anew and every row is mended in place, by the keyboard alone', async () => {
  const path = join(own, 'hai-cot-ten.csv');
  writeFileSync(
    path,
    'Thôn,Số nhà,Họ và tên,Tên khai sinh,Năm sinh,Quan hệ\n' +
      'Thôn Mẫu,81,Bác Tư,Lê Mẫu Tư,19500,Chủ hộ\n,,Út,,1999,Con\n,,Ba,Lê Mẫu Ba,2001,Con\n',
  );
  await open(path);
  await page.keyboard.press('Enter');
  await step('Xem cột');
  const names = page.getByLabel('Cột D, Tên khai sinh: máy đọc là');
  await page.getByLabel('Cột C, Họ và tên: máy đọc là').selectOption('Không đọc');
  await page.getByText('Cần ít nhất một cột họ tên').waitFor();
  expect(await page.getByLabel('Cột C, Họ và tên: máy đọc là').inputValue()).toBe('full_name');
  await names.focus();
  await names.selectOption('Họ và tên');
  await expect.poll(() => page.getByLabel('Cột C, Họ và tên: máy đọc là').inputValue()).toBe('');
  expect(await names.evaluate((select) => select === document.activeElement)).toBe(true);
  await picture(page, 'list-2-remapped');
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Đúng cột' }).focus();
  await page.keyboard.press('Enter');
  await step('Dòng chưa đọc được');
  await page.keyboard.press('F8');
  await page.getByLabel('Sửa ô D3').waitFor();
  await page.keyboard.type('Lê Mẫu Út');
  await picture(page, 'list-3-mending');
  expect(await axeFindings(page)).toEqual([]);
  await page.keyboard.press('Enter');
  const birth = page.getByLabel('Sửa ô E2');
  await birth.waitFor();
  await expect.poll(() => birth.evaluate((one) => one === document.activeElement)).toBe(true);
  expect(await birth.inputValue()).toBe('19500');
  await page.keyboard.type('1950');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Mọi dòng đều đọc được' }).waitFor();
  await page.keyboard.press('Enter');
  await step('Xác nhận');
  await page.keyboard.type('Ông Tư');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Kế hoạch số 12/KH-UBND của xã');
  await page.keyboard.press('Enter');
  await page.getByText(/^Đã đưa vào 1 hộ/).waitFor();
  const { reply } = (await desk.ask('find', { query: 'le mau' })) as {
    reply: { person: { full_name: string } }[];
  };
  expect(reply.map(({ person }) => person.full_name).sort()).toEqual(['Lê Mẫu Ba', 'Lê Mẫu Tư', 'Lê Mẫu Út']);
});

it.each([
  ['dark', 'Tối, tương phản cao', '100%'],
  ['150', 'Sáng', '150%'],
])('every step looks right, %s', async (name, theme, size) => {
  await open(messyList());
  await look(theme, size);
  await page.getByRole('button', { name: 'Chọn tệp…' }).click();
  for (const at of ['Xem cột', 'Dòng chưa đọc được', 'Xác nhận']) {
    await step(at);
    await scrollPictures(page, `list-${name}-${at === 'Xem cột' ? 2 : at === 'Xác nhận' ? 4 : 3}`);
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.evaluate(() => document.body.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.keyboard.press('Enter');
  }
});

it('a ledger of another hamlet is read, and nothing of it can be taken in here', async () => {
  await open(join(LISTS, 'so-ho-thon-sen-ha.xlsx'));
  await page.keyboard.press('Enter');
  await step('Xem cột');
  await page.getByText('84 hộ, 409 người').first().waitFor();
  await picture(page, 'list-ledger');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Mọi dòng đều đọc được' }).waitFor();
  await picture(page, 'list-good');
  await page.keyboard.press('Enter');
  await step('Xác nhận');
  expect(await page.getByRole('button', { name: 'Không có hộ nào để đưa vào' }).isDisabled()).toBe(true);
});

it('the list of a whole commune is read, and twenty thousand rows to look at scroll like twenty', async () => {
  await open(join(LISTS, 'danh-sach-xa-mau.xlsx'));
  await page.keyboard.press('Enter');
  await page.getByText('Đang đọc tệp…').waitFor();
  await step('Xem cột');
  await picture(page, 'list-commune');
  await page.getByText('và 48 thôn, tổ dân phố nữa').waitFor();
  await page.context().close();
  desk.stop();
  await open(messyList(20_000));
  await page.keyboard.press('Enter');
  await step('Xem cột');
  await page.keyboard.press('Enter');
  await step('Dòng chưa đọc được');
  await page.keyboard.press('F8');
  await page.locator('form input:focus').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('tr[aria-rowindex="2"]:focus').waitFor();
  await page.keyboard.press('End');
  await page.locator('tr:focus', { hasText: 'Cần xem' }).waitFor();
  expect(await page.getByRole('row').count()).toBeLessThan(60);
});

it('a list the program was started with is looked at at once', async () => {
  desk = new Desk(messyList());
  await desk.ask('train', null);
  await desk.ask('choose_list', null);
  page = await app.open('/danh-sach', undefined, { desk });
  await step('Xem cột');
});

it('a list handed to the open program brings its page to the front, wherever somebody was', async () => {
  desk = new Desk(messyList());
  await desk.ask('train', null);
  let offered = false;
  const start = async () => {
    const { reply } = (await desk.ask('start', null)) as { reply: object };
    return { ...reply, list_offered: offered };
  };
  page = await app.open('/tien-do', undefined, { desk, answers: { start } });
  await page.getByRole('grid', { name: 'Bản đồ ngõ' }).waitFor();
  await desk.ask('choose_list', null);
  offered = true;
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await page.waitForURL(/danh-sach/);
  await step('Xem cột');
  // Looked at once; the next look at the window leads nowhere by itself.
  offered = false;
  await page.getByRole('link', { name: 'Hôm nay' }).click();
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await page.getByText('Vào nhà').first().waitFor();
  expect(page.url()).not.toContain('danh-sach');
});

it('a wrong file says what to do, and another one can be chosen', async () => {
  const wrong = join(own, 'anh.xlsx');
  writeFileSync(wrong, 'no spreadsheet at all');
  await open(wrong);
  await page.keyboard.press('Enter');
  await page.getByRole('status').filter({ hasText: /tệp/i }).first().waitFor();
  await page.locator('.notice.error').waitFor();
  await picture(page, 'list-wrong');
  expect(await axeFindings(page)).toEqual([]);
  expect(await page.getByRole('button', { name: 'Chọn tệp…' }).isEnabled()).toBe(true);
});

it('tells how far writing has come', async () => {
  let finish = () => {};
  await open(messyList(), {
    take_list_in: (_, tell) => {
      tell({ phase: 'writing', done: 7, of: 20 });
      return new Promise((_, refuse) => {
        finish = () => refuse({ code: 'store.disk_full', params: {}, retryable: false });
      });
    },
  });
  for (const at of ['Xem cột', 'Dòng chưa đọc được', 'Xác nhận']) {
    await page.keyboard.press('Enter');
    await step(at);
  }
  await page.getByRole('textbox', { name: 'Ai đưa danh sách' }).fill('Ông Tư');
  await page.getByRole('textbox', { name: 'Cơ sở pháp lý của danh sách' }).fill('Kế hoạch 12');
  await page.keyboard.press('Enter');
  await page.getByText('7 / 20').waitFor();
  await picture(page, 'list-taking');
  expect(await axeFindings(page)).toEqual([]);
  finish();
  await page.getByText('Ổ đĩa đã đầy nên lần này chưa ghi được.').waitFor();
  await picture(page, 'list-disk-full');
});

it('a list to fill in is saved, and our own reader takes it in', async () => {
  await open();
  const button = page.getByRole('button', { name: 'Tải tệp mẫu' });
  await button.press('Enter');
  await page.getByText('Đã lưu tệp mẫu “Danh sách hộ (mẫu).xlsx”').waitFor();
  expect(await axeFindings(page)).toEqual([]);
  expect(await button.evaluate((one) => one.matches(':focus'))).toBe(true);
  await picture(page, 'list-sample');
  const saved = join(desk.folder, 'Danh sách hộ (mẫu).xlsx');
  expect(existsSync(saved)).toBe(true);
});

it('a list to fill in that cannot be saved says so, and the same press tries again', async () => {
  let full = true;
  await open(undefined, {
    save_sample: async () => {
      if (full) throw { code: 'roster.sample_not_saved', params: {}, retryable: false };
      return (await desk.ask('save_sample', null)).reply;
    },
  });
  await page.getByRole('button', { name: 'Tải tệp mẫu' }).press('Enter');
  await page.getByText('Chưa lưu được tệp mẫu').waitFor();
  expect(await axeFindings(page)).toEqual([]);
  full = false;
  await page.getByRole('button', { name: 'Tải tệp mẫu' }).press('Enter');
  await page.getByText('Đã lưu tệp mẫu').waitFor();
  expect(await page.getByText('Chưa lưu được tệp mẫu').count()).toBe(0);
});
