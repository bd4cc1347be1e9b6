import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { HouseholdView, ProgressView, VisitRequest } from '../src/api/generated/commands';
import { Desk, type Answers } from './desk';
import { axeFindings, leave, picture, scrollPictures, startApp, type App, type Size } from './harness';

let app: App;
let desk: Desk;
let page: Page;
beforeAll(async () => void (app = await startApp()));
afterAll(() => app.stop());
beforeEach(async () => {
  desk = new Desk();
  await desk.ask('train', null);
});
afterEach((test) => leave(app, page, desk, test));

const ask = async <Reply>(name: string, request: unknown) => (await desk.ask(name, request)).reply as Reply;

/** Everything Gia đình số asks of one person. */
const EVERYTHING: VisitRequest['learned'][number]['answers'] = [
  ['smartphone', 'own', null],
  ['vneid', 'level2', null],
  ['payment', 'bank', null],
  ['knows', 'yes', null],
  ['skill', 'yes', null],
  ['uses', 'yes', null],
  ['guides_family', 'yes', null],
];

/** Somebody went there: met with these answers, or another outcome. */
async function visit(
  household: string,
  outcome: VisitRequest['outcome'],
  answers = EVERYTHING,
): Promise<void> {
  const view = await ask<HouseholdView>('household', { household });
  const { member } = view.people.find(({ may_answer }) => may_answer)!;
  const met = outcome === 'met';
  const request: VisitRequest = {
    household,
    outcome,
    channel: 'at_home',
    respondent: met ? member : null,
    members_unchanged: met,
    consents: met ? [[member, 'agreed']] : [],
    text_version: view.script.version,
    learned: met ? [{ member, answers }] : [],
    topics: [],
    guided: met ? [member] : [],
    next_day: null,
  };
  expect(await desk.ask('save_visit', request)).toHaveProperty('reply');
}

/** An evening in the training hamlet: one house of each kind. */
async function evening(): Promise<void> {
  const { alleys } = await ask<ProgressView>('progress', { unit: null });
  const [one, two, three] = alleys.map(({ doors }) => doors.map(({ household }) => household));
  const but = (fact: string, answer?: string) =>
    EVERYTHING.flatMap(([asked, said, how]) =>
      asked !== fact
        ? [[asked, said, how] as (typeof EVERYTHING)[number]]
        : answer
          ? [[asked, answer, how] as (typeof EVERYTHING)[number]]
          : [],
    );
  await visit(one![0]!, 'met');
  await visit(one![1]!, 'met', but('uses'));
  await visit(one![2]!, 'met', but('uses', 'no'));
  await visit(two![0]!, 'absent');
  await visit(two![1]!, 'declined');
  await visit(two![2]!, 'vacant');
  await visit(three![0]!, 'met', but('guides_family'));
}

async function open(size?: Size, answers?: Answers): Promise<void> {
  page = await app.open('/tien-do', size, { desk, ...(answers ? { answers } : {}) });
  await page.getByRole('grid', { name: 'Bản đồ ngõ' }).waitFor();
}
const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
async function look(theme: string, size?: string): Promise<void> {
  await page.getByRole('button', { name: 'Giao diện, cỡ chữ' }).click();
  await page.getByRole('button', { name: theme, exact: true }).click();
  if (size) await page.getByRole('button', { name: size, exact: true }).click();
  await page.keyboard.press('Escape');
}

it('the map is walked by keys, filtered by digits, and opens the visit', async () => {
  await evening();
  await open();
  await picture(page, 'progress');
  expect(await axeFindings(page)).toEqual([]);
  const stops = page.locator('[role=gridcell][tabindex="0"]');
  expect(await stops.count()).toBe(1);
  await stops.focus();
  expect(await focused()).toBe('Số 2, đã đủ');
  await page.keyboard.press('ArrowRight');
  expect(await focused()).toBe('Số 4, cần hỏi thêm');
  await page.keyboard.press('End');
  expect(await focused()).toBe('Số 4B, còn 1 bước');
  await page.getByRole('heading', { name: 'Số 4B, Ngõ 1', exact: true }).waitFor();
  await page.getByText('Sử dụng được nền tảng, dịch vụ số').waitFor();
  await picture(page, 'progress-why');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('6');
  await page.getByText('Đang hiện 1 nhà: Chưa gặp').waitFor();
  await picture(page, 'progress-filter');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/nha\//);
});

it('who went to the menu while the figures came stays there; who did not has the map', async () => {
  let come = () => {};
  const asked = new Promise<void>((done) => (come = done));
  const late: Answers = {
    progress: async (request) => (await asked, ask<ProgressView>('progress', request)),
  };
  page = await app.open('/tien-do', undefined, { desk, answers: late });
  const menu = page.locator('nav a[href="#/"]');
  const map = page.getByRole('grid', { name: 'Bản đồ ngõ' });
  await menu.focus();
  come();
  await map.waitFor();
  expect(await menu.evaluate((link) => link === document.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Vào nhà' }).first().waitFor();

  await page.locator('nav a[href="#/tien-do"]').press('Enter');
  await map.waitFor();
  expect(await focused()).toBe('Số 2, chưa đến');
});

it("keys pressed in a dialog over the map are not the map's", async () => {
  await evening();
  await open();
  await page.keyboard.press('6');
  await page.getByText('Đang hiện 1 nhà: Chưa gặp').waitFor();
  await page.getByRole('button', { name: 'Giao diện, cỡ chữ' }).click();
  await page.keyboard.press('1');
  await page.keyboard.press('c');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.getByText('Đang hiện 1 nhà: Chưa gặp').waitFor();
  expect(await page.getByText('Đã chép.').count()).toBe(0);
  await page.keyboard.press('Escape');
  await page.getByText('Đang hiện 1 nhà').waitFor({ state: 'detached' });
});

it('the way back from a visit ends at the same house', async () => {
  await open();
  await page.locator('[role=gridcell][tabindex="0"]').focus();
  await page.keyboard.press('ArrowDown');
  const left = await focused();
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/nha\//);
  await page.goBack();
  await page.getByRole('grid').waitFor();
  expect(await page.locator('[role=gridcell][tabindex="0"]').getAttribute('aria-label')).toBe(left);
});

it.each([
  ['light', 'Sáng', '100%'],
  ['dark', 'Tối, tương phản cao', '100%'],
  ['150', 'Sáng', '150%'],
])('looks right, %s', async (name, theme, size) => {
  await evening();
  await open();
  await look(theme, size);
  await scrollPictures(page, `progress-${name}`);
  expect(await axeFindings(page)).toEqual([]);
  const spill = await page.evaluate(() => document.body.scrollWidth - innerWidth);
  expect(spill).toBeLessThanOrEqual(0);
});

it('has a message for the group without anybody by name, copied or selected', async () => {
  await evening();
  await open();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.keyboard.press('c');
  await page.getByText('Đã chép.').waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/^Đến \d\d\/\d\d\/\d{4}, Thôn Mẫu có 12 hộ: đã đến 7 nhà, gặp 4 nhà; 1\/9 hộ/);
  await page.evaluate(() =>
    Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true }),
  );
  await page.keyboard.press('c');
  const field = page.getByRole('textbox', { name: 'Tin cho nhóm của thôn' });
  await field.waitFor();
  expect(await page.evaluate(() => document.getSelection()?.toString())).toBe(copied);
  await field.scrollIntoViewIfNeeded();
  await picture(page, 'progress-message');
  expect(await axeFindings(page)).toEqual([]);
});

it('a hamlet of several hundred has small tiles and still one stop', async () => {
  await evening();
  const real = await ask<ProgressView>('progress', { unit: null });
  const doors = real.alleys.flatMap((alley) => alley.doors);
  const alleys = Array.from({ length: 16 }, (_, row) => ({
    line: { ...real.alleys[0]!.line, key: `a${row}`, name: `Ngõ ${row + 1}`, doors: 14 + ((row * 5) % 22) },
    doors: Array.from({ length: 14 + ((row * 5) % 22) }, (_, at) => ({
      ...doors[(row * 3 + at * 5) % doors.length]!,
      household: `${row}-${at}`,
      house_no: String(at + 1),
    })),
  }));
  const units = [real.unit!, { id: 'b', name: 'Thôn Đình Thượng' }];
  await open(undefined, { progress: () => ({ ...real, units, alleys }), household: () => null });
  await picture(page, 'progress-large');
  expect(await page.locator('[role=gridcell][tabindex="0"]').count()).toBe(1);
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Thôn đang xem' }).click();
  await picture(page, 'progress-units');
});

it('narrow windows have the reason in a drawer', async () => {
  await evening();
  await open({ width: 1093, height: 558 });
  await page.keyboard.press('F3');
  await page.getByRole('complementary').waitFor();
  await picture(page, 'progress-drawer');
  expect(await axeFindings(page)).toEqual([]);
});

it('nothing on the laptop and an error each say what to do', async () => {
  const real = await ask<ProgressView>('progress', { unit: null });
  let broken = false;
  page = await app.open('/tien-do', undefined, {
    desk,
    answers: {
      progress: () => {
        if (broken) return real;
        broken = true;
        throw { code: 'store.busy', params: {}, retryable: true };
      },
    },
  });
  await page.getByText('Một chương trình khác đang giữ tệp sổ').waitFor();
  await picture(page, 'progress-error');
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Thử lại' }).click();
  await page.getByRole('grid').waitFor();
  await page.context().close();
  page = await app.open('/tien-do', undefined, {
    desk,
    answers: { progress: () => ({ ...real, units: [], unit: null, alleys: [] }) },
  });
  await page.getByText('Máy này chưa có hộ nào').waitFor();
  await picture(page, 'progress-empty');
  expect(await axeFindings(page)).toEqual([]);
});
