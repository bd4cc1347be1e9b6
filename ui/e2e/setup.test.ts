import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AppError, EnrolForm, StartView } from '../src/api/client';
import { Desk, type Answers } from './desk';
import { axeFindings, leave, picture, startApp, type App, type Size } from './harness';

const CODE = 'TN1.eyJ2IjoxLCJ4IjoiYW4gaW52ZW50ZWQgY29kZSJ9';
const WORDS = 'ao-vang cua-do ba-lo nha-tranh';

let app: App;
let desk: Desk;
let page: Page;
beforeAll(async () => void (app = await startApp()));
afterAll(() => app.stop());
afterEach((test) => leave(app, page, desk, test));

async function open(answers: Answers = {}, size?: Size): Promise<void> {
  desk = new Desk();
  page = await app.open('/', size, { desk, answers });
}
const refuse = (code: string): never => {
  throw { code, params: {}, retryable: true } satisfies AppError;
};
const stage = (view: Partial<StartView>): StartView => ({
  stage: 'locked',
  trouble: null,
  enrolling: false,
  look: { theme: 'system', text_size: 100, language: 'vi' },
  here: null,
  list_offered: false,
  version: '0.1.0',
  ...view,
});

/** The invented hamlet as if it were a real one: there is no server to enrol at. */
async function hamlet(): Promise<StartView> {
  const { reply } = (await desk.ask('start', null)) as { reply: StartView };
  const here = reply.here && { ...reply.here, commune: 'Xã Mẫu', training: false };
  return { ...reply, here };
}

async function type(label: string, text: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).focus();
  await page.keyboard.type(text);
}

describe('a new laptop', () => {
  /** Enrols in the training hamlet; `lines` says how the first sends end. */
  function commune(lines: (AppError | null)[]): Answers {
    return {
      start: hamlet,
      enrol: async () => {
        await desk.ask('train', null);
        return { passphrase: WORDS, commune: 'Xã Mẫu', hamlet_units: ['Thôn Mẫu'] };
      },
      send: async (_, tell) => {
        const error = lines.shift() ?? null;
        tell({ phase: 'receiving', done: 120, of: 586 });
        if (error) await page.getByText('Đang nhận danh sách hộ').waitFor();
        if (error) await picture(page, 'setup-receiving');
        const report = error
          ? null
          : { sent: 0, received: 586, to_review: 0, sent_changes: 0, received_changes: 586 };
        return { waiting: 0, confirmed: 0, to_review: 0, last: { at_ms: 1, report, error }, training: false };
      },
    };
  }

  it('joins by keys alone, keeps its four words on paper, and goes on when the line breaks', async () => {
    await open(commune([{ code: 'sync.unreachable', params: {}, retryable: true }]));
    await picture(page, 'setup-new');
    await page.getByLabel('Tên máy').press('Enter');
    await page.getByText('Dán mã kết nối vào đây').waitFor();
    await picture(page, 'setup-missing');
    expect(await axeFindings(page)).toEqual([]);
    await type('Mã kết nối', CODE);
    await type('Tên máy', 'Máy chị Lan');
    await page.keyboard.press('Enter');
    await page.getByText('ba-lo', { exact: true }).waitFor();
    await picture(page, 'setup-words');
    expect(await axeFindings(page)).toEqual([]);
    // Looking at another window and back must not take the words away.
    await page.evaluate(() => window.dispatchEvent(new Event('focus')));
    await page.getByRole('button', { name: 'Đã chép ra giấy' }).press('Enter');
    await page.getByRole('heading', { name: 'Gõ lại bốn từ' }).waitFor();
    expect(await page.getByText('ba-lo').count()).toBe(0);
    await page.keyboard.type('ao-vang cua-do ba-lo');
    await page.keyboard.press('Enter');
    await page.getByText('Chưa khớp').waitFor();
    await picture(page, 'setup-repeat');
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.type(' nha-tranh');
    await page.keyboard.press('Enter');
    await page.getByText('Chưa nhận được danh sách hộ').waitFor();
    await picture(page, 'setup-broken');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Vào Hôm nay' }).press('Enter');
    await page.getByRole('heading', { name: 'Hôm nay', exact: true }).waitFor();
    await picture(page, 'today-real');
    expect(await page.evaluate((words) => document.body.innerText.includes(words), 'ba-lo')).toBe(false);
  });

  it('goes straight on to Hôm nay when the list has come', async () => {
    await open(commune([]));
    await type('Mã kết nối', CODE);
    await type('Tên máy', 'Máy chị Lan');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Đã chép ra giấy' }).click();
    await type('Mật khẩu bốn từ', WORDS);
    await page.keyboard.press('Enter');
    await page.getByText('Vào nhà').first().waitFor();
  });

  it('asks for the address only when the code names none, and keeps what was typed', async () => {
    await open({ enrol: () => refuse('enrol.no_address') });
    expect(await page.getByLabel('Địa chỉ máy chủ của xã').count()).toBe(0);
    await type('Mã kết nối', CODE);
    await type('Tên máy', 'Máy chị Lan');
    await page.keyboard.press('Enter');
    await page.getByLabel('Địa chỉ máy chủ của xã').waitFor();
    await page.getByText('Mã này không ghi địa chỉ').waitFor();
    await page.locator('input[aria-invalid=true]:focus').waitFor();
    expect(await page.getByLabel('Mã kết nối', { exact: true }).inputValue()).toBe(CODE);
    await picture(page, 'setup-address');
    expect(await axeFindings(page)).toEqual([]);
  });

  it('says what the real program finds wrong with a code that is none', async () => {
    await open();
    await type('Mã kết nối', CODE);
    await type('Tên máy', 'Máy chị Lan');
    await page.keyboard.press('Enter');
    await page.getByText('Đây không phải mã kết nối').waitFor();
  });

  it('opens the training hamlet of the real program and ends it', async () => {
    await open();
    await page.getByRole('button', { name: 'Bắt đầu tập huấn' }).press('Enter');
    await page.getByText('Vào nhà').first().waitFor();
    await page.getByRole('button', { name: 'Kết thúc tập huấn' }).click();
    await page.getByRole('heading', { name: 'Kết nối máy này' }).waitFor();
  });
});

describe('a locked laptop', () => {
  it('takes the right words, is kind about the wrong ones, says how to get help, and locks again', async () => {
    let locked = true;
    await open({
      start: () => (locked ? stage({}) : hamlet()),
      unlock: async (request) => {
        if ((request as { passphrase: string }).passphrase !== WORDS) refuse('store.wrong_passphrase');
        locked = false;
        await desk.ask('train', null);
        return null;
      },
      lock: async () => {
        locked = true;
        return null;
      },
    });
    await picture(page, 'setup-locked');
    expect(await axeFindings(page)).toEqual([]);
    await type('Mật khẩu bốn từ', 'ao-vang cua-do ba-lo cacao');
    await page.keyboard.press('Enter');
    await page.getByText('Mật khẩu chưa đúng').waitFor();
    await picture(page, 'setup-wrong');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel('Mật khẩu bốn từ').fill('  Ao-vang cua-do  ba-lo nha-tranh');
    await page.keyboard.press('Enter');
    await page.getByText('Vào nhà').first().waitFor();
    await picture(page, 'today-unlocked');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Khóa' }).click();
    await page.getByRole('heading', { name: 'Mở máy' }).waitFor();
  });
});

describe('a laptop that needs a new code', () => {
  /** The folder of a laptop as the real program finds it: the register of somebody, an enrolment not ended. */
  function folder(...names: string[]): void {
    desk = new Desk();
    mkdirSync(join(desk.folder, 'data'));
    for (const name of names) writeFileSync(join(desk.folder, 'data', name), '{}');
  }
  const asked: EnrolForm[] = [];
  /** The commune takes the code; a register that stood there is set aside. */
  async function behind(set_aside?: string): Promise<void> {
    asked.length = 0;
    let enrolled = false;
    const answers: Answers = {
      start: async () =>
        enrolled ? hamlet() : ((await desk.ask('start', null)) as { reply: StartView }).reply,
      enrol: async (form) => {
        asked.push(form as EnrolForm);
        enrolled = true;
        await desk.ask('train', null);
        return { passphrase: WORDS, commune: 'Xã Mẫu', hamlet_units: ['Thôn Mẫu'], set_aside };
      },
      send: () => ({ waiting: 0, confirmed: 0, to_review: 0, last: null, training: false }),
    };
    page = await app.open('/', undefined, { desk, answers });
  }
  async function connect(): Promise<void> {
    await page.keyboard.type(CODE);
    await type('Tên máy', 'Máy chị Lan');
    await page.keyboard.press('Enter');
    await page.getByText('ba-lo', { exact: true }).waitFor();
  }

  it('forgot its words: reads what happens, connects by keys alone, and is told where the old register lies', async () => {
    folder('register.db');
    await behind('set-aside-1');
    await page.getByRole('button', { name: 'Quên bốn từ' }).press('Enter');
    await page.getByRole('dialog', { name: 'Kết nối lại bằng mã mới?' }).waitFor();
    await picture(page, 'setup-forgotten');
    expect(await axeFindings(page)).toEqual([]);
    // Enter alone takes the step back.
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Mở máy' }).waitFor();
    await page.getByRole('button', { name: 'Quên bốn từ' }).press('Enter');
    await page.getByRole('button', { name: 'Kết nối lại bằng mã mới' }).press('Enter');
    await page.locator('textarea:focus').waitFor();
    await picture(page, 'setup-instead');
    expect(await axeFindings(page)).toEqual([]);
    await connect();
    expect(asked).toEqual([{ code: CODE, address: null, device_name: 'Máy chị Lan', instead: true }]);
    await page.getByText('Sổ cũ đã cất vào thư mục set-aside-1').waitFor();
    await picture(page, 'setup-set-aside');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Đã chép ra giấy' }).press('Enter');
    await type('Mật khẩu bốn từ', WORDS);
    await page.keyboard.press('Enter');
    await page.getByText('Vào nhà').first().waitFor();
  });

  it('lost the power while the words were copied: the same code makes it anew, unasked', async () => {
    folder('register.db', 'enrolling.json');
    await behind();
    await page.getByText('Chưa kịp chép bốn từ').waitFor();
    await picture(page, 'setup-unfinished');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel('Mã kết nối', { exact: true }).focus();
    await connect();
    expect(asked).toEqual([{ code: CODE, address: null, device_name: 'Máy chị Lan' }]);
    expect(await page.getByText('Sổ cũ').count()).toBe(0);
  });

  it('changes its mind and opens with the words after all', async () => {
    folder('register.db');
    await behind();
    await page.getByRole('button', { name: 'Quên bốn từ' }).click();
    await page.getByRole('button', { name: 'Kết nối lại bằng mã mới' }).click();
    await page.getByRole('button', { name: 'Quay lại gõ bốn từ' }).click();
    await page.getByLabel('Mật khẩu bốn từ').waitFor();
    expect(asked).toEqual([]);
  });
});

it('a folder that cannot be used says why and is tried again', async () => {
  let trouble: AppError | null = { code: 'store.in_use', params: {}, retryable: true };
  await open({ start: () => stage({ stage: trouble ? 'unusable' : 'new', trouble }) });
  await page.getByText('đang mở ở cửa sổ khác').waitFor();
  await picture(page, 'setup-unusable');
  expect(await axeFindings(page)).toEqual([]);
  trouble = null;
  await page.getByRole('button', { name: 'Thử lại' }).press('Enter');
  await page.getByRole('heading', { name: 'Kết nối máy này' }).waitFor();
});

describe.each<[string, string[]]>([
  ['light', ['Sáng']],
  ['dark', ['Tối, tương phản cao']],
  ['150', ['Sáng', '150%']],
])('the look %s', (name, words) => {
  it.each<Size>([
    { width: 1366, height: 698 },
    { width: 1093, height: 558 },
  ])('is clean at $width by $height', async (size) => {
    await open({}, size);
    await page.getByRole('button', { name: 'Giao diện, cỡ chữ' }).click();
    for (const word of words) await page.getByRole('button', { name: word, exact: true }).click();
    await page.keyboard.press('Escape');
    await picture(page, `setup-${name}-${size.width}`);
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.evaluate(() => document.body.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
});
