import { brotliDecompressSync } from 'node:zlib';

/**
 * Table tags that WOFF2 encodes as a number (W3C WOFF 2.0, section 5.2): `cmap` is 0; 63 means that
 * the tag is written out.
 */
const CMAP = 0;
const GLYF = 10;
const LOCA = 11;
const SPELLED_OUT = 63;
/**
 * The transform version that means "stored unchanged" for `glyf` and `loca`. For every other table
 * that version is 0.
 */
const PLAIN_OUTLINES = 3;

/** Formats of a `cmap` subtable that map code points to glyphs. */
const SEGMENTS = 4;
const GROUPS = 12;

/**
 * The code points for which a WOFF2 font has a glyph, according to its `cmap` table.
 * @throws Error when the bytes are not a WOFF2 font with a Unicode `cmap` of format 4 or 12
 */
export function readCoverage(woff2: Buffer): ReadonlySet<number> {
  const cmap = readCmap(woff2);
  const covered = new Set<number>();
  let readable = 0;
  for (let index = 0; index < cmap.readUInt16BE(2); index++) {
    const subtable = cmap.subarray(cmap.readUInt32BE(4 + index * 8 + 4));
    const format = subtable.readUInt16BE(0);
    if (format === SEGMENTS) addSegments(subtable, covered);
    else if (format === GROUPS) addGroups(subtable, covered);
    else continue;
    readable++;
  }
  if (readable === 0) throw new Error('The font has no cmap subtable of format 4 or 12');
  return covered;
}

/**
 * All tables of a WOFF2 file form one Brotli stream. Only `cmap` is read; it is never transformed.
 */
function readCmap(woff2: Buffer): Buffer {
  if (woff2.toString('latin1', 0, 4) !== 'wOF2') throw new Error('Not a WOFF2 font');
  const tables = woff2.readUInt16BE(12);
  let position = 48;
  const readLength = () => {
    let value = 0;
    for (;;) {
      const byte = woff2.readUInt8(position++);
      value = value * 128 + (byte & 0x7f);
      if ((byte & 0x80) === 0) return value;
    }
  };
  let offset = 0;
  let found: [from: number, to: number] | null = null;
  for (let index = 0; index < tables; index++) {
    const flags = woff2.readUInt8(position++);
    const tag = flags & 0x3f;
    if (tag === SPELLED_OUT) position += 4;
    const plainLength = readLength();
    const plainVersion = tag === GLYF || tag === LOCA ? PLAIN_OUTLINES : 0;
    const length = flags >> 6 === plainVersion ? plainLength : readLength();
    if (tag === CMAP) found = [offset, offset + length];
    offset += length;
  }
  if (!found) throw new Error('The font has no cmap table');
  const compressed = woff2.subarray(position, position + woff2.readUInt32BE(20));
  return brotliDecompressSync(compressed).subarray(...found);
}

/** Format 12: groups of `first, last, glyph of the first`, 32 bits each. */
function addGroups(table: Buffer, covered: Set<number>): void {
  for (let group = 0; group < table.readUInt32BE(12); group++) {
    const at = 16 + group * 12;
    const first = table.readUInt32BE(at);
    const last = table.readUInt32BE(at + 4);
    const glyph = table.readUInt32BE(at + 8);
    for (let codePoint = first; codePoint <= last; codePoint++) {
      if (glyph + codePoint - first !== 0) covered.add(codePoint);
    }
  }
}

/** Format 4: four parallel arrays of 16-bit values (last, first, delta, offset), one entry for each segment. */
function addSegments(table: Buffer, covered: Set<number>): void {
  const size = table.readUInt16BE(6);
  for (let segment = 0; segment < size; segment += 2) {
    const last = table.readUInt16BE(14 + segment);
    const first = table.readUInt16BE(16 + size + segment);
    const delta = table.readUInt16BE(16 + 2 * size + segment);
    const offsetAt = 16 + 3 * size + segment;
    const offset = table.readUInt16BE(offsetAt);
    for (let codePoint = first; codePoint <= last && codePoint !== 0xffff; codePoint++) {
      // The offset is relative to its own position, and leads to the glyph of the first code point.
      const listed =
        offset === 0 ? codePoint : table.readUInt16BE(offsetAt + offset + 2 * (codePoint - first));
      const unmapped = offset !== 0 && listed === 0;
      if (!unmapped && ((listed + delta) & 0xffff) !== 0) covered.add(codePoint);
    }
  }
}
