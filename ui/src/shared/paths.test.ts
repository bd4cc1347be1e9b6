import { expect, test } from 'vitest';
import { to } from './paths';

test('an address carries its parameters and nothing else', () => {
  expect(to('today')).toBe('#/');
  expect(to('visit', { household: '0193-a/b' })).toBe('#/nha/0193-a%2Fb');
});
