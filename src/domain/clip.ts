const ELLIPSIS = '…';

const bytesOf = (character: string): number => {
  const point = character.codePointAt(0)!;
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
};

/** A text cut to a number of bytes in UTF-8, between two characters; what was cut ends in `…`. */
export function clipToBytes(text: string, most: number): string {
  const room = most - bytesOf(ELLIPSIS);
  let size = 0;
  let kept = '';
  for (const character of text) {
    size += bytesOf(character);
    if (size > most) return `${kept}${ELLIPSIS}`;
    if (size <= room) kept += character;
  }
  return text;
}
