// Reads a PDF (path, then optionally a dpi for the QR codes and a folder for pictures of the pages) and prints JSON: title, and each
// page's size in millimetres, text, and what its QR code says. A process of its own, because pdf.js is an ES module.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import jsqr from 'jsqr';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';

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
    qr: await readQrCode(page, number),
  });
  page.cleanup();
}
process.stdout.write(JSON.stringify({ title: info.Title ?? null, pages }));
await task.destroy();

async function readQrCode(page, number) {
  const viewport = page.getViewport({ scale: Number(dpi) / 72 });
  // pdf.js brings its own canvas, and takes no other.
  const { canvas, context } = document.canvasFactory.create(Math.round(viewport.width), Math.round(viewport.height));
  await page.render({ canvas, canvasContext: context, viewport }).promise;
  if (pictures) writeFileSync(join(pictures, `page-${number}.png`), canvas.toBuffer('image/png'));
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return jsqr(data, canvas.width, canvas.height)?.data ?? null;
}
