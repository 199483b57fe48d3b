import anyAscii from 'any-ascii';
import type { FontPicker } from './fonts';

export interface PrintableText {
  /** Every character of it has a glyph in the fonts that were picked. */
  text: string;
  /** Whether something stands in for characters that no font has. */
  substituted: boolean;
}

const CLUSTERS = new Intl.Segmenter('en', { granularity: 'grapheme' });
const ZERO_WIDTH_JOINER = '\u200d';

/**
 * The text as our fonts can print it. A cluster that no font has is transliterated to Latin letters, and where there are
 * none its code points are named (`[U+13000]`).
 */
export function printableText(text: string, picker: FontPicker): PrintableText {
  if (/^[ -~]*$/.test(text)) return { text, substituted: false };
  let substituted = false;
  const print = (cluster: string): string => {
    const whole = picker.pick(cluster);
    if (whole !== null) return whole;
    // Signs that are joined to one, which no font has: they stand side by side, as Unicode wants it.
    if (cluster.includes(ZERO_WIDTH_JOINER))
      return cluster.split(ZERO_WIDTH_JOINER).map(print).join('');
    const { printed, lost } = substitute(cluster, picker);
    if (lost) substituted = true;
    return printed;
  };
  const printed = Array.from(CLUSTERS.segment(text), ({ segment }) => print(segment)).join('');
  return { text: printed, substituted };
}

/** As much of a cluster's beginning as one font has, then each code point of the rest by itself. */
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

/** A mark has nothing to stand on once its letter is printed without it. */
function standIn(character: string, follows: boolean): string {
  const ascii = anyAscii(character);
  if (ascii !== '') return ascii;
  if (follows && /\p{M}/u.test(character)) return '';
  return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
}
