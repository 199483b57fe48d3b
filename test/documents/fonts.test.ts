import { readFileSync } from 'node:fs';
import { readCoverage } from '../../src/documents/font-coverage';
import { createFontPicker } from '../../src/documents/fonts';

const OWN = ['Noto Sans latin'];

/** The files that are chosen for this text, those of the ticket's own words aside. */
function filesFor(text: string, context = text): string[] {
  const picker = createFontPicker(context);
  for (const { segment } of new Intl.Segmenter('en').segment(text))
    expect(picker.pick(segment)).not.toBeNull();
  return picker
    .fonts()
    .text.replaceAll('"', '')
    .split(', ')
    .filter((name) => !OWN.includes(name));
}

test('plain text takes the Latin fonts alone, and little of them', () => {
  expect(filesFor('Hamlet, Saturday 19:00 · €45.00')).toEqual([]);
  expect(createFontPicker('Hamlet').fonts().css.length).toBeLessThan(200_000);
});

test.each([
  [
    'Cyrillic, Greek and Hindi',
    'Чайка Ελλάδα हिन्दी',
    ['cyrillic', 'devanagari', 'greek'].map((name) => `Noto Sans ${name}`),
  ],
  ['Arabic', 'فيروز', ['Noto Sans Arabic arabic']],
  ['Kannada', 'ಸ್ವಾತಿ', ['Noto Sans Kannada kannada']],
  ['Malayalam', 'മലയാളം', ['Noto Sans Malayalam malayalam']],
  ['a letter with a mark that is composed with none', 'ɔ̃', ['Noto Sans latin-ext']],
  ['a letter with a mark that only the mathematical font has', 'x̱', ['Noto Sans Math latin']],
])('%s finds its font', (_script, text, expected) => {
  expect(filesFor(text).sort()).toEqual(expected);
});

test('a Chinese character is Japanese beside kana, Korean beside hangul, else Chinese', () => {
  expect(filesFor('東', '東京の夜').every((name) => name.startsWith('Noto Sans JP'))).toBe(true);
  expect(filesFor('東', '東 김민준').every((name) => name.startsWith('Noto Sans KR'))).toBe(true);
  expect(filesFor('東', '東').every((name) => name.startsWith('Noto Sans SC'))).toBe(true);
});

test('a character is taken from the font that has it, whatever the lists of others claim', () => {
  const list = JSON.parse(
    readFileSync(require.resolve('@fontsource-variable/noto-sans-sc/unicode.json'), 'utf8'),
  ) as Record<string, string>;
  expect(Object.values(list).join()).toContain('U+1f319-1f320');
  expect(filesFor('🌟')).toEqual(['Noto Emoji 7']);
});

test('signs that are joined to one come from a file that has them all', () => {
  expect(filesFor('👩‍🍳')).toEqual(['Noto Emoji 8']);
});

test('no font of the machine and no generic one is ever named', () => {
  const picker = createFontPicker('Hamlet 東京 🎉');
  for (const cluster of 'Hamlet東京🎉') picker.pick(cluster);
  const { text, display, mono } = picker.fonts();
  for (const name of `${text}, ${display}, ${mono}`.split(', '))
    expect(name).toMatch(/^"(Noto|Playfair)[\w -]+"$/);
});

test('what no font has is told, and is no error', () => {
  const picker = createFontPicker('');
  for (const cluster of ['\u{12000}', '\u{10ffff}', '\ud800', '\ue000', ''])
    expect(picker.pick(cluster)).toBeNull();
});

describe('The coverage of a font file', () => {
  const read = (file: string) => readCoverage(readFileSync(require.resolve(file)));

  test('is that of its cmap table, also beyond the basic plane', () => {
    const latin = read('@fontsource/noto-sans/files/noto-sans-latin-400-normal.woff2');
    expect(['A', 'é', '–', '€'].map((character) => latin.has(character.codePointAt(0)!))).toEqual(
      Array(4).fill(true),
    );
    expect(['Ж', '\u0302', '中'].map((character) => latin.has(character.codePointAt(0)!))).toEqual(
      Array(3).fill(false),
    );
    expect(latin.size).toBe(232);
    const emoji = read('@fontsource-variable/noto-emoji/files/noto-emoji-9-wght-normal.woff2');
    expect([emoji.has(0x1f389), emoji.has(0x1f311)]).toEqual([true, false]);
  });

  test('is not made up for what is no font', () => {
    expect(() => readCoverage(Buffer.from('not a font at all, by any means'))).toThrow(
      'Not a WOFF2 font',
    );
  });
});
