import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export interface ReadPdf {
  title: string | null;
  pages: {
    widthMm: number;
    heightMm: number;
    text: string;
    qr: string | null;
    /** PostScript names of the fonts that draw the text. */
    fonts: string[];
    /** How many glyphs are a font's "no such glyph": a box. */
    missingGlyphs: number;
  }[];
}

/** Reads a PDF back, as a person with a scanner would: the text of each page, and its QR code at `dpi` (0: none is read). */
export async function readPdf(pdf: Buffer, dpi = 150): Promise<ReadPdf> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-read-pdf-'));
  try {
    const path = join(folder, 'document.pdf');
    await writeFile(path, pdf);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [resolve('test/support/read-pdf.mjs'), path, String(dpi)],
      {
        maxBuffer: 64 * 1024 * 1024,
        timeout: 240_000,
      },
    );
    return JSON.parse(stdout) as ReadPdf;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
