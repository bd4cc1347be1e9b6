import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AppError, TodayView } from '../src/api/client';
import { Desk, type Answers } from './desk';
import { axeFindings, leave, picture, settled, startApp, type App, type Size } from './harness';

let app: App;
let desk: Desk;
let page: Page;
beforeAll(async () => void (app = await startApp()));
afterAll(() => app.stop());
afterEach((test) => leave(app, page, desk, test));

async function openHamlet(answers?: Answers, size?: Size): Promise<void> {
  desk = new Desk();
  await desk.ask('train', null);
  page = await app.open('/', size, { desk, ...(answers ? { answers } : {}) });
}
const today = async () => (await desk.ask('today', { unit: null, alley: null })).reply as TodayView;
const card = () => page.locator('[aria-current=location]').last();
const here = (text: string) => card().getByText(text).first().waitFor();

async function look(...words: string[]): Promise<void> {
  await page.getByRole('button', { name: 'Giao diện, cỡ chữ' }).click();
  for (const name of words) await page.getByRole('button', { name, exact: true }).click();
  await page.keyboard.press('Escape');
}

describe('one alley, by keys alone', () => {
  it('chooses a door, records Vắng at once, takes it back, postpones, and walks on', async () => {
    await openHamlet();
    const { doors, alleys } = await today();
    await here(`Số ${doors[0]!.house_no}`);
    await page.keyboard.press('ArrowDown');
    await here(`Số ${doors[1]!.house_no}`);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Vào nhà');
    await page.keyboard.press('v');
    await page.getByText(`Đã ghi Số ${doors[1]!.house_no}: Vắng.`).waitFor();
    await here(`Số ${doors[2]!.house_no}`);
    await picture(page, 'today-absent');
    expect((await today()).doors[1]).toMatchObject({ last_outcome: 'absent', tile: 'not_met_in_person' });
    await page.keyboard.press('Control+z');
    await here(`Số ${doors[1]!.house_no}`);
    expect((await today()).doors[1]!.last_outcome).toBeNull();
    await page.keyboard.press('h');
    await page.getByRole('dialog').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'today-postpone');
    await page.keyboard.press('1');
    await page.getByText(`Đã ghi Số ${doors[1]!.house_no}: Hẹn lại`).waitFor();
    expect((await today()).doors[1]!.reason.code).toBe('promised');
    await page.keyboard.press(']');
    await page.getByRole('button', { name: alleys[1]!.name, pressed: true }).waitFor();
    await page.keyboard.press('PageUp');
    await page.getByRole('button', { name: alleys[0]!.name, pressed: true }).waitFor();
    await here(`Số ${doors[0]!.house_no}`);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/#/nha/${doors[0]!.household}`);
  });

  it('says when an alley is done and leads on', async () => {
    await openHamlet();
    const { doors, alleys } = await today();
    for (const door of doors) {
      await here(`Số ${door.house_no}`);
      await page.keyboard.press('v');
      await page.getByText(`Đã ghi Số ${door.house_no}: Vắng.`).waitFor();
    }
    await page.getByText('Đã hết nhà trong ngõ này').waitFor();
    await picture(page, 'today-done');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain(
      `Sang ${alleys[1]!.name}`,
    );
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: alleys[1]!.name, pressed: true }).waitFor();
  });

  it('takes nobody back who has gone elsewhere while a visit is saved', async () => {
    let save = () => {};
    const saving = new Promise<void>((go) => (save = go));
    await openHamlet({
      save_visit: async (request) => (await saving, (await desk.ask('save_visit', request)).reply),
    });
    const { doors } = await today();
    await here(`Số ${doors[0]!.house_no}`);
    await page.keyboard.press('v');
    const menu = page.getByRole('link', { name: 'Tiến độ' });
    await menu.focus();
    save();
    await here(`Số ${doors[1]!.house_no}`);
    await settled(page);
    expect(await menu.evaluate((link) => link === document.activeElement)).toBe(true);
  });

  it('says a thing once, however long its key is held', async () => {
    await openHamlet();
    const { doors } = await today();
    await here(`Số ${doors[0]!.house_no}`);
    for (let time = 0; time < 6; time += 1) await page.keyboard.down('v');
    await page.keyboard.up('v');
    await page.getByText(`Đã ghi Số ${doors[0]!.house_no}: Vắng.`).waitFor();
    // An arrow kept down walks: once past the first doors nothing more was said of them.
    for (let time = 0; time < 3; time += 1) await page.keyboard.down('ArrowUp');
    await page.keyboard.up('ArrowUp');
    expect((await today()).doors.filter(({ last_outcome }) => last_outcome !== null)).toHaveLength(1);
  });

  it('keeps a letter in a text and a key of an input method to themselves', async () => {
    await openHamlet();
    await card().waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('vh');
    expect((await today()).doors.every(({ last_outcome }) => last_outcome === null)).toBe(true);
    expect(await page.getByRole('combobox').inputValue()).toBe('vh');
  });
});

describe('finding a person', () => {
  it('needs no marks, says when nobody is found, and opens the door with Enter', async () => {
    await openHamlet();
    const { doors } = await today();
    const head = doors[1]!.head!.full_name;
    const bare = head.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/gi, 'd').toLowerCase();
    await card().waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('khong co ai');
    await page.getByText('Không tìm thấy').waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.type(bare);
    await page.getByRole('option', { name: head }).waitFor();
    await picture(page, 'today-search');
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/#/nha/${doors[1]!.household}`);
  });
});

it('Enter in the search waits for the answer to all that was typed', async () => {
  const gates: (() => void)[] = [];
  await openHamlet({
    find: async (request) => {
      await new Promise<void>((go) => gates.push(go));
      return (await desk.ask('find', request)).reply;
    },
  });
  const { doors } = await today();
  const bare = doors[1]!.head!.full_name.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/gi, 'd');
  await card().waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type(bare);
  await expect.poll(() => gates.length).toBe(1);
  // What the first letters find stands there, and somebody else comes first in it.
  gates[0]!();
  await expect.poll(() => gates.length).toBe(2);
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
  gates[1]!();
  await page.waitForURL(`**/#/nha/${doors[1]!.household}`);
});

describe('states that are hard to reach', () => {
  it('an empty register leads to the list and to the commune', async () => {
    const empty: TodayView = {
      today: '2026-11-22',
      units: [],
      unit: null,
      alleys: [],
      alley: null,
      doors: [],
    };
    await openHamlet({ today: () => empty });
    await page.getByText('Máy này chưa có nhà nào').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'today-empty');
    await page.getByRole('link', { name: 'Đưa danh sách Excel vào' }).click();
    await page.waitForURL('**/#/danh-sach');
  });

  it('a full disk keeps the deed on the screen and saves it again', async () => {
    let full = true;
    const error: AppError = { code: 'store.disk_full', params: {}, retryable: true };
    await openHamlet({
      save_visit: async (request) => {
        if (full) throw error;
        return (await desk.ask('save_visit', request)).reply;
      },
    });
    await card().waitFor();
    await page.keyboard.press('v');
    await page.getByRole('alert').getByText('còn trên màn hình').waitFor();
    await picture(page, 'today-unsaved');
    full = false;
    await page.getByRole('button', { name: 'Lưu lại' }).click();
    await page.getByText(': Vắng.').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('a register that cannot be read says so and is asked again', async () => {
    let locked = true;
    await openHamlet({
      today: async (request) => {
        if (locked) throw { code: 'store.busy', params: {}, retryable: true } satisfies AppError;
        return (await desk.ask('today', request)).reply;
      },
    });
    await page.getByText('đang giữ tệp sổ').waitFor();
    await picture(page, 'today-trouble');
    locked = false;
    await page.getByRole('button', { name: 'Thử lại' }).click();
    await card().waitFor();
  });

  it('every reason, tile and a long alley', async () => {
    await openHamlet({
      today: async (request) => mixed((await desk.ask('today', request)).reply as TodayView),
    });
    await here('Còn 1 bước:');
    await picture(page, 'today-mixed');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    await here('Không muốn cung cấp');
    expect(await card().getByRole('button').count()).toBe(0);
    await picture(page, 'today-mixed-end');
    expect(await axeFindings(page)).toEqual([]);
  });
});

/** The same hamlet after some weeks: one door in every state, in two hamlet units and many alleys. */
function mixed(view: TodayView): TodayView {
  const door = view.doors[0]!;
  const person = { full_name: 'Trần Thị Lan', sex: 'female', age: 66, age_estimated: false } as const;
  const step = (now: 'no' | 'unknown') => ({ clause: 'c3', kind: 'fact', code: 'uses', now }) as const;
  const visited = { last_day: '2026-11-08', last_outcome: 'met', steps: 1 } as const;
  const states: Partial<TodayView['doors'][number]>[] = [
    { ...visited, tile: 'met', steps: 0, reason: { code: 'digital' } },
    { ...visited, tile: 'one_step', reason: { code: 'one_step', person, step: step('no') } },
    { ...visited, tile: 'insufficient', reason: { code: 'one_step', person, step: step('unknown') } },
    { ...visited, tile: 'not_met', steps: 3, reason: { code: 'steps_left', steps: 3 } },
    { ...visited, tile: 'insufficient', reason: { code: 'information_missing' } },
    {
      last_day: '2026-11-20',
      last_outcome: 'absent',
      tile: 'not_met_in_person',
      reason: { code: 'not_met_yet' },
    },
    {
      ...visited,
      last_outcome: 'postponed',
      tile: 'not_met_in_person',
      reason: { code: 'promised', day: '2099-12-05' },
    },
    { house_no: '', place_note: 'sau đình, cạnh giếng làng', reason: { code: 'never_reached' } },
    {
      ...visited,
      last_outcome: 'moved_out',
      tile: 'unoccupied',
      steps: null,
      reason: { code: 'unoccupied' },
    },
    { ...visited, last_outcome: 'declined', tile: 'declined', steps: null, reason: { code: 'declined' } },
  ];
  const doors = states.map((state, at) => ({
    ...door,
    house_no: String(2 + 2 * at),
    household: view.doors[at % view.doors.length]!.household.slice(0, -2) + String(10 + at),
    ...state,
  }));
  const alleys = Array.from({ length: 9 }, (_, at) => ({
    ...view.alleys[0]!,
    key: at === 0 ? view.alley! : `alley-${at}`,
    name: ['Ngõ Đình', 'Ngõ Ao Sen', 'Ngõ Bờ Đê'][at] ?? `Ngõ ${at + 1}`,
    doors: 10,
    reached: 9 - at,
    met: 7 - Math.min(at, 7),
    digital: at === 0 ? 1 : 0,
  }));
  const units = [view.unit!, { id: '00000000-0000-0000-0000-000000000002', name: 'Tổ dân phố Đổng Viên' }];
  return { ...view, units, alleys, doors };
}

describe.each<[string, string[]]>([
  ['light', ['Sáng']],
  ['dark', ['Tối, tương phản cao']],
  ['150', ['Sáng', '150%']],
])('the look %s', (name, words) => {
  it.each<Size>([
    { width: 1366, height: 698 },
    { width: 1093, height: 558 },
  ])('is clean at $width by $height', async (size) => {
    await openHamlet(undefined, size);
    await card().waitFor();
    await look(...words);
    const spill = await page.evaluate(() => {
      const main = document.querySelector('main')!;
      return Math.max(main.scrollWidth - main.clientWidth, document.body.scrollWidth - innerWidth);
    });
    await picture(page, `today-${name}-${size.width}`);
    expect(await axeFindings(page)).toEqual([]);
    expect(spill).toBeLessThanOrEqual(0);
  });
});

it('the look that was chosen is there again when the window opens, locked or not', async () => {
  await openHamlet();
  await card().waitFor();
  await look('Tối, tương phản cao', '130%', 'English');
  await page.getByRole('heading', { name: 'Today', exact: true }).waitFor();
  await settled(page);
  await page.reload();
  await page.getByRole('heading', { name: 'Today', exact: true }).waitFor();
  const root = () => page.evaluate(() => ({ ...document.documentElement.dataset }));
  expect(await root()).toMatchObject({ theme: 'dark', text: '130' });
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
  await page.context().close();
  await desk.ask('lock', null);
  page = await app.open('/', undefined, { desk });
  await page.getByRole('heading', { name: 'Connect this laptop' }).waitFor();
  expect(await root()).toMatchObject({ theme: 'dark', text: '130' });
});

it('the settings are a dialog, by keys too, and in English', async () => {
  await openHamlet();
  await card().waitFor();
  await page.getByRole('button', { name: 'Giao diện, cỡ chữ' }).press('Enter');
  await page.getByRole('dialog').waitFor();
  await picture(page, 'look');
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'English' }).press('Enter');
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Today', exact: true }).waitFor();
  await picture(page, 'today-english');
});
