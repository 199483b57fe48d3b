import { create } from 'qrcode';

/** Modules of white that a QR code needs around it. */
const QUIET_ZONE = 4;

/**
 * A QR code (error level M) as an SVG of one filled path, quiet zone included, which stays crisp at any size. It fills
 * the box that holds it.
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
