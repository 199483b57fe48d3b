import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The fonts a ticket is printed with come along as npm packages, each cut into files by script. A document gets, inline,
 * only the files its text needs: a Chinese name costs two of a hundred files, and no font of the machine is used.
 */
interface Family {
  name: string;
  /** Where the package's `unicode.json` is: which file covers which characters. */
  index: string;
  /** Weights that have files of their own; null: one file for all weights. */
  weights: number[] | null;
  script?: 'japanese' | 'korean';
}

const TEXT: Family[] = [
  { name: 'Noto Sans', index: require.resolve('@fontsource/noto-sans/unicode.json'), weights: [400, 700] },
  {
    name: 'Noto Sans Arabic',
    index: require.resolve('@fontsource/noto-sans-arabic/unicode.json'),
    weights: [400, 700],
  },
  {
    name: 'Noto Sans Hebrew',
    index: require.resolve('@fontsource/noto-sans-hebrew/unicode.json'),
    weights: [400, 700],
  },
  { name: 'Noto Sans Thai', index: require.resolve('@fontsource/noto-sans-thai/unicode.json'), weights: [400, 700] },
  {
    name: 'Noto Sans Bengali',
    index: require.resolve('@fontsource-variable/noto-sans-bengali/unicode.json'),
    weights: null,
  },
  {
    name: 'Noto Sans Tamil',
    index: require.resolve('@fontsource-variable/noto-sans-tamil/unicode.json'),
    weights: null,
  },
  {
    name: 'Noto Sans Telugu',
    index: require.resolve('@fontsource-variable/noto-sans-telugu/unicode.json'),
    weights: null,
  },
  {
    name: 'Noto Sans Georgian',
    index: require.resolve('@fontsource-variable/noto-sans-georgian/unicode.json'),
    weights: null,
  },
  {
    name: 'Noto Sans Armenian',
    index: require.resolve('@fontsource-variable/noto-sans-armenian/unicode.json'),
    weights: null,
  },
  {
    name: 'Noto Sans KR',
    index: require.resolve('@fontsource-variable/noto-sans-kr/unicode.json'),
    weights: null,
    script: 'korean',
  },
  {
    name: 'Noto Sans JP',
    index: require.resolve('@fontsource-variable/noto-sans-jp/unicode.json'),
    weights: null,
    script: 'japanese',
  },
  { name: 'Noto Sans SC', index: require.resolve('@fontsource-variable/noto-sans-sc/unicode.json'), weights: null },
  { name: 'Noto Sans TC', index: require.resolve('@fontsource-variable/noto-sans-tc/unicode.json'), weights: null },
  { name: 'Noto Emoji', index: require.resolve('@fontsource-variable/noto-emoji/unicode.json'), weights: null },
];
const DISPLAY: Family = {
  name: 'Playfair Display',
  index: require.resolve('@fontsource/playfair-display/unicode.json'),
  weights: [700],
};
const MONO: Family = {
  name: 'Noto Sans Mono',
  index: require.resolve('@fontsource/noto-sans-mono/unicode.json'),
  weights: [400],
};

/** `[first, last]` code points. */
type Range = [number, number];
interface FontFile {
  subset: string;
  unicodeRange: string;
  ranges: Range[];
}

export interface FontSet {
  /** `@font-face` rules with the fonts themselves as data: URLs. */
  css: string;
  /** Values for `font-family`. */
  text: string;
  display: string;
  mono: string;
}

/** The fonts that are needed to print this text. */
export function fontsFor(text: string): FontSet {
  const missing = new Set(Array.from(text, (character) => character.codePointAt(0) ?? 0));
  const displayFaces = filesFor(DISPLAY, missing).map((file) => fontFaces(DISPLAY, file));
  const monoFaces = filesFor(MONO, new Set([65])).map((file) => fontFaces(MONO, file));
  const used: Family[] = [];
  const textFaces: string[] = [];
  for (const family of textFamilies(text)) {
    const files = filesFor(family, missing);
    if (files.length === 0) continue;
    used.push(family);
    for (const file of files) {
      textFaces.push(fontFaces(family, file));
      for (const codePoint of missing) if (covers(file, codePoint)) missing.delete(codePoint);
    }
  }
  const names = used.map(({ name }) => `"${name}"`).join(', ');
  return {
    css: [...displayFaces, ...monoFaces, ...textFaces].join('\n'),
    text: `${names}, sans-serif`,
    display: `"${DISPLAY.name}", ${names}, serif`,
    mono: `"${MONO.name}", monospace`,
  };
}

/**
 * One Chinese character has different forms by language: kana or hangul anywhere in the text tell the Japanese or
 * Korean form, otherwise it is Chinese.
 */
function textFamilies(text: string): Family[] {
  const japanese = /[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text);
  const korean = /\p{Script=Hangul}/u.test(text);
  return TEXT.filter(({ script }) => (script === 'japanese' ? japanese : script === 'korean' ? korean : true));
}

/** The files of a family that cover one of these code points, each taken only for what the ones before it lack. */
function filesFor(family: Family, codePoints: ReadonlySet<number>): FontFile[] {
  const left = new Set(codePoints);
  return filesOf(family).filter((file) => {
    const covered = [...left].filter((codePoint) => covers(file, codePoint));
    for (const codePoint of covered) left.delete(codePoint);
    return covered.length > 0;
  });
}

const covers = (file: FontFile, codePoint: number) =>
  file.ranges.some(([first, last]) => codePoint >= first && codePoint <= last);

const indexes = new Map<Family, FontFile[]>();

function filesOf(family: Family): FontFile[] {
  const known = indexes.get(family);
  if (known) return known;
  const index = JSON.parse(readFileSync(family.index, 'utf8')) as Record<string, string>;
  const files = Object.entries(index).map(([subset, unicodeRange]) => ({
    subset: subset.replace(/[[\]]/g, ''),
    unicodeRange,
    ranges: unicodeRange.split(',').map(parseRange),
  }));
  // Latin first: a file of a rarer script also claims spaces and signs, and would be loaded for them alone.
  files.sort((one, other) => Number(other.subset === 'latin') - Number(one.subset === 'latin'));
  indexes.set(family, files);
  return files;
}

/** `U+0000-00FF` or `U+0131`. */
function parseRange(text: string): Range {
  const [first = '', last = first] = text.replace(/^U\+/i, '').split('-');
  return [parseInt(first, 16), parseInt(last, 16)];
}

const faces = new Map<string, string>();

/** The `@font-face` rules of one file (one for each weight), kept: there are few files in use, of some 20 kB each. */
function fontFaces(family: Family, { subset, unicodeRange }: FontFile): string {
  const key = `${family.name}/${subset}`;
  let css = faces.get(key);
  if (css === undefined) {
    const folder = dirname(family.index);
    const stem = `${family.name.toLowerCase().replaceAll(' ', '-')}-${subset}`;
    css = (family.weights ?? ['wght'])
      .map((weight) => {
        const data = readFileSync(join(folder, 'files', `${stem}-${weight}-normal.woff2`)).toString('base64');
        const cssWeight = weight === 'wght' ? '100 900' : weight;
        return (
          `@font-face { font-family: "${family.name}"; font-weight: ${cssWeight}; unicode-range: ${unicodeRange};` +
          ` src: url(data:font/woff2;base64,${data}) format("woff2"); }`
        );
      })
      .join('\n');
    faces.set(key, css);
  }
  return css;
}
