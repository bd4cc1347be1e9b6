import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HouseholdView, TodayView, VisitRequest } from '../src/api/generated/commands';
import { Desk, type Answers } from './desk';
import { axeFindings, leave, picture, settled, startApp, type App, type Size } from './harness';

let app: App;
let desk: Desk;
let page: Page;
/** Keys pressed since the page was opened. */
let keys = 0;

beforeAll(async () => void (app = await startApp()));
afterAll(() => app.stop());
beforeEach(async () => {
  desk = new Desk();
  await desk.ask('train', null);
});
afterEach((test) => leave(app, page, desk, test));

async function ask<T>(name: string, request: unknown): Promise<T> {
  return (await desk.ask(name, request)).reply as T;
}

/** The household of somebody of the training hamlet. */
async function of(headName: string): Promise<HouseholdView> {
  const { alleys } = await ask<TodayView>('today', { unit: null, alley: null });
  for (const { key } of alleys) {
    const { doors } = await ask<TodayView>('today', { unit: null, alley: key });
    const door = doors.find(({ head }) => head?.full_name === headName);
    if (door) return ask('household', { household: door.household });
  }
  throw new Error(`no ${headName}`);
}

async function open(household: string, answers: Answers = {}, size?: Size): Promise<void> {
  page = await app.open(`/nha/${household}`, size, { desk, answers });
  await page.getByRole('heading', { name: 'Trước khi gõ cửa' }).waitFor();
  keys = 0;
}

async function press(...all: string[]): Promise<void> {
  for (const key of all) {
    keys += 1;
    await page.keyboard.press(key);
  }
}

const heading = (name: string | RegExp) => page.getByRole('heading', { name }).waitFor();
/** The row that listens. */
const row = (name: string) => page.locator(`[data-cursor] [aria-label^="${name}"] :focus`).waitFor();
const today = () => page.waitForURL(/#\/$/);

/** To the rows of the head, who answers, agrees with everybody and shows the others. */
async function toFacts(people: number, guide = '1'): Promise<void> {
  await press('1');
  await heading('Ai đang trả lời?');
  await press('Enter');
  await heading('Đọc cho gia đình nghe');
  for (let one = 0; one < people; one += 1) await press('1');
  await heading(/^Nhà mình vẫn/);
  await press('Enter');
  await heading(/ai hay chỉ cho mọi người/);
  await press(guide);
  await row('Điện thoại thông minh');
}

const LOOKS: [string, { theme: string; text: string }][] = [
  ['light', { theme: 'Sáng', text: '100%' }],
  ['dark', { theme: 'Tối, tương phản cao', text: '100%' }],
  ['150', { theme: 'Sáng', text: '150%' }],
];

async function look({ theme, text }: { theme: string; text: string }): Promise<void> {
  await page.getByRole('button', { name: 'Giao diện, cỡ chữ' }).click();
  await page.getByRole('button', { name: theme, exact: true }).click();
  await page.getByRole('button', { name: text, exact: true }).click();
  await page.keyboard.press('Escape');
}

describe('the budget of keys, on the real page', () => {
  it('first facts of a known household of four: at most thirty', async () => {
    const { household } = await of('Ông Ích Chép');
    await open(household);
    await toFacts(4, '3');
    // Anh Lưu, 25, shows the others: everything.
    await press('1', '3', '1', 'Enter', '1', '1', '1', '1', '2');
    // The head and his wife: phone, VNeID, payment; the daughter of 17: VNeID and payment.
    await press('1', '3', '4', '1', '3', '4');
    await press('3', '4');
    await page.getByText('Đã hỏi hết').waitFor();
    await press('Enter');
    await heading('Nói với gia đình');
    expect(keys).toBeLessThanOrEqual(30);
    await picture(page, 'visit-done');
    expect(await axeFindings(page)).toEqual([]);
    const after = await ask<HouseholdView>('household', { household });
    expect(after.verdict.state).toBe('met');
    expect(after.progress).toBe('complete');
    await page.keyboard.press('Enter');
    await today();
  });

  it('an unchanged household: at most eight, next door included', async () => {
    const view = await of('Ông Ích Chép');
    const [head, wife, son] = view.people.map(({ member }) => member);
    const answers = (all: Record<string, string>) => Object.entries(all).map(([f, a]) => [f, a, null]);
    const before: unknown = {
      household: view.household,
      outcome: 'met',
      channel: 'at_home',
      respondent: wife,
      members_unchanged: true,
      consents: view.people.map(({ member }) => [member, 'agreed']),
      text_version: view.script.version,
      learned: [
        { member: head, answers: answers({ smartphone: 'keypad', assisted_by: son! }) },
        { member: wife, answers: answers({ smartphone: 'own', vneid: 'level2', payment: 'bank' }) },
        {
          member: son,
          answers: answers({ smartphone: 'own', vneid: 'level2', payment: 'bank', guides_family: 'yes' }),
        },
      ],
      topics: [],
      guided: [],
      next_day: null,
    } satisfies Record<keyof VisitRequest, unknown>;
    await ask('save_visit', before);
    await open(view.household);
    await page.getByText(/chị Biên trả lời/).waitFor();
    await picture(page, 'visit-knock-known');
    await press('1', 'Enter');
    await heading('Đọc cho gia đình nghe');
    await press('Enter');
    await heading(/^Nhà mình vẫn 4 người/);
    await press('Enter');
    await heading(/ai hay chỉ cho mọi người/);
    await page.locator('button[data-cursor]:focus', { hasText: 'Ông Ích Lưu' }).waitFor();
    await press('Enter');
    await row('Điện thoại thông minh');
    await page
      .getByText(/, Người nhà trả lời thay/)
      .first()
      .waitFor();
    await picture(page, 'visit-last-values');
    await press('Control+Enter');
    await heading('Nói với gia đình');
    await press('Enter');
    await today();
    expect(keys).toBeLessThanOrEqual(8);
  });
});

describe('a closed door', () => {
  it('takes one key, can be taken back, and the walk goes on', async () => {
    const { household } = await of('Cao Hữu Ước');
    await open(household);
    await picture(page, 'visit-knock');
    expect(await axeFindings(page)).toEqual([]);
    await press('2');
    await page.getByText('Đã ghi Số 15: Vắng').waitFor();
    await picture(page, 'visit-absent');
    await press('Control+z');
    await heading('Trước khi gõ cửa');
    expect((await ask<HouseholdView>('household', { household })).last_visit).toBeNull();
    await press('2');
    await page.getByText('Đã ghi Số 15: Vắng').waitFor();
    await press('Enter');
    await today();
    expect((await ask<HouseholdView>('household', { household })).last_visit?.outcome).toBe('absent');
  });

  it('hẹn lại asks the day', async () => {
    const { household } = await of('Cao Hữu Ước');
    await open(household);
    await press('3');
    await heading('Hẹn lại hôm nào?');
    await picture(page, 'visit-day');
    expect(await axeFindings(page)).toEqual([]);
    await press('1');
    await page.getByText(/^Đã hẹn ngày/).waitFor();
    const { last_visit } = await ask<HouseholdView>('household', { household });
    expect(last_visit?.outcome).toBe('postponed');
    expect(last_visit?.next_day).toBeTruthy();
  });

  it('declining takes as few keys as agreeing', async () => {
    const { household } = await of('Tiêu Đức Hình');
    await open(household);
    await page.clock.install();
    await press('1', 'Enter');
    await heading('Đọc cho gia đình nghe');
    await press('4');
    await page.getByText(/không hỏi lại trong đợt này/).waitFor();
    await picture(page, 'visit-declined');
    // What is to be said aloud stays until somebody goes on; a dialog over it has its own Esc.
    await page.clock.runFor(15_000);
    await page.getByRole('button', { name: 'Hoàn tác' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Giao diện, cỡ chữ' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.getByText(/không hỏi lại trong đợt này/).waitFor();
    const after = await ask<HouseholdView>('household', { household });
    expect([after.last_visit?.outcome, after.declined]).toEqual(['declined', true]);
    // Come back to, its header shows it as the street does.
    await page.context().close();
    await open(household);
    await page.locator('header').getByRole('img', { name: 'Không muốn cung cấp' }).waitFor();
  });

  it('Khác holds the rest', async () => {
    const { household } = await of('Khúc Thị Tạm');
    await open(household);
    await page.getByRole('button', { name: 'Khác', exact: true }).click();
    await picture(page, 'visit-other');
    await press('1');
    await page.getByText(/Đã ghi Số 4B: Nhà bỏ không/).waitFor();
  });
});

describe('somebody answers', () => {
  it('nothing is chosen beforehand, and without consent nothing is written', async () => {
    const { household } = await of('Đinh Quang Mẫu');
    await open(household);
    await press('1', 'Enter');
    await heading('Đọc cho gia đình nghe');
    expect(await page.getByRole('radio', { checked: true }).count()).toBe(0);
    await press('Enter', 'Enter', '1');
    await page.getByText(/chưa đồng ý, nên chỉ ghi kết quả/).waitFor();
    expect(await page.getByRole('radio').first().isDisabled()).toBe(true);
    await picture(page, 'visit-locked');
    await press('1');
    await press('Control+Enter');
    await heading('Nói với gia đình');
    const after = await ask<HouseholdView>('household', { household });
    expect(after.progress).toBe('met');
    expect(after.people.flatMap(({ facts }) => Object.keys(facts))).toEqual([]);
  });

  it('a key held down at the consent question speaks for one person only', async () => {
    const { household } = await of('Ông Ích Chép');
    await open(household);
    await press('1', 'Enter');
    await heading('Đọc cho gia đình nghe');
    for (let time = 0; time < 6; time += 1) await page.keyboard.down('1');
    await page.keyboard.up('1');
    await page.getByText('Đồng ý 1, không 0, chưa hỏi 3').waitFor();
    await heading('Đọc cho gia đình nghe');
  });

  it('where everybody declines, Enter leads to Save, and a save that fails keeps the focus there', async () => {
    const { household } = await of('Đinh Quang Mẫu');
    let full = true;
    let letGo = () => {};
    await open(household, {
      save_visit: async (request) => {
        await new Promise<void>((go) => (letGo = go));
        if (full) throw { code: 'store.disk_full', params: {}, retryable: true };
        return (await desk.ask('save_visit', request)).reply;
      },
    });
    await press('1', 'Enter');
    await heading('Đọc cho gia đình nghe');
    await press('2', 'Enter', 'Enter', '5');
    await page.getByText(/không đồng ý, nên không ghi/).waitFor();
    await press('Enter');
    const save = page.locator('.save button:focus');
    await save.waitFor();
    await press('Enter');
    await save.getByText('Đang lưu…').waitFor();
    await picture(page, 'visit-saving');
    expect(await axeFindings(page)).toEqual([]);
    letGo();
    await page.getByRole('alert').getByText('Ổ đĩa đã đầy').waitFor();
    await save.waitFor();
    full = false;
    await press('Enter');
    await save.getByText('Đang lưu…').waitFor();
    letGo();
    await heading('Nói với gia đình');
  });

  it('the verdict follows every answer, and Ctrl+Z takes it back', async () => {
    const { household } = await of('Lục Văn Ví');
    await open(household);
    await toFacts(3);
    const card = page.getByRole('region', { name: 'Gia đình số' });
    await card.getByText('Chưa đủ thông tin').waitFor();
    await press('1', '3', '4', '1', '1', '2');
    await row('Biết tránh lừa đảo');
    await press('1', '1');
    await card.getByText(/Còn \d bước|Chưa đủ/).waitFor();
    await picture(page, 'visit-verdict');
    await press('Control+z', 'Control+z', 'Control+z');
    await row('Đã tự làm việc qua mạng');
    expect(await page.locator('[data-cursor]').getByRole('radio', { checked: true }).count()).toBe(0);
    // Seen with own eyes: said after the answer.
    await press('1', 'Alt+2');
    await page.getByRole('button', { name: 'Cách biết: Tận mắt thấy' }).waitFor();
    await press('1', '2');
    await card.getByText('Đã là Gia đình số').waitFor();
    await picture(page, 'visit-met');
  });

  it('what was shown today and an appointment go along', async () => {
    const { household } = await of('Lục Văn Ví');
    await open(household);
    await toFacts(3);
    await press('g');
    await page.locator('[aria-label="Nội dung"] button:focus').waitFor();
    await press('Space');
    await page.getByRole('group', { name: 'Ai đã được hướng dẫn' }).getByRole('button').first().click();
    await press('h');
    await heading('Hẹn lại hôm nào?');
    await press('2');
    await page.getByRole('button', { name: /^Hẹn lại \d/ }).waitFor();
    await picture(page, 'visit-guidance');
    await press('Control+Enter');
    await heading('Nói với gia đình');
    const after = await ask<HouseholdView>('household', { household });
    expect(after.people.filter(({ guided }) => guided)).toHaveLength(1);
    expect(after.last_visit?.next_day).toBeTruthy();
  });

  it('a reload in the middle finds every answer again, and a saved visit leaves none behind', async () => {
    const { household } = await of('Lục Văn Ví');
    await open(household);
    await toFacts(3);
    await press('1', '3');
    await row('Tài khoản ngân hàng');
    const said = () => page.getByRole('radio', { checked: true }).count();
    const before = await said();
    expect(before).toBeGreaterThan(1);
    await settled(page);
    await page.reload();
    await row('Tài khoản ngân hàng');
    expect(await said()).toBe(before);
    await press('Control+z');
    await row('VNeID');
    await press('3', 'Control+Enter');
    await heading('Nói với gia đình');
    expect((await ask<HouseholdView>('household', { household })).draft).toBeNull();
    await page.reload();
    await heading('Trước khi gõ cửa');
  });

  it('leaving asks once, and a look at another page drops nothing', async () => {
    const { household } = await of('Lục Văn Ví');
    await open(household);
    await toFacts(3);
    await press('1');
    await row('VNeID');
    await page.getByRole('link', { name: /Tập huấn/ }).click();
    await page.waitForURL(/gui-ve-xa/);
    await page.goBack();
    await row('VNeID');
    await press('Escape', 'Escape', 'Escape', 'Escape', 'Escape');
    await heading('Trước khi gõ cửa');
    await press('Escape');
    await heading('Bỏ những gì vừa ghi?');
    await picture(page, 'visit-leave');
    expect(await axeFindings(page)).toEqual([]);
    await press('Escape');
    await press('2');
    await page.getByRole('button', { name: 'Bỏ và ghi: Vắng' }).waitFor();
    await page.getByRole('button', { name: 'Ở lại, giữ nguyên' }).click();
    await press('Escape');
    await page.getByRole('button', { name: 'Bỏ và về Hôm nay' }).click();
    await today();
    expect((await ask<HouseholdView>('household', { household })).last_visit).toBeNull();
  });
});

describe('how a step is done', () => {
  it('F2 shows it for the row that is asked, and the way back is where it was', async () => {
    const { household } = await of('Lục Văn Ví');
    await open(household);
    await toFacts(3);
    await press('1');
    await row('VNeID');
    await press('F2');
    await heading('Cách làm tại nhà');
    await heading('Kích hoạt VNeID');
    await page.getByText('mã OTP, số tài khoản').waitFor();
    await picture(page, 'visit-how');
    expect(await axeFindings(page)).toEqual([]);
    // Another one, by keys alone.
    await page.getByRole('button', { name: 'Học Bình dân học vụ số' }).press('Enter');
    await page.getByText('binhdanhocvuso.gov.vn').waitFor();
    // A digit answers nothing behind the dialog.
    await press('1', 'Escape');
    await row('VNeID');
    expect(await page.locator('[data-cursor]').getByRole('radio', { checked: true }).count()).toBe(0);
    await page.getByRole('button', { name: 'Cách làm' }).click();
    await heading('Cách làm tại nhà');
    await press('F2');
    await row('VNeID');
  });
});

describe('what goes wrong', () => {
  it('a full disk loses nothing', async () => {
    const { household } = await of('Lục Văn Ví');
    let full = true;
    await open(household, {
      save_visit: async (request) => {
        if (full) throw { code: 'store.disk_full', params: {}, retryable: true };
        return (await desk.ask('save_visit', request)).reply;
      },
    });
    await toFacts(3);
    await press('1', '3', 'Control+Enter');
    await page.getByRole('alert').getByText('Ổ đĩa đã đầy').waitFor();
    await picture(page, 'visit-unsaved');
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.getByRole('radio', { checked: true }).count()).toBeGreaterThan(1);
    full = false;
    await page.getByRole('button', { name: 'Lưu lại' }).click();
    await heading('Nói với gia đình');
  });

  it('a household that is not here says so', async () => {
    page = await app.open('/nha/00000000-0000-0000-0000-000000000000', undefined, { desk });
    await page.getByText('Không có hộ này trên máy').waitFor();
    await picture(page, 'visit-none');
    expect(await axeFindings(page)).toEqual([]);
  });

  it('an older answer of the scales says nothing any more', async () => {
    const { household } = await of('Lục Văn Ví');
    const waiting: (() => void)[] = [];
    let hold = false;
    await open(household, {
      weigh_visit: async (request) => {
        const { reply } = await desk.ask('weigh_visit', request);
        if (hold) await new Promise<void>((go) => waiting.push(go));
        return reply;
      },
    });
    await toFacts(3);
    await press('1', '3', '4', '1', '1');
    await row('Đã tự làm việc qua mạng');
    // The answer "không" is weighed slowly, the correction at once.
    hold = true;
    await press('2');
    await expect.poll(() => waiting.length).toBe(1);
    hold = false;
    await press('ArrowUp', '1', '1', '2');
    const card = page.getByRole('region', { name: 'Gia đình số' });
    expect(await card.getByText('Đã là Gia đình số').count()).toBe(0);
    waiting.forEach((go) => go());
    await card.getByText('Đã là Gia đình số').waitFor();
  });
});

describe.each(LOOKS)('looks, %s', (name, chosen) => {
  it('stands at 1366 by 698', async () => {
    const { household } = await of('Ông Ích Chép');
    await open(household);
    await look(chosen);
    await press('1', 'Enter');
    await heading('Đọc cho gia đình nghe');
    await picture(page, `visit-consent-${name}`);
    expect(await axeFindings(page)).toEqual([]);
    await press('1', '1', '1', '1', 'Enter', '3');
    await row('Điện thoại thông minh');
    await press('1', '3', '1', 'Enter', '1', '1', '2');
    await row('Biết tránh lừa đảo');
    await picture(page, `visit-facts-${name}`);
    expect(await axeFindings(page)).toEqual([]);
    const spill = await page.evaluate(() => {
      const main = document.querySelector('main')!;
      return Math.max(main.scrollWidth - main.clientWidth, document.body.scrollWidth - innerWidth);
    });
    expect(spill).toBeLessThanOrEqual(0);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('a[href], button, input')]
        .map((one) => ({ box: one.getBoundingClientRect(), one }))
        .filter(({ box }) => box.width > 0 && (box.width < 44 || box.height < 44))
        .map(({ box, one }) => `${box.width}x${box.height} ${one.textContent}`),
    );
    expect(small).toEqual([]);
  });

  it('stands in a narrow window', async () => {
    const { household } = await of('Đinh Quang Mẫu');
    await open(household, {}, { width: 1093, height: 558 });
    await look(chosen);
    await press('1', 'Enter', '1', 'Enter', 'Enter', '1');
    await row('Điện thoại thông minh');
    await picture(page, `visit-narrow-${name}`);
    await press('F3');
    await page.getByRole('complementary').waitFor();
    await picture(page, `visit-drawer-${name}`);
    expect(await axeFindings(page)).toEqual([]);
    await press('Escape');
    expect(await page.getByRole('complementary').count()).toBe(0);
  });
});
