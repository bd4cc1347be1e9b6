import { expect, it } from 'vitest';
import { doorName, placeLine } from './place';

it.each([
  ['14', 'sau đình', 'Ngõ 12', 'Số 14', 'Số 14, sau đình, Ngõ 12'],
  ['14', '', '', 'Số 14', 'Số 14'],
  ['', 'sau đình', 'Ngõ 12', 'sau đình', 'sau đình, Ngõ 12'],
  ['', '', 'Ngõ 12', 'Chưa rõ số nhà', 'Chưa rõ số nhà, Ngõ 12'],
])('number %j, note %j, alley %j', (house_no, place_note, alley, name, line) => {
  expect([doorName({ house_no, place_note }), placeLine({ house_no, place_note, alley })]).toEqual([
    name,
    line,
  ]);
});
