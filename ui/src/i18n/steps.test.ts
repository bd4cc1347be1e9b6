import { expect, it } from 'vitest';
import type { StepKind, Truth } from '$api/client';
import { codesOf } from './labels';
import { stepWords } from './steps';

const lan = { full_name: 'Trần Thị Lan', sex: 'female', age: 66, age_estimated: false } as const;
const step = (kind: StepKind, code: string, now: Truth) => ({ clause: 'c1', kind, code, now });

it.each<[StepKind, string, Truth, string]>([
  ['fact', 'uses', 'no', 'bà Lan tự làm một việc qua mạng'],
  ['fact', 'uses', 'unknown', 'hỏi bà Lan mục “Đã tự làm việc qua mạng”'],
  ['event', 'guided', 'no', 'hướng dẫn bà Lan một lần'],
  ['fact', 'flies', 'no', 'bà Lan: Mục mới (máy này chưa biết)'],
])('%s %s, now %s', (kind, code, now, words) => expect(stepWords(step(kind, code, now), lan)).toBe(words));

it('nobody in particular is still somebody of the house', () => {
  expect(stepWords(step('fact', 'vneid', 'no'), null)).toBe('một người trong nhà kích hoạt VNeID');
});

it('every fact and event that can be a step has its own words', () => {
  const plain = [...codesOf('fact'), ...codesOf('event')].filter((code) => {
    const kind = codesOf('event').includes(code) ? 'event' : 'fact';
    return stepWords(step(kind, code, 'no'), lan).includes(':');
  });
  expect(plain).toEqual(['assisted_by', 'digital_signature']);
});
