import { expect, it } from 'vitest';
import { cleanCode, hasAccents, looksLikeCode, wordsOf } from './secrets';

it.each<[string, string, boolean]>([
  ['TN1.eyJ2IjoxLCJ4', 'TN1.eyJ2IjoxLCJ4', true],
  ['  TN1.eyJ2\r\n  IjoxLCJ4 ', 'TN1.eyJ2IjoxLCJ4', true],
  ['TN1.eyJ2\u200bIjoxLCJ4\ufeff', 'TN1.eyJ2IjoxLCJ4', true],
  ['tn1.eyJ2IjoxLCJ4', 'tn1.eyJ2IjoxLCJ4', false],
  ['TN1.', 'TN1.', false],
  ['SEN7-4', 'SEN7-4', false],
])('the code %j reads %s (%s)', (typed, clean, looks) => {
  expect([cleanCode(typed), looksLikeCode(cleanCode(typed))]).toEqual([clean, looks]);
});

it.each<[string, string[], boolean]>([
  [' Aovang  cuado\tbalo\nnhatranh ', ['aovang', 'cuado', 'balo', 'nhatranh'], false],
  ['áovang cưado', ['áovang', 'cưado'], true],
  ['', [], false],
])('the passphrase %j', (typed, words, accents) => {
  expect([wordsOf(typed), hasAccents(typed)]).toEqual([words, accents]);
});
