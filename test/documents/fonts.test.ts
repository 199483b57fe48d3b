import { fontsFor } from '../../src/documents/fonts';

const families = (text: string) => fontsFor(text).text.replaceAll('"', '').split(', ').slice(0, -1);

test('plain text takes the Latin fonts alone, and little of them', () => {
  expect(families('Hamlet, Saturday 19:00 · €45.00')).toEqual(['Noto Sans']);
  expect(fontsFor('Hamlet').css.length).toBeLessThan(200_000);
});

test.each([
  ['Cyrillic, Greek, Vietnamese and Hindi', 'Чайка Ελλάδα Việt हिन्दी', ['Noto Sans']],
  ['Arabic', 'فيروز', ['Noto Sans Arabic']],
  ['Hebrew', 'שלום', ['Noto Sans Hebrew']],
  ['Thai', 'ไทย', ['Noto Sans Thai']],
  ['Chinese', '王小明', ['Noto Sans SC']],
  ['Korean', '김민준', ['Noto Sans KR']],
  ['Japanese, also its Chinese characters', '東京の夜', ['Noto Sans JP']],
  ['emoji', '😀', ['Noto Emoji']],
])('%s finds its font', (_script, text, expected) => {
  expect(families(`A ${text}`)).toEqual(['Noto Sans', ...expected.filter((name) => name !== 'Noto Sans')]);
});

test('characters that no font knows are no error', () => {
  expect(families('A \u{10ffff}\ud800\u0007')).toEqual(['Noto Sans']);
});
