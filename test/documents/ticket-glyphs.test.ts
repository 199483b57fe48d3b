import { createBrowserPool } from '../../src/documents/browser';
import { renderTickets } from '../../src/documents/render-tickets';
import type { TicketSheet } from '../../src/documents/ticket-sheet';
import { readPdf, type ReadPdf } from '../support/pdf-reader';
import { sheet, ticket } from './sheets';

/** The fonts that come along, by their PostScript names; those of the tickets' own words at the front. */
const BUNDLED =
  /^(PlayfairDisplay|NotoSans|NotoSansMono|Noto(Sans|Serif)[A-Z][A-Za-z0-9]+|NotoEmoji)-(Regular|Bold|Thin|Light)$/;

const pool = createBrowserPool();
afterAll(() => pool.close());

async function print(content: TicketSheet): Promise<ReadPdf & { substituted: string[] }> {
  const { pdf, substituted } = await renderTickets(pool, content);
  return { ...(await readPdf(pdf, 0)), substituted };
}

/** Every glyph is one that the font has, and every font is one of ours. */
function expectNoBox({ pages }: ReadPdf): void {
  for (const { fonts, missingGlyphs } of pages) {
    expect(fonts.filter((name) => !BUNDLED.test(name))).toEqual([]);
    expect(missingGlyphs).toBe(0);
  }
}

/** Text by script, and the font that draws it; which one draws Chinese characters depends on all of the document. */
const SCRIPTS = [
  ['Latin', 'Žižkov Łódź ŉ ß ẞ Ǆ ﬁ', 'NotoSans'],
  ['Vietnamese', 'Nguyễn Thị Việt', 'NotoSans'],
  ['Yoruba', 'Ẹ̀kọ́ ọ̀rẹ́', 'NotoSans'],
  ['Cyrillic', 'Чайковский Ґанок Ӂ', 'NotoSans'],
  ['Greek', 'Παπαδόπουλος ᾧ', 'NotoSans'],
  ['Hindi', 'हिन्दी क्‍ष श्री', 'NotoSans'],
  ['Arabic', 'محمد بن عبد الله', 'NotoSansArabic'],
  ['Urdu', 'ہیملٹ ڈراما', 'NotoSansArabic'],
  ['Hebrew', 'שָׁלוֹם עולם', 'NotoSansHebrew'],
  ['Thai', 'เทศกาลดนตรี น้ำ', 'NotoSansThai'],
  ['Lao', 'ສະບາຍດີ ນ້ຳ', 'NotoSansLao'],
  ['Burmese', 'မြန်မာ ကြိုဆို', 'NotoSansMyanmar'],
  ['Khmer', 'សូមស្វាគមន៍', 'NotoSansKhmer'],
  ['Bengali', 'বাংলা ক্ষ', 'NotoSansBengali'],
  ['Gurmukhi', 'ਪੰਜਾਬੀ ਸ੍ਰੀ', 'NotoSansGurmukhi'],
  ['Gujarati', 'ગુજરાતી શ્રી', 'NotoSansGujarati'],
  ['Oriya', 'ଓଡ଼ିଆ ଶ୍ରୀ', 'NotoSansOriya'],
  ['Tamil', 'தமிழ் ஸ்ரீ', 'NotoSansTamil'],
  ['Telugu', 'తెలుగు శ్రీ', 'NotoSansTelugu'],
  ['Kannada', 'ಸ್ವಾತಿ ಕನ್ನಡ', 'NotoSansKannada'],
  ['Malayalam', 'മലയാളം സ്വാതി', 'NotoSansMalayalam'],
  ['Sinhala', 'සිංහල ශ්‍රී', 'NotoSansSinhala'],
  ['Tibetan', 'བོད་ཡིག རྒྱལ', 'NotoSerifTibetan'],
  ['Dhivehi', 'ދިވެހި', 'NotoSansThaana'],
  ['Armenian', 'Հայերեն', 'NotoSansArmenian'],
  ['Georgian', 'ქართული ᲥᲐ', 'NotoSansGeorgian'],
  ['Amharic', 'አማርኛ', 'NotoSansEthiopic'],
  ['Chinese', '王小明 萬歲 龍', 'NotoSans'],
  ['Japanese', '山田さんのチケット ｶﾅ', 'NotoSans'],
  ['Korean', '김민준 ㄱ 각', 'NotoSansKR'],
  ['Bopomofo', 'ㄅㄆㄇ', 'NotoSans'],
  ['mathematical letters', '𝓛𝓾𝓬𝔂 ℝ ∞ √', 'NotoSansMath'],
  ['symbols', '★ ♪ ➜ ⚔ ☮ ♠ ⌘ ①', 'NotoSansSymbols'],
  ['stars', '🌟 Gala 🌟 🎉 🧋', 'NotoEmoji'],
  ['families, skins and professions', '👨‍👩‍👧 👍🏽 👩🏿‍🍳 🧑‍🤝‍🧑 🤷🏻‍♀️', 'NotoEmoji'],
  ['flags', '🇨🇿 🇺🇦 🏳️‍🌈 🏴‍☠️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'NotoEmoji'],
  ['emoji or text by a selector', '❤️ ❤︎ ☎️ ☺ ™️ ©️ 1️⃣ #️⃣', 'NotoEmoji'],
  ['all of it at once', 'A Ж א ب ก 中 あ 한 ಸ್ವಾ 🎉', 'NotoEmoji'],
  ['both directions', 'Hamlet שלום (2030) محمد!', 'NotoSansHebrew'],
] as const;

test('every script is printed whole, by a font of ours that has it', async () => {
  const tickets = SCRIPTS.map(([, text]) =>
    ticket({ section: text, row: null, label: text, category: text }),
  );
  const pdf = await print(sheet({ tickets }));
  expectNoBox(pdf);
  expect(pdf.substituted).toEqual([]);
  SCRIPTS.forEach(([script, , font], index) => {
    const names = pdf.pages[index]!.fonts.map((name) => name.split('-')[0]);
    expect([script, names.some((name) => name?.startsWith(font))]).toEqual([script, true]);
  });
});

/** No font of ours has these. */
const UNCOVERED = [
  ['Javanese', 'ꦗꦮ', 'jw'],
  ['hieroglyphs', '𓂀', 'D10'],
  ['cuneiform', '𒀀', '[U+12000]'],
  ['Adlam', '𞤀𞤣', 'Ad'],
  ["N'Ko", 'ߒߞߏ', 'nko'],
  ['Tifinagh', 'ⵜⵉⴼ', 'tif'],
  ['Mongolian', 'ᠮᠣᠩᠭᠣᠯ', 'monggol'],
  ['private characters', '\ue000\u{f0000}', '[U+E000][U+F0000]'],
  ['characters that do not exist', '\u{10ffff}\u0378', '[U+10FFFF][U+0378]'],
  ['a mark alone', '\u0361', '[U+0361]'],
  ['a mark that goes with no letter', 'Ж\u035cук', 'Жук'],
] as const;

test('what no font of ours has is printed in Latin letters or by its number, and the ticket says so', async () => {
  const tickets = UNCOVERED.map(([, text]) => ticket({ section: text }));
  const pdf = await print(sheet({ tickets }));
  expectNoBox(pdf);
  expect(pdf.substituted).toEqual(['section']);
  UNCOVERED.forEach(([, , printed], index) => {
    const text = pdf.pages[index]!.text.replace(/\s/g, '');
    expect(text).toContain(`SECTION${printed}ROW`.replace(/\s/g, ''));
    expect(text).toContain('couldnotbeprintedastheyarewritten');
  });
});

/** Texts that have more to them than what is seen. */
const ODD = [
  ['control characters', 'Ham\u0000\u0007\u001b\u007f\u0085let'],
  [
    'characters without width',
    '\u200bHam\u200c\u200d\u2060let\ufeff\u00ad\u034f\u180e\u3164\uffa0\u115f',
  ],
  ['direction marks', '\u200e\u200f\u061c\u202eHam\u2066let\u2069'],
  ['tags and selectors', 'Ham\u{e0041}\u{e007f}let\ufe0f\ufe00\u{e0100}'],
  ['annotations and objects', '\ufff9Ham\ufffalet\ufffb\ufffc\ufffd'],
  ['spaces of all kinds', 'a\u00a0b\u1680c\u2002d\u2009e\u202ff\u205fg\u3000h'],
  ['halves of surrogate pairs', '\ud83cHamlet\udf89'],
  ['marks on one letter', 'Z' + '\u0301\u0329\u0331'.repeat(30)],
  ['marks on nothing', '\u0301 \u0940 \u0e31 \u20e3'],
  ['nothing to see at all', '\u200b\u200d\ufe0f\u2060'],
] as const;

test('characters that are not seen leave no box, and need no font of the machine', async () => {
  const tickets = ODD.map(([, text]) => ticket({ section: text, row: text, category: text }));
  const all = ODD.map(([, text]) => text).join('');
  expectNoBox(await print(sheet({ event: { name: all, venue: all }, holder: all, tickets })));
});

test('the tests above would see a box, and a font of the machine', async () => {
  const bare = await pool.withPage(async (page) => {
    await page.setContent('<p style="font: 20pt sans-serif">A \u{12000}</p>');
    return Buffer.from(await page.pdf());
  });
  const [page] = (await readPdf(bare, 0)).pages;
  expect(page!.fonts.some((name) => !BUNDLED.test(name))).toBe(true);
  expect(page!.missingGlyphs).toBeGreaterThan(0);
});
