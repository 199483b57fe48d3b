/** Half of a character (a surrogate alone) cannot be stored, nor told from another half once it is replaced. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

const ONE_LINE = /^[^\u0000-\u001f\u007f]*$/;
/**
 * Invisible as well, although Unicode counts them as symbols: the empty braille cell and the null
 * note head. Characters for private use, and unassigned ones, count as visible: a font may have them.
 */
export const VISIBLE =
  /[^\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]/u;

/**
 * What is wrong with a name: one line with a visible character, of limited length.
 * @returns null when it is one
 */
export function faultOfName(text: string, max: number): string | null {
  if (text === '') return 'is empty';
  if (!ONE_LINE.test(text) || !isWellFormed(text))
    return 'must be one line without control characters';
  if (!VISIBLE.test(text)) return 'must have a visible character';
  return text.length > max ? `must have ${max} characters at most` : null;
}
