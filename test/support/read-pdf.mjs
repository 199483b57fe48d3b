// Reads a PDF (path, then optionally a dpi for the QR codes, 0 for not to read them, and a folder for pictures of the pages) and prints JSON: title, and each
// page's size in millimetres, text, what its QR code says, the fonts that draw its text, and how often they draw "no such
// glyph". A process of its own, because pdf.js is an ES module.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import jsqr from 'jsqr';
import { getDocument, OPS } from 'pdfjs-dist/legacy/build/pdf.mjs';

const [path, dpi = '150', pictures] = process.argv.slice(2);
const MM_PER_POINT = 25.4 / 72;

const task = getDocument({ data: new Uint8Array(readFileSync(path)), verbosity: 0 });
const document = await task.promise;
const { info } = await document.getMetadata();
const pages = [];
for (let number = 1; number <= document.numPages; number++) {
  const page = await document.getPage(number);
  const { width, height } = page.getViewport({ scale: 1 });
  const { items } = await page.getTextContent();
  const text = items.map((item) => item.str + (item.hasEOL ? '\n' : '')).join('');
  pages.push({
    widthMm: width * MM_PER_POINT,
    heightMm: height * MM_PER_POINT,
    text,
    qr: Number(dpi) > 0 ? await readQrCode(page, number) : null,
    ...(await readGlyphs(page)),
  });
  page.cleanup();
}
process.stdout.write(JSON.stringify({ title: info.Title ?? null, pages }));
await task.destroy();

async function readQrCode(page, number) {
  const viewport = page.getViewport({ scale: Number(dpi) / 72 });
  // pdf.js brings its own canvas, and takes no other.
  const { canvas, context } = document.canvasFactory.create(
    Math.round(viewport.width),
    Math.round(viewport.height),
  );
  await page.render({ canvas, canvasContext: context, viewport }).promise;
  if (pictures) writeFileSync(join(pictures, `page-${number}.png`), canvas.toBuffer('image/png'));
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return jsqr(data, canvas.width, canvas.height)?.data ?? null;
}

/** In what Chromium writes, character code 0 is glyph 0 of the font: `.notdef`, the box. */
async function readGlyphs(page) {
  const { fnArray, argsArray } = await page.getOperatorList();
  const fonts = new Set();
  let missingGlyphs = 0;
  fnArray.forEach((operator, index) => {
    const [argument] = argsArray[index] ?? [];
    if (operator === OPS.setFont)
      fonts.add(page.commonObjs.get(argument).name.replace(/^[A-Z]{6}\+/, ''));
    if (operator === OPS.showText)
      missingGlyphs += argument.filter((glyph) => glyph.originalCharCode === 0).length;
  });
  return { fonts: [...fonts], missingGlyphs };
}
