import { displayFiles, monoFiles, textFiles, type FontFile } from './font-files';

export interface FontSet {
  /** `@font-face` rules with the fonts themselves as data: URLs. */
  css: string;
  /** Values for `font-family`. They name bundled fonts only, never a font of the machine. */
  text: string;
  display: string;
  mono: string;
}

export interface FontPicker {
  /**
   * Adds the font files for a cluster (a character with its marks) to the set.
   * @returns the cluster as a bundled font has it, possibly composed or decomposed differently;
   * null when no font has it
   */
  pick(cluster: string): string | null;
  /** The fonts of all clusters so far. */
  fonts(): FontSet;
}

/**
 * Chooses the fonts of one document, cluster by cluster, according to the fonts' own tables.
 * @param context all text of the document, which tells the language of Chinese characters
 */
export function createFontPicker(context: string): FontPicker {
  const files = textFiles(context);
  const display = displayFiles();
  const mono = monoFiles().slice(0, 1);
  // The Latin fonts are always needed for the ticket's own labels.
  const used = new Set([files[0]!, display[0]!]);
  const known = new Map<string, string | null>();

  function find(cluster: string): string | null {
    for (const form of new Set([cluster, cluster.normalize('NFC'), cluster.normalize('NFD')])) {
      const needed = neededCodePoints(form);
      const file = files.find((candidate) => hasAll(candidate, needed));
      if (!file) continue;
      used.add(file);
      const heading = display.find((candidate) => hasAll(candidate, needed));
      if (heading) used.add(heading);
      return Array.from(form)
        .filter((character) => !isInvisible(character) || file.has(codePointOf(character)))
        .join('');
    }
    return null;
  }

  return {
    pick(cluster) {
      let found = known.get(cluster);
      if (found === undefined) known.set(cluster, (found = find(cluster)));
      return found;
    },
    fonts() {
      const chosen = {
        display: display.filter((file) => used.has(file)),
        text: files.filter((file) => used.has(file)),
      };
      const names = (list: FontFile[]) => list.map(({ name }) => `"${name}"`).join(', ');
      return {
        css: [...mono, ...chosen.display, ...chosen.text].map((file) => file.css()).join('\n'),
        text: names(chosen.text),
        display: names([...chosen.display, ...chosen.text]),
        mono: names([...mono, ...chosen.text]),
      };
    },
  };
}

/** The code points of a cluster that a font must have: all visible ones. */
function neededCodePoints(cluster: string): number[] {
  const characters = Array.from(cluster);
  const visible = characters.filter((character) => !isInvisible(character));
  return (visible.length > 0 ? visible : characters).map(codePointOf);
}

/** A browser takes a cluster from one font, so one file must have all of its code points. */
const hasAll = (file: FontFile, codePoints: number[]) =>
  codePoints[0] !== undefined &&
  file.mayHave(codePoints[0]) &&
  codePoints.every((codePoint) => file.has(codePoint));

/**
 * Joiners, variation selectors, direction marks: a font without them prints the same visible text.
 */
const isInvisible = (character: string) => /^\p{Default_Ignorable_Code_Point}$/u.test(character);
const codePointOf = (character: string) => character.codePointAt(0) ?? 0;
