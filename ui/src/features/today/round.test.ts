// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import type { DoorView, Saved, TodayRequest, TodayView, VisitRequest } from '$api/client';
import { inMemory, type Answers } from '$api/memory';
import { Session } from '$shared/session.svelte';
import { Round } from './round.svelte';

const TODAY = '2026-11-22';

/** Three doors in each of two alleys, in memory. */
function hamlet(answers: Answers = {}) {
  const visits = new Map<string, VisitRequest>();
  const door = (household: string): DoorView => ({
    household,
    house_no: household,
    place_note: '',
    head: null,
    people: 1,
    tile: 'not_reached',
    steps: null,
    progress: 'not_reached',
    reason: { code: 'never_reached' },
    last_day: visits.has(household) ? TODAY : null,
    last_outcome: visits.get(household)?.outcome ?? null,
  });
  const alley = (key: string) => ({ key, name: key, doors: 3, reached: 0, met: 0, digital: 0 });
  const today = (request: TodayRequest): TodayView => {
    const key = request.alley ?? 'x';
    const unit = { id: 'u', name: 'Thôn Mẫu' };
    const doors = ['1', '2', '3'].map((number) => door(`${key}${number}`));
    return { today: TODAY, units: [unit], unit, alleys: [alley('x'), alley('y')], alley: key, doors };
  };
  const saved = (visit: string) => ({ visit, at_ms: 7 }) as Saved;
  const session = new Session(
    inMemory({
      today,
      sending: () => ({ waiting: visits.size, confirmed: 0, to_review: 0, last: null, training: false }),
      save_visit: (visit) => {
        visits.set(visit.household, visit);
        return saved(`v-${visit.household}`);
      },
      undo_visit: ({ household }) => {
        visits.delete(household);
        return saved(`v-${household}`);
      },
      ...answers,
    }),
  );
  return { session, round: new Round(session), visits };
}

test('Vắng is saved at once, counted by the pill, and leads to the next door; undo leads back', async () => {
  const { round, session, visits } = hamlet();
  await round.open();
  expect(round.chosen).toBe('x1');
  await round.record('absent');
  expect(visits.get('x1')).toMatchObject({
    outcome: 'absent',
    next_day: null,
    respondent: null,
    learned: [],
  });
  expect([round.chosen, round.left, session.sending?.waiting, session.savedAtMs]).toEqual(['x2', 2, 1, 7]);
  await round.undo();
  expect([round.chosen, round.left, round.recorded, visits.size]).toEqual(['x1', 3, null, 0]);
  await round.undo();
  expect(round.unsaved).toBeNull();
});

test('Hẹn lại keeps the day', async () => {
  const { round, visits } = hamlet();
  await round.open();
  await round.record('postponed', '2026-11-28');
  expect(visits.get('x1')).toMatchObject({ outcome: 'postponed', next_day: '2026-11-28' });
});

test('what was not saved stays and is saved again', async () => {
  let full = true;
  const { round } = hamlet({
    save_visit: () => {
      if (full) throw { code: 'store.disk_full', params: {}, retryable: true };
      return { visit: 'v', at_ms: 7 } as Saved;
    },
  });
  await round.open();
  await round.record('absent');
  expect([round.unsaved?.error.code, round.chosen, round.recorded]).toEqual(['store.disk_full', 'x1', null]);
  full = false;
  await round.unsaved!.again();
  expect([round.unsaved, round.recorded?.visit]).toEqual([null, 'v']);
});

test('coming back from a visit the walk goes on after that door, in that alley', async () => {
  const { round, session, visits } = hamlet();
  await round.open();
  await round.walk(1);
  round.choose('y2');
  visits.set('y2', {} as VisitRequest);
  const back = new Round(session);
  await back.open();
  expect([back.view?.alley, back.chosen]).toEqual(['y', 'y3']);
  await back.walk(1);
  expect(back.view?.alley).toBe('y');
});

test('a door that was only looked at is still in front of us on return', async () => {
  const { round, session } = hamlet();
  await round.open();
  round.choose('x2');
  const back = new Round(session);
  await back.open();
  expect(back.chosen).toBe('x2');
});

test('a register that cannot be read says why and is read again', async () => {
  let works = false;
  const { round } = hamlet({
    today: () => {
      if (!works) throw { code: 'store.busy', params: {}, retryable: true };
      return { today: TODAY, units: [], unit: null, alleys: [], alley: null, doors: [] };
    },
  });
  await round.open();
  expect([round.trouble?.code, round.view]).toEqual(['store.busy', null]);
  works = true;
  await round.again();
  expect([round.trouble, round.view?.alleys]).toEqual([null, []]);
});

/** Answers of `today` that come when the test lets them. */
function slowly() {
  const waiting: (() => void)[] = [];
  let slow = false;
  const shown = hamlet();
  const plain = shown.session.call.bind(shown.session);
  shown.session.call = (async (name: never, request: never) => {
    if (slow && name === 'today') await new Promise<void>((go) => waiting.push(go));
    return plain(name, request);
  }) as typeof shown.session.call;
  return {
    ...shown,
    hold: () => (slow = true),
    letGo: () => {
      slow = false;
      waiting.splice(0).forEach((go) => go());
    },
    asked: () => waiting.length,
  };
}

test('an arrow pressed while a reload is under way is not overruled by it', async () => {
  const { round, hold, letGo, asked } = slowly();
  await round.open();
  hold();
  const absent = round.record('absent');
  await expect.poll(asked).toBe(1);
  round.choose('x3');
  letGo();
  await absent;
  expect([round.chosen, round.door?.household]).toEqual(['x3', 'x3']);

  hold();
  const back = round.undo();
  await expect.poll(asked).toBe(1);
  round.choose('x2');
  letGo();
  await back;
  expect(round.chosen).toBe('x2');

  hold();
  const again = round.again();
  round.choose('x1');
  letGo();
  await again;
  expect(round.chosen).toBe('x1');
});

test('an alley that was asked for while a visit is saved is the one that is shown', async () => {
  const { round, hold, letGo, asked } = slowly();
  await round.open();
  hold();
  const absent = round.record('absent');
  await expect.poll(asked).toBe(1);
  const walk = round.walk(1);
  letGo();
  await Promise.all([absent, walk]);
  expect([round.view?.alley, round.chosen]).toEqual(['y', 'y1']);
});

test('what was just recorded is taken back also while the street is still drawn', async () => {
  const { round, hold, letGo, asked } = slowly();
  await round.open();
  hold();
  const absent = round.record('absent');
  await expect.poll(asked).toBe(1);
  expect(round.recorded).not.toBeNull();
  const back = round.undo();
  letGo();
  await Promise.all([absent, back]);
  expect(round.recorded).toBeNull();
});

test('a refused save is not there to be taken back, nor what was recorded before it, and it is tried at its own door', async () => {
  let full = false;
  const { round, session, visits } = hamlet();
  const plain = session.call.bind(session);
  session.call = (async (name: never, request: never) => {
    if (full && name === 'save_visit') throw { code: 'store.disk_full', params: {}, retryable: true };
    return plain(name, request);
  }) as typeof session.call;
  await round.open();
  await round.record('absent');
  full = true;
  const refused = round.door!.household;
  await Promise.all([round.record('absent'), round.undo()]);
  expect([round.recorded, visits.size, round.unsaved !== null]).toEqual([null, 1, true]);
  round.choose('x3');
  full = false;
  round.unsaved!.again();
  await expect.poll(() => [visits.has(refused), round.unsaved]).toEqual([true, null]);
  expect([visits.has('x3'), round.recorded!.door.household]).toEqual([false, refused]);
});
