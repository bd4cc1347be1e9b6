import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, picture, scrollPictures, startApp, type App, type Size } from './harness';

let app: App;
let page: Page;
beforeAll(async () => void (app = await startApp()));
afterAll(() => app.stop());
afterEach(async () => {
  await page.context().close();
  // Another origin, the content policy, an exception: none of these is ever fine.
  expect(app.offences()).toEqual([]);
});

const SIZES: Size[] = [
  { width: 1366, height: 698 },
  { width: 1280, height: 650 },
];
/** A look and how a person gets it: words on buttons of the page. */
const LOOKS: [string, string[]][] = [
  ['light', ['Sáng']],
  ['dark', ['Tối, tương phản cao']],
  ['150', ['Sáng', '150%']],
];

async function open(look: string[], size?: Size): Promise<void> {
  page = await app.open('/ky-hieu', size);
  for (const name of look) await page.getByRole('button', { name, exact: true }).click();
}

describe.each(LOOKS)('the symbol sheet, %s', (look, presses) => {
  it.each(SIZES)('is drawn at $width by $height without spilling over', async (size) => {
    await open(presses, size);
    const spill = await page.evaluate(() => {
      const main = document.querySelector('main')!;
      return Math.max(main.scrollWidth - main.clientWidth, document.body.scrollWidth - innerWidth);
    });
    await scrollPictures(page, `${look}-${size.width}x${size.height}`);
    expect(spill).toBeLessThanOrEqual(0);
  });

  it('gives axe nothing serious to say', async () => {
    await open(presses);
    expect(await axeFindings(page)).toEqual([]);
  });
});

describe('the keyboard', () => {
  it('reaches everything that can take the focus, and the ring is seen', async () => {
    await open(['Sáng']);
    const reached = await page.evaluate(() => {
      const all = [...document.querySelectorAll<HTMLElement>('a[href], button, input, textarea, [tabindex]')];
      const open = all.filter((one) => one.tabIndex >= 0 && !one.matches(':disabled') && one.offsetParent);
      open.forEach((one, at) => (one.dataset.stop = String(at)));
      (document.activeElement as HTMLElement | null)?.blur();
      return open.length;
    });
    const seen = new Set<string>();
    const ringless: string[] = [];
    for (let press = 0; press < reached + 5; press += 1) {
      await page.keyboard.press('Tab');
      const [stop, ring, what] = await page.evaluate(() => {
        const one = document.activeElement as HTMLElement;
        const ring = [one, one.parentElement!].some((element) => {
          const { outlineStyle, outlineWidth } = getComputedStyle(element);
          return outlineStyle === 'solid' && parseFloat(outlineWidth) >= 3;
        });
        return [one.dataset.stop ?? '', ring, one.outerHTML.slice(0, 120)] as const;
      });
      if (!ring && stop) ringless.push(what);
      if (stop) seen.add(stop);
    }
    const missed = await page.evaluate(
      (stops) =>
        [...document.querySelectorAll<HTMLElement>('[data-stop]')]
          .filter((one) => !stops.includes(one.dataset.stop!))
          .map((one) => one.outerHTML.slice(0, 120)),
      [...seen],
    );
    expect({ missed, ringless }).toEqual({ missed: [], ringless: [] });
  });

  it('answers with digits, walks with arrows, and chooses nothing beforehand', async () => {
    await open(['Sáng']);
    const group = page.getByRole('radiogroup', { name: 'Biết việc làm được qua mạng' });
    const chosen = () => group.getByRole('radio', { checked: true }).allInnerTexts();
    expect(await chosen()).toEqual([]);
    await group.getByRole('radio').first().focus();
    await page.keyboard.press('ArrowRight');
    expect(await chosen()).toEqual([]);
    await page.keyboard.press('3');
    expect((await chosen()).join()).toContain('Chưa rõ');
    await page.keyboard.press('k');
    expect((await chosen()).join()).toContain('Không');
    await picture(page, 'answer-focused');
  });

  it('holds the focus in a dialog and gives it back', async () => {
    await open(['Sáng']);
    await page.getByRole('button', { name: 'Mở hộp thoại' }).click();
    const inside = () =>
      page.evaluate(
        () => document.activeElement === document.body || !!document.activeElement?.closest('dialog'),
      );
    for (let press = 0; press < 8; press += 1) {
      expect(await inside()).toBe(true);
      await page.keyboard.press('Tab');
    }
    await picture(page, 'dialog');
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Mở hộp thoại');
  });

  it('opens a menu that stays in the window, takes a digit and steps back with Esc', async () => {
    await open(['Sáng']);
    const trigger = page.getByRole('button', { name: 'Cách biết: Tự làm được' });
    await trigger.click();
    const menu = page.getByRole('menu');
    await picture(page, 'menu');
    expect(await axeFindings(page)).toEqual([]);
    const box = (await menu.boundingBox())!;
    expect(box.y >= 0 && box.y + box.height <= 698).toBe(true);
    await page.keyboard.press('Escape');
    expect(await menu.count()).toBe(0);
    await page.keyboard.press('Enter');
    await page.keyboard.press('6');
    await page.getByRole('button', { name: 'Cách biết: Có chứng nhận' }).waitFor();
  });

  it('finds without accents from anywhere with Ctrl+K', async () => {
    await open(['Sáng']);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('doan');
    await page.getByText('Không tìm thấy').waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('dong vien');
    await page.getByRole('option').first().waitFor();
    await picture(page, 'search');
    expect(await axeFindings(page)).toEqual([]);
  });

  it('walks fifty thousand rows and opens one', async () => {
    await open(['Sáng']);
    const rows = page.getByRole('grid').getByRole('row');
    expect(await rows.count()).toBeLessThan(60);
    await rows.nth(1).focus();
    await page.keyboard.press('End');
    await page.locator('tr[aria-rowindex="50001"]:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Số 12500').last().waitFor();
    await picture(page, 'table-end');
  });

  it('opens the right panel as a drawer with F3 where the window is narrow', async () => {
    page = await app.open('/ky-hieu', { width: 1093, height: 558 });
    expect(await page.getByRole('complementary').count()).toBe(0);
    await page.keyboard.press('F3');
    await page.getByRole('complementary').waitFor();
    await picture(page, 'drawer-1093x558');
    expect(await axeFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('complementary').count()).toBe(0);
  });
});

describe('bad light, grey prints, tired hands', () => {
  /** What is left of a spot of the page without its colours: 48 by 48 grey values. */
  async function greysOf(spot: Locator): Promise<number[]> {
    const png = (await spot.screenshot()).toString('base64');
    return page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const canvas = new OffscreenCanvas(48, 48).getContext('2d')!;
      canvas.drawImage(bitmap, 0, 0, 48, 48);
      const { data } = canvas.getImageData(0, 0, 48, 48);
      return Array.from({ length: 48 * 48 }, (_, at) =>
        [0.2126, 0.7152, 0.0722].reduce((sum, weight, part) => sum + weight * data[at * 4 + part]!, 0),
      );
    }, png);
  }

  /** The smallest mean difference, 0 to 255, between any two of the spots. */
  async function leastDifference(spots: Locator[]): Promise<number> {
    const greys: number[][] = [];
    for (const spot of spots) greys.push(await greysOf(spot));
    const differences = greys.flatMap((one, at) =>
      greys
        .slice(at + 1)
        .map((other) => one.reduce((sum, grey, dot) => sum + Math.abs(grey - other[dot]!), 0) / one.length),
    );
    return Math.min(...differences);
  }

  it.each(LOOKS.slice(0, 2))(
    'every tile and answer differs from every other without colour, %s',
    async (look, presses) => {
      await open(presses);
      const tiles = await page.locator('.legend .tile').all();
      expect(tiles.length).toBe(8);
      expect(await leastDifference(tiles)).toBeGreaterThan(4);
      const answers = await page.locator('[role=radio][aria-checked=true]').all();
      expect(answers.length).toBe(3);
      expect(await leastDifference(answers)).toBeGreaterThan(4);
      const view = await page.context().newCDPSession(page);
      await view.send('Emulation.setEmulatedVisionDeficiency', { type: 'achromatopsia' });
      await scrollPictures(page, `grey-${look}`);
    },
  );

  it('keeps outlines and marks in the colours of the system', async () => {
    page = await app.open('/ky-hieu');
    await page.emulateMedia({ forcedColors: 'active' });
    await scrollPictures(page, 'forced-colors');
  });

  it('has nothing to press that is smaller than 44 by 44', async () => {
    await open(['Sáng']);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('a[href], button, input, textarea, tr[tabindex]')]
        .map((one) => ({ box: (one.closest('.search') ?? one).getBoundingClientRect(), one }))
        .filter(({ box }) => box.width > 0 && (box.width < 44 || box.height < 44))
        .map(({ box, one }) => `${box.width}x${box.height} ${one.outerHTML.slice(0, 100)}`),
    );
    expect(small).toEqual([]);
  });
});

it('says everything in English too', async () => {
  await open(['Sáng', 'English']);
  await page.getByRole('heading', { name: 'Symbols', exact: true }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
  await picture(page, 'english');
});

it('the first page stands on its own', async () => {
  page = await app.open('/');
  expect(await axeFindings(page)).toEqual([]);
  await picture(page, 'welcome');
});

it('a breach of the content policy and a foreign address would be noticed', async () => {
  page = await app.open('/');
  await page.evaluate(async () => {
    document.body.insertAdjacentHTML('beforeend', '<p style="color: red"></p>');
    const image = new Image();
    const refused = new Promise((done) => (image.onerror = done));
    image.src = 'http://elsewhere.invalid/a.png';
    await refused;
  });
  const offences = app.offences().join('\n');
  expect(offences).toContain('inline style');
  expect(offences).toContain('elsewhere.invalid');
});
