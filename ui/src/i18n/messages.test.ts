import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

type Catalogue = Record<string, string>;
const folder = join(import.meta.dirname, '../../../assets/messages');
const raw = (locale: string) => readFileSync(join(folder, `${locale}.json`), 'utf8');
const vi: Catalogue = JSON.parse(raw('vi'));
const en: Catalogue = JSON.parse(raw('en'));

const parameters = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
const isScreen = (key: string) => /^(ui|label|gallery|page|progress|sending|list)\./.test(key);

/** What the screens say instead stands in the second column of the team's word list. */
const FORBIDDEN: RegExp[] = [
  /thành viên (tổ|hộ)/i,
  /tổ trưởng(?! (tổ CĐS|TDP))/i,
  /lượt thăm|thăm lại/i,
  /độ bao phủ/i,
  /đồng bộ/i,
  /ngoại tuyến|(?<!công |sắm |toán )trực tuyến/i,
  /lô dữ liệu/i,
  /xung đột|bản của (tôi|xã)/i,
  /khai hộ/i,
  /người cung cấp thông tin/i,
  /làm dở/i,
  /từ chối/i,
  /không tiếp cận được/i,
  /chưa đủ dữ liệu/i,
  /tài khoản thanh toán/i,
  /tử số|mẫu số/i,
  /nhập dữ liệu|dòng lỗi/i,
  /phiếu khảo sát/i,
  /thu hồi thiết bị/i,
];

/** All that can say a sentence: the screens and the programs, without what is generated and without tests. */
const SAYING = ['ui/src', 'crates', 'src-tauri/src'];
const root = join(import.meta.dirname, '../../..');
const sources = SAYING.flatMap((at) =>
  readdirSync(join(root, at), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(rs|ts|svelte)$/.test(path) && !/generated\b|\.test\.ts$|target\b/.test(path))
    .map((path) => readFileSync(join(root, at, path), 'utf8')),
);

/** Keys said as they are, and patterns of those put together: `setup.train.${point}`, "fact.{}". */
const said = new Set(sources.flatMap((text) => text.match(/[a-z_]+(?:\.[a-z0-9_]+)+/g) ?? []));
const composed = [
  ...new Set(
    sources.flatMap((text) => [
      ...(text.match(/`[a-z_]+\.[a-z0-9_.]*(?:\$\{[^`]*?\}[a-z0-9_.]*)+`/g) ?? []),
      ...(text.match(/"[a-z_]+\.[a-z0-9_.]*(?:\{[a-z_]*\}[a-z0-9_.]*)+"/g) ?? []),
    ]),
  ),
].map((template) => {
  const parts = template.slice(1, -1).split(/\$?\{.*?\}/);
  return new RegExp(`^${parts.map((part) => part.replaceAll('.', '\\.')).join('[a-z0-9_.]+')}$`);
});

describe('the catalogue', () => {
  it('has no sentence that nobody says', () => {
    const unsaid = Object.keys(vi).filter((key) => !said.has(key) && !composed.some((one) => one.test(key)));
    expect(unsaid).toEqual([]);
  });

  it('has every sentence in both languages, with the same parameters', () => {
    expect(Object.keys(en)).toEqual(Object.keys(vi));
    for (const [key, text] of Object.entries(vi)) {
      expect(text.trim(), key).not.toBe('');
      expect(parameters(en[key]!), key).toEqual(parameters(text));
    }
  });

  it.each(['vi', 'en'])(
    '%s.json is flat and sorted, so that two branches meet without a quarrel',
    (locale) => {
      const catalogue: Catalogue = JSON.parse(raw(locale));
      expect(Object.values(catalogue).every((value) => typeof value === 'string')).toBe(true);
      // By code point, as the compilers and scripts that write the file do.
      const keys = Object.keys(catalogue);
      expect(keys).toEqual([...keys].sort((a, b) => (a < b ? -1 : 1)));
    },
  );

  it('uses the words of the team', () => {
    const wrong = Object.keys(vi).filter(
      (key) => isScreen(key) && FORBIDDEN.some((word) => word.test(vi[key]!)),
    );
    expect(wrong).toEqual([]);
  });

  it('calls "Chưa đạt" only a rate or a count of a hamlet, never a family', () => {
    const said = Object.keys(vi).filter((key) => isScreen(key) && /chưa đạt/i.test(vi[key]!));
    expect(said).toEqual(['label.rate.not_met', 'progress.family.rooms', 'progress.word.not_met']);
  });

  it('says what to do and does not beg', () => {
    const begging = Object.keys(vi).filter((key) => isScreen(key) && /vui lòng/i.test(vi[key]!));
    expect(begging.length).toBeLessThanOrEqual(2);
  });
});
