// @vitest-environment happy-dom
import { expect, test } from 'vitest';
import type { Hit } from '$api/client';
import { Finder, found } from './search.svelte';

const hit = (name: string): Hit => ({
  member: `m-${name}`,
  person: { full_name: name, sex: 'female', age: 66, age_estimated: true },
  household: `h-${name}`,
  house_no: '14',
  place_note: 'sau đình',
  alley: 'Ngõ 12',
});

/** Answers when the test says so. */
function slow() {
  const asked: { query: string; answer: () => void; fail: () => void }[] = [];
  const finder = new Finder(
    (query) =>
      new Promise((done, fail) =>
        asked.push({ query, answer: () => done([hit(query)]), fail: () => fail() }),
      ),
  );
  return { finder, asked };
}

test('while one question is under way only the last of what is typed is asked next', async () => {
  const { finder, asked } = slow();
  const typing = finder.type('t');
  void finder.type('tr');
  void finder.type(' tra ');
  expect([asked.map(({ query }) => query), finder.asking]).toEqual([['t'], true]);
  asked[0]!.answer();
  await expect.poll(() => asked.length).toBe(2);
  asked[1]!.answer();
  await typing;
  expect(asked.map(({ query }) => query)).toEqual(['t', 'tra']);
  expect([finder.hits.map(({ person }) => person.full_name), finder.asking]).toEqual([['tra'], false]);
});

test('an emptied field asks nothing and shows nobody', async () => {
  const { finder, asked } = slow();
  await finder.type('   ');
  expect([asked, finder.hits, finder.asking]).toEqual([[], [], false]);
});

test('a refusal shows nobody and the next letter is asked again', async () => {
  const { finder, asked } = slow();
  const typing = finder.type('t');
  asked[0]!.fail();
  await typing;
  expect([finder.hits, finder.asking]).toEqual([[], false]);
  void finder.type('tr');
  expect(asked.at(-1)!.query).toBe('tr');
});

test('a person is a line with title, years and place', () => {
  const shown = found(hit('Trần Thị Lan'));
  expect(shown).toEqual({
    id: 'm-Trần Thị Lan',
    title: 'Bà Trần Thị Lan',
    detail: 'khoảng 66 tuổi · Số 14, sau đình, Ngõ 12',
  });
  const bare = { full_name: 'Lan', sex: null, age: null, age_estimated: false };
  expect(found({ ...hit('Lan'), person: bare, place_note: '', alley: '' }).detail).toBe('Số 14');
});
