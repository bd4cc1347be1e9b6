// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import type { Saved, StartView, VerdictView, VisitRequest } from '$api/client';
import { inMemory, type Answers } from '$api/memory';
import { Session } from '$shared/session.svelte';
import { family } from './sample';
import { BEGIN } from './steps';
import { VisitPage } from './visit.svelte';
import { kindOf, lastWords, statusOf, valueLabel, verdictWords } from './words';
import { EMPTY } from './draft';

const verdict = (more: Partial<VerdictView> = {}): VerdictView => ({ ...family().verdict, ...more });
const saved: Saved = { visit: 'V', at_ms: 1, progress: 'met', verdict: verdict() };
const full = { code: 'store.disk_full', params: {}, retryable: true };

async function opened(answers: Answers = {}): Promise<{ page: VisitPage; left: () => number }> {
  let left = 0;
  const client = inMemory({
    household: () => family(),
    sending: () => ({ waiting: 1, confirmed: 0, to_review: 0, last: null, training: false }),
    weigh_visit: () => ({ progress: 'met', verdict: verdict() }),
    save_visit: () => saved,
    undo_visit: () => saved,
    ...answers,
  });
  const page = new VisitPage(new Session(client), 'H', () => (left += 1));
  await page.load();
  return { page, left: () => left };
}

const press = (page: VisitPage, keys: string) => keys.split(' ').forEach((key) => page.key(key));
const settled = () => new Promise((done) => setTimeout(done));

describe('a draft of another evening', () => {
  const draft = JSON.stringify({ ...BEGIN, draft: { ...EMPTY, respondent: 'Lan' } });

  it.each([
    ['2026-11-24', '2026-11-24'],
    ['2026-11-25', undefined],
  ])('of %s says so: %s', async (draft_day, said) => {
    const session = new Session(inMemory({ household: () => ({ ...family(), draft, draft_day }) }));
    session.start = { here: { today: '2026-11-25' } } as StartView;
    const page = new VisitPage(session, 'H', () => undefined);
    await page.load();
    expect(page.visiting.draft.respondent).toBe('Lan');
    expect(page.spokenOn).toBe(said);
  });
});

describe('saving', () => {
  it('hands over the draft, says so, and goes on', async () => {
    let request: VisitRequest | undefined;
    const { page, left } = await opened({ save_visit: (asked) => ((request = asked), saved) });
    press(page, '1 2 1 Enter 1 2 1 Ctrl+Enter');
    await settled();
    expect(request).toMatchObject({ outcome: 'met', respondent: 'Lan', members_unchanged: true });
    expect(page.done).toMatchObject({ outcome: 'met', saved: { visit: 'V' } });
    page.goAway();
    expect(left()).toBe(1);
  });

  it('keeps everything where it fails, and can be tried again', async () => {
    let fails = true;
    const { page } = await opened({
      save_visit: () => {
        if (fails) throw full;
        return saved;
      },
    });
    press(page, '1 2 1 Enter 1 2 1 Ctrl+Enter');
    const before = page.visiting;
    await settled();
    expect(page.saveTrouble).toEqual({ error: full, outcome: 'met' });
    expect([page.done, page.visiting]).toEqual([undefined, before]);
    fails = false;
    await page.record('met');
    expect(page.saveTrouble).toBeUndefined();
    expect(page.done?.outcome).toBe('met');
  });

  it('does not write twice when Save is pressed twice', async () => {
    let writes = 0;
    const { page } = await opened({ save_visit: () => ((writes += 1), saved) });
    press(page, '1 2 Ctrl+Enter Ctrl+Enter');
    await settled();
    expect(writes).toBe(1);
  });

  it('is taken back with the page as it was; the promised day goes with its outcome', async () => {
    const { page } = await opened();
    press(page, '3');
    expect(page.asking).toEqual({ about: 'day' });
    page.promise('2026-11-24');
    await settled();
    expect(page.done?.outcome).toBe('postponed');
    await page.undo();
    expect([page.done, page.visiting.draft]).toEqual([undefined, EMPTY]);
  });

  it('stays saved where the undo is refused', async () => {
    const { page } = await opened({
      undo_visit: () => {
        throw full;
      },
    });
    press(page, '2');
    await settled();
    await page.undo();
    expect(page.done?.outcome).toBe('absent');
    expect(page.saveTrouble).toEqual({ error: full });
  });
});

describe('leaving', () => {
  it('asks once, and only where something would be lost', async () => {
    const clean = await opened();
    press(clean.page, 'Esc');
    expect(clean.left()).toBe(1);
    const { page, left } = await opened();
    press(page, '1 2 1 Esc Esc Esc Esc');
    expect([page.asking, left()]).toEqual([{ about: 'leave' }, 0]);
    // While it asks, keys belong to the dialog.
    expect(page.key('2')).toBe(false);
    page.goAway();
    expect(left()).toBe(1);
  });

  it('asks before an outcome drops answers, but a spoken no goes along', async () => {
    const { page } = await opened();
    press(page, '1 2 1 Enter 1 2 1 Esc Esc Esc Esc Esc 2');
    expect(page.asking).toEqual({ about: 'leave', outcome: 'absent' });
    const other = await opened();
    press(other.page, '1 2 2 4');
    await settled();
    expect(other.page.done?.outcome).toBe('declined');
  });

  it('finds the answers again in another page or another window, until they are saved or dropped', async () => {
    const drafts = new Map<string, string | null>();
    const answers: Answers = {
      household: () => family({ draft: drafts.get('H') ?? null }),
      keep_draft: ({ household, draft }) => (drafts.set(household, draft), null),
    };
    const { page } = await opened(answers);
    press(page, '1 2 1');
    await settled();
    const again = await opened(answers);
    expect(again.page.visiting).toEqual(page.visiting);
    press(again.page, 'Ctrl+Z');
    expect(again.page.visiting.draft).not.toEqual(page.visiting.draft);
    press(again.page, '1');
    again.page.goAway();
    await settled();
    expect(drafts.get('H')).toBeNull();
    expect((await opened(answers)).page.visiting.draft).toEqual(EMPTY);

    const saving = await opened(answers);
    press(saving.page, '1 2 1 Ctrl+Enter');
    await settled();
    expect([saving.page.done?.outcome, drafts.get('H')]).toEqual(['met', null]);
  });

  it('a draft that cannot be read begins anew', async () => {
    for (const draft of ['', '{', '{"draft":1}', 'null'])
      expect((await opened({ household: () => family({ draft }) })).page.visiting.draft, draft).toEqual(
        EMPTY,
      );
  });

  it('a slow program hears the last word last', async () => {
    const heard: (string | null)[] = [];
    const waiting: (() => void)[] = [];
    const { page } = await opened({
      keep_draft: async ({ draft }) => {
        await new Promise<void>((go) => waiting.push(go));
        heard.push(draft);
        return null;
      },
    });
    press(page, '1 2 1');
    await settled();
    press(page, 'Ctrl+Z 2');
    await settled();
    expect(waiting).toHaveLength(1);
    const flush = async () => {
      waiting.splice(0).forEach((go) => go());
      await settled();
    };
    await flush();
    page.goAway();
    await flush();
    await flush();
    expect([heard.at(-1), heard.length <= 3]).toEqual([null, true]);
  });
});

describe('the scales', () => {
  it('shows the verdict of the last question only, and what would be refused', async () => {
    const waiting: ((answer: { progress: 'met'; verdict: VerdictView }) => void)[] = [];
    const { page } = await opened({ weigh_visit: () => new Promise((done) => waiting.push(done)) });
    press(page, '1 2 1 Enter 1 2 1');
    await settled();
    const answers = waiting.splice(0);
    answers.at(-1)!({ progress: 'met', verdict: verdict({ state: 'met' }) });
    await settled();
    answers[0]!({ progress: 'met', verdict: verdict({ state: 'not_met' }) });
    await settled();
    expect(page.verdict?.state).toBe('met');
  });

  it('shows what the register knows while nobody has agreed, and keeps a refusal for the page', async () => {
    const { page } = await opened({
      weigh_visit: () => {
        throw { code: 'visit.no_consent', params: {}, retryable: false };
      },
    });
    press(page, '1 2');
    await settled();
    expect([page.weighTrouble, page.verdict]).toEqual([undefined, page.view?.verdict]);
    press(page, '1');
    await settled();
    expect(page.weighTrouble?.code).toBe('visit.no_consent');
  });
});

describe('words', () => {
  const step = (code: string, now: 'no' | 'unknown') =>
    ({ clause: 'c3', kind: 'fact', code, now }) as VerdictView['steps'][number];

  it('lists an unknown rule as unknown, and names who to ask', () => {
    const words = verdictWords(
      family(),
      verdict({
        person: 'Lan',
        clauses: [
          { id: 'c3', citation: 'III.4: sử dụng được nền tảng', state: 'unknown' },
          { id: 'c4', citation: 'III.4: hướng dẫn', state: 'yes' },
        ],
        steps: [step('uses', 'unknown')],
        to_ask: { person: 'Lan', steps: [step('uses', 'unknown')] },
      }),
    );
    expect(words.sentence).toBe('Chưa đủ thông tin');
    expect(words.rules.map(({ state, label, detail }) => [state, label, detail])).toEqual([
      ['unknown', 'Sử dụng được nền tảng:', 'Chưa rõ'],
      ['met', 'Hướng dẫn:', 'Lan'],
    ]);
    expect(words.next?.title).toBe('Hỏi thêm Lan');
  });

  it('says one sentence at the end', () => {
    const say = (tile: VerdictView['tile'], steps: VerdictView['steps']) =>
      lastWords(family(), EMPTY, 'met', verdict({ tile, steps, person: 'Lan' }));
    expect(say('met', [])).toBe('Nhà mình đủ cả rồi ạ. Cảm ơn cả nhà.');
    expect(say('one_step', [step('uses', 'no')])).toBe(
      'Nhà mình còn 1 bước nữa là đủ: Lan tự làm một việc qua mạng.',
    );
    expect(say('not_met', [step('uses', 'no'), step('skill', 'no')])).toContain('Trước hết: Lan');
    expect(say('insufficient', [step('uses', 'unknown')])).toContain('lần sau cháu xin hỏi thêm');
    expect(lastWords(family(), { ...EMPTY, nextDay: '2026-11-24' }, 'postponed', verdict())).toBe(
      'Đã hẹn ngày 24/11/2026.',
    );
  });

  it('calls a helper by name and shows no code', () => {
    expect(valueLabel(family(), 'assisted_by', 'Hùng')).toBe('Hùng');
    expect(valueLabel(family(), 'vneid', 'level2')).toBe('Dùng được mức 2');
    expect([kindOf('vneid', 'none'), kindOf('vneid', 'unknown'), kindOf('vneid', 'level2')]).toEqual([
      'no',
      'unknown',
      'yes',
    ]);
  });

  it('never says that somebody lacks what nobody asked about', () => {
    const view = family();
    const words = (draft: typeof EMPTY) => statusOf(view, draft, view.people[1]!).status;
    expect(words(EMPTY)).toBe('missing');
    expect(words({ ...EMPTY, outcome: 'met', respondent: 'Lan' })).toBe('no_consent');
    expect(words({ ...EMPTY, outcome: 'met', respondent: 'Lan', consents: { Lan: 'declined' } })).toBe(
      'refused',
    );
  });
});
