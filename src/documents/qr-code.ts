import { create } from 'qrcode';

/** The width of the quiet zone around a QR code, in modules. */
const QUIET_ZONE = 4;

/**
 * A QR code (error correction level M) as one path, for a square of `size` modules; the quiet zone
 * is in it.
 */
export function qrCodePath(content: string): { size: number; path: string } {
  const { modules } = create(content, { errorCorrectionLevel: 'M' });
  const rows = Array.from({ length: modules.size }, (_, row) => {
    let path = '';
    for (let column = 0; column < modules.size; column++) {
      if (!modules.get(row, column)) continue;
      let end = column + 1;
      while (end < modules.size && modules.get(row, end)) end++;
      path += `M${column + QUIET_ZONE} ${row + QUIET_ZONE}h${end - column}v1h${column - end}z`;
      column = end;
    }
    return path;
  });
  return { size: modules.size + 2 * QUIET_ZONE, path: rows.join('') };
}

/** A QR code as an SVG, sharp at any size, that fills its box. */
export function qrCodeSvg(content: string): string {
  const { size, path } = qrCodePath(content);
  return (
    `<svg class="qr" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges" role="img" aria-label="QR code">` +
    `<path fill="#000" d="${path}"/></svg>`
  );
}
