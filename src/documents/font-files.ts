import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readCoverage } from './font-coverage';

/** One file of a bundled font, which has some of its characters in each printed weight. */
export interface FontFile {
  /**
   * The CSS family. Each file is a family of its own, so the browser does not expect characters of
   * another file in it.
   */
  name: string;
  /** Whether the font has a glyph for the code point, according to its `cmap` table. */
  has(codePoint: number): boolean;
  /**
   * Whether the font may have the code point, according to the package's list, which may list too
   * much.
   */
  mayHave(codePoint: number): boolean;
  /** `@font-face` rules, the font itself as a data: URL. */
  css(): string;
}

type CjkForm = 'korean' | 'japanese';

interface Family {
  name: string;
  folder: string;
  /** Weights with a file of their own; null: one file for all weights. */
  weights: number[] | null;
  form?: CjkForm;
}

const fixed = (name: string, unicodeJson: string, weights = [400, 700]): Family => ({
  name,
  folder: dirname(unicodeJson),
  weights,
});
const variable = (name: string, unicodeJson: string, form?: CjkForm): Family => ({
  name,
  folder: dirname(unicodeJson),
  weights: null,
  ...(form && { form }),
});

const NOTO_SANS = fixed('Noto Sans', require.resolve('@fontsource/noto-sans/unicode.json'));
const DISPLAY = fixed(
  'Playfair Display',
  require.resolve('@fontsource/playfair-display/unicode.json'),
  [700],
);
const MONO = fixed(
  'Noto Sans Mono',
  require.resolve('@fontsource/noto-sans-mono/unicode.json'),
  [400],
);

/** The scripts in the order in which they are tried. */
const TEXT: Family[] = [
  NOTO_SANS,
  fixed('Noto Sans Arabic', require.resolve('@fontsource/noto-sans-arabic/unicode.json')),
  fixed('Noto Sans Hebrew', require.resolve('@fontsource/noto-sans-hebrew/unicode.json')),
  fixed('Noto Sans Thai', require.resolve('@fontsource/noto-sans-thai/unicode.json')),
  fixed('Noto Sans Myanmar', require.resolve('@fontsource/noto-sans-myanmar/unicode.json')),
  variable(
    'Noto Sans Armenian',
    require.resolve('@fontsource-variable/noto-sans-armenian/unicode.json'),
  ),
  variable(
    'Noto Sans Bengali',
    require.resolve('@fontsource-variable/noto-sans-bengali/unicode.json'),
  ),
  variable(
    'Noto Sans Ethiopic',
    require.resolve('@fontsource-variable/noto-sans-ethiopic/unicode.json'),
  ),
  variable(
    'Noto Sans Georgian',
    require.resolve('@fontsource-variable/noto-sans-georgian/unicode.json'),
  ),
  variable(
    'Noto Sans Gujarati',
    require.resolve('@fontsource-variable/noto-sans-gujarati/unicode.json'),
  ),
  variable(
    'Noto Sans Gurmukhi',
    require.resolve('@fontsource-variable/noto-sans-gurmukhi/unicode.json'),
  ),
  variable(
    'Noto Sans Kannada',
    require.resolve('@fontsource-variable/noto-sans-kannada/unicode.json'),
  ),
  variable('Noto Sans Khmer', require.resolve('@fontsource-variable/noto-sans-khmer/unicode.json')),
  variable('Noto Sans Lao', require.resolve('@fontsource-variable/noto-sans-lao/unicode.json')),
  variable(
    'Noto Sans Malayalam',
    require.resolve('@fontsource-variable/noto-sans-malayalam/unicode.json'),
  ),
  variable('Noto Sans Oriya', require.resolve('@fontsource-variable/noto-sans-oriya/unicode.json')),
  variable(
    'Noto Sans Sinhala',
    require.resolve('@fontsource-variable/noto-sans-sinhala/unicode.json'),
  ),
  variable('Noto Sans Tamil', require.resolve('@fontsource-variable/noto-sans-tamil/unicode.json')),
  variable(
    'Noto Sans Telugu',
    require.resolve('@fontsource-variable/noto-sans-telugu/unicode.json'),
  ),
  variable(
    'Noto Sans Thaana',
    require.resolve('@fontsource-variable/noto-sans-thaana/unicode.json'),
  ),
  variable(
    'Noto Serif Tibetan',
    require.resolve('@fontsource-variable/noto-serif-tibetan/unicode.json'),
  ),
  variable('Noto Emoji', require.resolve('@fontsource-variable/noto-emoji/unicode.json')),
  variable(
    'Noto Sans Symbols',
    require.resolve('@fontsource-variable/noto-sans-symbols/unicode.json'),
  ),
  fixed(
    'Noto Sans Symbols 2',
    require.resolve('@fontsource/noto-sans-symbols-2/unicode.json'),
    [400],
  ),
  fixed('Noto Sans Math', require.resolve('@fontsource/noto-sans-math/unicode.json'), [400]),
  variable('Noto Sans SC', require.resolve('@fontsource-variable/noto-sans-sc/unicode.json')),
  variable('Noto Sans TC', require.resolve('@fontsource-variable/noto-sans-tc/unicode.json')),
  variable(
    'Noto Sans JP',
    require.resolve('@fontsource-variable/noto-sans-jp/unicode.json'),
    'japanese',
  ),
  variable(
    'Noto Sans KR',
    require.resolve('@fontsource-variable/noto-sans-kr/unicode.json'),
    'korean',
  ),
];
const FIRST_CJK = TEXT.findIndex(({ name }) => name === 'Noto Sans SC');

/**
 * These subsets are left out of the packages for other scripts, because the Latin families have all
 * their characters.
 */
const LATIN_SUBSETS = /^(latin|greek|cyrillic|vietnamese)(-ext)?$/;
const LATIN_FAMILIES = [NOTO_SANS, DISPLAY, MONO];

/** Files of the face for headings, and of the face for codes. */
export const displayFiles = (): FontFile[] => filesOf(DISPLAY);
export const monoFiles = (): FontFile[] => filesOf(MONO);

/**
 * All files for text, in order of preference. A Chinese character has different forms by language:
 * if the text has kana it is Japanese, if it has hangul it is Korean, otherwise it is Chinese.
 */
export function textFiles(text: string): FontFile[] {
  const form: CjkForm | null = /\p{Script=Hangul}/u.test(text)
    ? 'korean'
    : /[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)
      ? 'japanese'
      : null;
  const preferred = TEXT.filter((family) => family.form !== undefined && family.form === form);
  return [...TEXT.slice(0, FIRST_CJK), ...preferred, ...TEXT.slice(FIRST_CJK)].flatMap(filesOf);
}

const filesByFamily = new Map<Family, FontFile[]>();

function filesOf(family: Family): FontFile[] {
  let files = filesByFamily.get(family);
  if (!files) {
    const lists = JSON.parse(readFileSync(join(family.folder, 'unicode.json'), 'utf8')) as Record<
      string,
      string
    >;
    const subsets = Object.entries(lists);
    files = subsets
      .filter(
        ([subset]) =>
          subsets.length === 1 || LATIN_FAMILIES.includes(family) || !LATIN_SUBSETS.test(subset),
      )
      // The list of a package that is not divided into subsets covers only Latin.
      .map(([subset, list]) => createFontFile(family, subset, subsets.length === 1 ? null : list));
    // Latin comes first: a file for another script may also have Latin letters, and would be loaded
    // just for them.
    files.sort(
      (one, other) => Number(other.name.endsWith(' latin')) - Number(one.name.endsWith(' latin')),
    );
    filesByFamily.set(family, files);
  }
  return files;
}

function createFontFile(family: Family, key: string, list: string | null): FontFile {
  const subset = key.replace(/[[\]]/g, '');
  const stem = join(
    family.folder,
    'files',
    `${family.name.toLowerCase().replaceAll(' ', '-')}-${subset}`,
  );
  const name = `${family.name} ${subset}`;
  const read = (weight: number | 'wght') => readFileSync(`${stem}-${weight}-normal.woff2`);
  const ranges = list?.split(',').map(parseRange);
  let coverage: ReadonlySet<number> | null = null;
  let css: string | null = null;
  return {
    name,
    mayHave: (codePoint) =>
      ranges?.some(([first, last]) => codePoint >= first && codePoint <= last) ?? true,
    has: (codePoint) =>
      (coverage ??= readCoverage(read(family.weights?.[0] ?? 'wght'))).has(codePoint),
    css: () =>
      (css ??= (family.weights ?? (['wght'] as const))
        .map((weight) => {
          const cssWeight = weight === 'wght' ? '100 900' : weight;
          const data = read(weight).toString('base64');
          return (
            `@font-face { font-family: "${name}"; font-weight: ${cssWeight};` +
            ` src: url(data:font/woff2;base64,${data}) format("woff2"); }`
          );
        })
        .join('\n')),
  };
}

/** `U+0000-00FF` or `U+0131`: first and last code point. */
function parseRange(text: string): [number, number] {
  const [first = '', last = first] = text.replace(/^U\+/i, '').split('-');
  return [parseInt(first, 16), parseInt(last, 16)];
}
