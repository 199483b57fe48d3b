import { displayFiles, monoFiles, textFiles, type FontFile } from './font-files';

export interface FontSet {
  /** `@font-face` rules with the fonts themselves as data: URLs. */
  css: string;
  /** Values for `font-family`. Only our own fonts: never one of the machine. */
  text: string;
  display: string;
  mono: string;
}

export interface FontPicker {
  /**
   * Takes the font files that a cluster (a character with its marks) needs into the set.
   * @returns the cluster as one of our fonts has it, which may be composed or decomposed otherwise; null when none does.
   */
  pick(cluster: string): string | null;
  /** The fonts of all clusters that were picked so far. */
  fonts(): FontSet;
}

/**
 * Chooses fonts for one document, cluster by cluster, by what the fonts' own tables say.
 * @param context all text of the document: the language of a Chinese character is told by what stands beside it.
 */
export function createFontPicker(context: string): FontPicker {
  const files = textFiles(context);
  const display = displayFiles();
  const mono = monoFiles().slice(0, 1);
  // The Latin ones are needed in any case, for the ticket's own words.
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

/** What a font must have to print the cluster: all of it that can be seen. */
function neededCodePoints(cluster: string): number[] {
  const characters = Array.from(cluster);
  const visible = characters.filter((character) => !isInvisible(character));
  return (visible.length > 0 ? visible : characters).map(codePointOf);
}

/** A browser takes a cluster from one font: the parts that several have do not make a whole. */
const hasAll = (file: FontFile, codePoints: number[]) =>
  codePoints[0] !== undefined &&
  file.mayHave(codePoints[0]) &&
  codePoints.every((codePoint) => file.has(codePoint));

/** Joiners, variation selectors, direction marks: a font without them loses nothing that can be read. */
const isInvisible = (character: string) => /^\p{Default_Ignorable_Code_Point}$/u.test(character);
const codePointOf = (character: string) => character.codePointAt(0) ?? 0;
