import { createFontPicker } from '../../src/documents/fonts';
import { printableSheet } from '../../src/documents/printable-sheet';
import { printableText } from '../../src/documents/printable-text';
import { sheet, ticket } from './sheets';

const print = (text: string) => printableText(text, createFontPicker(text));

test.each([
  'Hamlet',
  'Ophelia Nováková',
  'ಸ್ವಾತಿ',
  'മലയാളം',
  '🌟 Gala 🌟',
  '👨‍👩‍👧 🇨🇿 1️⃣ 👍🏽',
  'Ẹ̀kọ́ ɔ̃',
  '葛󠄀',
  'فيروز',
  '★ 𝓛𝓾𝓬𝔂',
])('%s is printed as it is written', (text) => expect(print(text).substituted).toBe(false));

test('joiners and variation selectors stay where the font has a use for them', () => {
  expect(print('👨‍👩‍👧 ❤️').text).toBe('👨‍👩‍👧 ❤️');
  expect(print('क्‍ष').text).toBe('क्‍ष');
});

test.each([
  ['letters of a script without a font are transliterated', 'ꦗꦮ Gala', 'jw Gala'],
  ['a sign without a transliteration is named by its number', '𒀀', '[U+12000]'],
  [
    'so are private characters and those that do not exist',
    '\ue000\u{10ffff}',
    '[U+E000][U+10FFFF]',
  ],
  ['a mark that no font has with its letter is left out', 'Ж\u035cук', 'Жук'],
])('%s', (_what, text, expected) => {
  expect(print(text)).toEqual({ text: expected, substituted: true });
});

test('joined signs that no font has as one stand side by side, and nothing is lost', () => {
  expect(print('🎉‍🍳')).toEqual({ text: '🎉🍳', substituted: false });
});

test('invisible characters without a font go, and nothing is said about them', () => {
  expect(print('Ham\u2062let\u{e0001}')).toEqual({ text: 'Hamlet', substituted: false });
});

describe('A sheet', () => {
  const odd = '\u{12000}';

  test('names the texts that could not be printed as written, not what they say', () => {
    const seat = { section: odd, row: odd, category: odd, number: null, label: odd };
    const content = sheet({
      event: { name: odd, venue: odd },
      holder: `Ada ${odd}`,
      tickets: [ticket(seat)],
    });
    expect(printableSheet(content).substituted.sort()).toEqual([
      'category',
      'event',
      'holder',
      'row',
      'seat',
      'section',
      'venue',
    ]);
    expect(printableSheet(sheet()).substituted).toEqual([]);
  });

  test('says so on the tickets that it concerns', () => {
    const tickets = [ticket(), ticket({ section: odd }), ticket({ label: odd })];
    // The label of a seat with row and number is not printed.
    expect(
      printableSheet(sheet({ tickets })).tickets.map(({ substituted }) => substituted),
    ).toEqual([false, true, false]);
    const named = printableSheet(sheet({ holder: odd, tickets }));
    expect(named.tickets.map(({ substituted }) => substituted)).toEqual([true, true, true]);
  });
});
