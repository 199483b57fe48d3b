import { create } from 'qrcode';

/** The width of the quiet zone around a QR code, in modules. */
const QUIET_ZONE = 4;

/**
 * A QR code (error correction level M) as an SVG with one filled path, including the quiet zone. It
 * is sharp at any size and fills its box.
 */
export function qrCodeSvg(content: string): string {
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
  const size = modules.size + 2 * QUIET_ZONE;
  return (
    `<svg class="qr" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges" role="img" aria-label="QR code">` +
    `<path fill="#000" d="${rows.join('')}"/></svg>`
  );
}
