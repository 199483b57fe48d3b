import { qrCodePath } from '../../documents/qr-code';

/** The code of a ticket, to be scanned from the screen: dark on white, whatever the page's colours are. */
export function QrCode({ content, title }: { content: string; title: string }) {
  const { size, path } = qrCodePath(content);
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={title}>
      <rect width={size} height={size} fill="#fff" />
      <path fill="#000" d={path} shape-rendering="crispEdges" />
    </svg>
  );
}
