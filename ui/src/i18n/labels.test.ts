import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { getLocale, m, useLocale } from './index';
import { answerLabel, codesOf, label, type LabelKind } from './labels';

/** The codes of an enum in crates/domain, in their order there. */
function domainCodes(file: string, name: string): string[] {
  const source = readFileSync(join(import.meta.dirname, '../../../crates/domain/src', `${file}.rs`), 'utf8');
  const body = new RegExp(`\\n    ${name} \\{([^}]*)\\}`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/= "([\w.]+)"/g)].map(([, code]) => code!);
}

const enums: [LabelKind, string, string][] = [
  ['fact', 'fact', 'Fact'],
  ['outcome', 'visit', 'Outcome'],
  ['channel', 'visit', 'Channel'],
  ['topic', 'visit', 'Topic'],
  ['relation', 'people', 'Relation'],
  ['residence', 'people', 'Residence'],
  ['dwelling', 'people', 'Dwelling'],
  ['sex', 'people', 'Sex'],
  ['hamlet_unit', 'people', 'HamletUnitKind'],
  ['role', 'people', 'Role'],
  ['purpose', 'consent', 'Purpose'],
  ['basis', 'consent', 'Basis'],
  ['decision', 'consent', 'Decision'],
  ['event', 'criteria', 'SeenEvent'],
];

describe('labels', () => {
  it.each(enums)('every %s of %s.rs %s has a word', (kind, file, name) => {
    const codes = domainCodes(file, name);
    expect(codes.length).toBeGreaterThan(1);
    expect(codesOf(kind)).toEqual(codes);
  });

  it('every answer has a word', () => {
    const codes = [...domainCodes('fact', 'Choice'), ...domainCodes('fact', 'PaymentMeans'), 'unknown'];
    const unnamed = codes.filter((code) => answerLabel('vneid', code) === m['label.unrecognised']());
    expect(unnamed).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['smartphone', 'none', 'Không có'],
    ['vneid', 'none', 'Chưa làm'],
    ['payment', 'none', 'Không'],
    ['payment', 'bank+mobile_money', 'Ngân hàng, Mobile Money'],
    ['knows', 'unknown', 'Chưa rõ'],
    ['vneid', 'level9', 'Mục mới (máy này chưa biết)'],
  ])('%s: %s reads "%s"', (fact, answer, expected) => expect(answerLabel(fact, answer)).toBe(expected));

  it.each(['seen_by_a_drone', 'toString', ''])('a code of a newer version (%j) is never shown', (code) => {
    expect(label('evidence', code)).toBe('Mục mới (máy này chưa biết)');
  });

  it('follows the chosen language', () => {
    useLocale('en');
    expect(label('outcome', 'absent')).toBe('Nobody home');
    useLocale('vi');
    expect([getLocale(), label('outcome', 'absent')]).toEqual(['vi', 'Vắng']);
  });
});
