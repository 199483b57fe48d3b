import anyAscii from 'any-ascii';
import type { FontPicker } from './fonts';

export interface PrintableText {
  /** Every character of the text has a glyph in the chosen fonts. */
  text: string;
  /** Whether characters without a glyph were replaced. */
  substituted: boolean;
}

const CLUSTERS = new Intl.Segmenter('en', { granularity: 'grapheme' });
const ZERO_WIDTH_JOINER = '\u200d';

/**
 * The text as the bundled fonts can print it. A cluster without a glyph is transliterated to Latin
 * letters; if that is not possible, its code points are written as numbers (`[U+13000]`).
 */
export function printableText(text: string, picker: FontPicker): PrintableText {
  if (/^[ -~]*$/.test(text)) return { text, substituted: false };
  let substituted = false;
  const print = (cluster: string): string => {
    const whole = picker.pick(cluster);
    if (whole !== null) return whole;
    // No font has this emoji sequence as one glyph. Its parts are printed side by side, as Unicode
    // recommends.
    if (cluster.includes(ZERO_WIDTH_JOINER))
      return cluster.split(ZERO_WIDTH_JOINER).map(print).join('');
    const { printed, lost } = substitute(cluster, picker);
    if (lost) substituted = true;
    return printed;
  };
  const printed = Array.from(CLUSTERS.segment(text), ({ segment }) => print(segment)).join('');
  return { text: printed, substituted };
}

/**
 * The longest beginning of a cluster that one font has, then each remaining code point by itself.
 */
function substitute(cluster: string, picker: FontPicker): { printed: string; lost: boolean } {
  const characters = Array.from(cluster);
  let start: string | null = null;
  let length = characters.length;
  while (start === null && length > 0) start = picker.pick(characters.slice(0, --length).join(''));
  const rest = characters
    .slice(length)
    .filter((character) => !/\p{Default_Ignorable_Code_Point}/u.test(character));
  return {
    printed: (start ?? '') + rest.map((character) => standIn(character, start !== null)).join(''),
    lost: rest.length > 0,
  };
}

/** A combining mark cannot be printed when its base letter was replaced. */
function standIn(character: string, follows: boolean): string {
  const ascii = anyAscii(character);
  if (ascii !== '') return ascii;
  if (follows && /\p{M}/u.test(character)) return '';
  return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
}
