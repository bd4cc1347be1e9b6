import { expect, it } from 'vitest';
import { toggled } from './answers';

const options = ['bank', 'ewallet', 'mobile_money', 'none', 'unknown'];
const alone = ['none', 'unknown'];

it.each<[string[], string, string[]]>([
  [[], 'ewallet', ['ewallet']],
  [['mobile_money'], 'bank', ['bank', 'mobile_money']],
  [['bank', 'ewallet'], 'bank', ['ewallet']],
  [['bank', 'ewallet'], 'none', ['none']],
  [['none'], 'bank', ['bank']],
  [['unknown'], 'none', ['none']],
  [['unknown'], 'unknown', []],
])('%j and a press on %s is %j', (values, pressed, expected) => {
  expect(toggled(values, pressed, options, alone)).toEqual(expected);
});
