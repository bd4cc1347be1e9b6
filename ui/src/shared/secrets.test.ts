import { expect, it } from 'vitest';
import { cleanCode, hasAccents, looksLikeCode, sameWords, wordsOf } from './secrets';

it.each<[string, string, boolean]>([
  ['TN1.eyJ2IjoxLCJ4IjoyfQ', 'TN1.eyJ2IjoxLCJ4IjoyfQ', true],
  ['  TN1.eyJ2I\r\n  joxLCJ4IjoyfQ ', 'TN1.eyJ2IjoxLCJ4IjoyfQ', true],
  ['TN1.eyJ2I\u200bjoxLCJ4IjoyfQ\ufeff', 'TN1.eyJ2IjoxLCJ4IjoyfQ', true],
  // Cut short, or with a letter changed: it begins as one and is none.
  ['TN1.eyJ2IjoxLCJ4Ij', 'TN1.eyJ2IjoxLCJ4Ij', false],
  ['TN1.AAAAAAAAAAAA', 'TN1.AAAAAAAAAAAA', false],
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

it.each<[string, boolean]>([
  ['ao-vang cua-do', true],
  [' Aovang  CUA DO', true],
  ['ao.vang, cua.do', true],
  ['ao vang cua do ', true],
  ['ao-vang cua-dong', false],
  ['ao-vang', false],
])('typed back as %j', (typed, same) => expect(sameWords(typed, 'ao-vang cua-do')).toBe(same));
