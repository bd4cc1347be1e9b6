import { expect, test } from 'vitest';
import './every';
import { sentence } from './sentence.svelte';

test('a code becomes its sentence, with numbers put in', () => {
  const check = (code: string, params: Record<string, number>, words: string) =>
    expect(sentence({ code, params, retryable: false })).toContain(words);
  check('server.busy', { retry_after_s: 30 }, '30 giây');
  check('store.wrong_passphrase', {}, 'ật khẩu');
});

test('a code of a newer program says that something went wrong, never the code', () => {
  const words = sentence({ code: 'moon.full', params: {}, retryable: false });
  expect(words).not.toContain('moon');
  expect(words).toContain('Những gì đã lưu vẫn còn');
});
