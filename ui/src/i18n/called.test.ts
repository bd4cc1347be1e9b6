import { expect, it } from 'vitest';
import type { Sex } from '$api/client';
import { called, calledShortly, capital } from './called';

const person = (sex: Sex | null, age: number | null) => ({
  full_name: 'Trịnh Văn Quế',
  sex,
  age,
  age_estimated: false,
});

it.each<[Sex | null, number | null, string]>([
  ['male', 80, 'cụ Trịnh Văn Quế'],
  ['female', 97, 'cụ Trịnh Văn Quế'],
  [null, 80, 'cụ Trịnh Văn Quế'],
  ['male', 79, 'ông Trịnh Văn Quế'],
  ['female', 60, 'bà Trịnh Văn Quế'],
  ['male', 59, 'anh Trịnh Văn Quế'],
  ['female', 18, 'chị Trịnh Văn Quế'],
  ['male', 17, 'em Trịnh Văn Quế'],
  [null, 0, 'em Trịnh Văn Quế'],
  // An unknown sex or age is never guessed.
  [null, 40, 'Trịnh Văn Quế'],
  [null, 70, 'Trịnh Văn Quế'],
  ['male', null, 'Trịnh Văn Quế'],
])('a person (%s, %s) is called "%s"', (sex, age, words) => expect(called(person(sex, age))).toBe(words));

it('a short line uses the given name, a line of its own a capital', () => {
  expect(calledShortly(person('female', 65))).toBe('bà Quế');
  expect(calledShortly({ ...person(null, null), full_name: '' })).toBe('');
  expect(capital(called(person('male', 65)))).toBe('Ông Trịnh Văn Quế');
  expect(capital('')).toBe('');
});
