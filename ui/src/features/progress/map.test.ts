import { describe, expect, it } from 'vitest';
import type { AlleyMap } from '$api/client';
import { countStates, doorsOf, everyDoor, oneStepDoors, spotOf, tileSize, walk, type Spot } from './map';
import { alley, door } from './sample';

const alleys: AlleyMap[] = [
  alley('Ngõ 1', [door('a', 'met', 0), door('b', 'one_step', 1), door('c', 'not_reached')]),
  alley('Ngõ 2', [door('d', 'insufficient')]),
  alley('Ngõ 3', [door('e', 'declined'), door('f', 'not_met', 3), door('g', 'not_reached')]),
];
const rows = alleys.map(({ doors }) => doors);
const at = (household: string): Spot => spotOf(rows, household, everyDoor)!;
const key = (name: string, more: Partial<KeyboardEvent> = {}) => ({ key: name, ...more }) as KeyboardEvent;
const led = (spot: Spot | undefined) => spot && rows[spot.row]![spot.at]!.household;

describe('the walk', () => {
  it.each([
    ['a', 'ArrowRight', 'b'],
    ['c', 'ArrowRight', 'd'],
    ['d', 'ArrowLeft', 'c'],
    ['a', 'ArrowLeft', 'a'],
    ['g', 'ArrowRight', 'g'],
    ['c', 'ArrowDown', 'd'],
    ['d', 'ArrowDown', 'e'],
    ['g', 'ArrowUp', 'd'],
    ['a', 'ArrowUp', 'a'],
    ['f', 'Home', 'e'],
    ['a', 'End', 'c'],
  ])('from %s %s leads to %s', (from, pressed, to) =>
    expect(led(walk(rows, at(from), key(pressed), everyDoor))).toBe(to),
  );

  it('Ctrl with Home and End leads to the ends of the hamlet', () => {
    expect(led(walk(rows, at('d'), key('Home', { ctrlKey: true }), everyDoor))).toBe('a');
    expect(led(walk(rows, at('d'), key('End', { ctrlKey: true }), everyDoor))).toBe('g');
  });

  it('passes over what the filter hides, and other keys are not its own', () => {
    const unreached = (one: (typeof rows)[number][number]) => one.tile === 'not_reached';
    expect(led(walk(rows, at('c'), key('ArrowRight'), unreached))).toBe('g');
    expect(led(walk(rows, at('c'), key('ArrowDown'), unreached))).toBe('g');
    expect(led(spotOf(rows, 'a', unreached))).toBe('c');
    expect(walk(rows, at('a'), key('x'), everyDoor)).toBeUndefined();
    expect(walk(rows, at('a'), key('ArrowRight', { altKey: true }), everyDoor)).toBeUndefined();
  });

  it('an empty map has no place to stand', () => expect(spotOf([], 'a', everyDoor)).toBeUndefined());
});

it('every door is counted once', () => {
  const counts = countStates(doorsOf(alleys));
  expect(counts).toMatchObject({
    met: 1,
    one_step: 1,
    not_met: 1,
    insufficient: 1,
    not_reached: 2,
    declined: 1,
  });
  expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(7);
});

it('one step away are the doors that the legend counts so, not those where something must be asked', () => {
  expect(oneStepDoors(alleys).map(({ door }) => door.household)).toEqual(['b']);
  const step = { clause: 'c3', kind: 'fact', code: 'uses', now: 'unknown' } as const;
  const asked = {
    ...door('h', 'insufficient', 1),
    reason: { code: 'one_step', person: null, step } as const,
  };
  expect(
    oneStepDoors([alley('Ngõ 4', [asked, door('i', 'one_step', 1)])]).map(({ door }) => door.household),
  ).toEqual(['i']);
  expect(countStates([asked, door('i', 'one_step', 1)])).toMatchObject({ one_step: 1, insufficient: 1 });
});

it('tiles are small above three hundred households', () => {
  const many = (count: number) => [
    alley(
      'Ngõ 1',
      Array.from({ length: count }, (_, at) => door(`${at}`, 'met')),
    ),
  ];
  expect([tileSize(many(300)), tileSize(many(301))]).toEqual([33, 22]);
});
