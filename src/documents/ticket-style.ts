import type { FontSet } from './fonts';

/**
 * The style of a ticket. Every box has a fixed size, so that the layout does not depend on the
 * length of names. Text that may be long uses `--fit`, the factor by which it was shrunk. A ticket
 * is readable without colour.
 */
export function ticketStyle(fonts: FontSet): string {
  return `
@page { size: A4; margin: 0; }
* { box-sizing: border-box; margin: 0; padding: 0; }
html { --ink: #1b1512; --quiet: #6a5f57; --line: #c9beb3; --accent: #8a1c2e; }
body { color: var(--ink); font: 400 9.5pt/1.4 ${fonts.text}; print-color-adjust: exact; }
.page { position: relative; width: 210mm; height: 297mm; overflow: hidden; contain: strict; break-after: page; }
.page:last-child { break-after: auto; }
.outline { position: absolute; left: 13mm; top: 13mm; width: 184mm; height: 242mm; }
.display { font-family: ${fonts.display}; font-weight: 700; font-variant-numeric: lining-nums; }
.mono { font-family: ${fonts.mono}; word-break: break-all; }
.text { font-size: calc(var(--size) * var(--fit, 1)); overflow: hidden; overflow-wrap: normal; text-align: left; }
.text.tall { line-height: normal; }
.label { display: block; color: var(--accent); font-size: 7pt; font-weight: 700; line-height: 1.3; text-transform: uppercase;
  letter-spacing: 0.07em; white-space: nowrap; }

.band { position: absolute; left: 14mm; top: 14mm; width: 13mm; height: 150mm; color: #fff; }
.band span { position: absolute; left: 50%; top: 50%; transform: translate(-50%, -50%) rotate(-90deg); white-space: nowrap;
  font-size: 15pt; letter-spacing: 0.3em; text-transform: uppercase; }

.main { position: absolute; left: 36mm; top: 14mm; width: 151mm; height: 150mm; }
.top { position: absolute; top: 9mm; left: 0; right: 0; display: flex; justify-content: space-between; }
.top .label:last-child { color: var(--ink); }
.title { position: absolute; top: 17mm; left: 0; width: 151mm; height: 52mm; display: flex; align-items: center; }
.name { flex: 1; max-height: 52mm; padding: 0.12em 0 0.16em; --size: 64pt; line-height: 1.08;
  letter-spacing: -0.01em; text-wrap: balance; }
.when { position: absolute; top: 72mm; left: 0; right: 0; height: 24mm; padding-top: 3mm; border-top: 0.6mm solid var(--ink);
  display: grid; grid-template-columns: 50mm 46mm 47mm; column-gap: 4mm; }
.when .display { display: block; font-size: 15pt; line-height: 1.3; white-space: nowrap; }
.small { display: block; color: var(--quiet); font-size: 7.5pt; line-height: 1.35; }
.venue { max-height: 17mm; --size: 11pt; font-weight: 700; line-height: 1.35; padding-top: 0.6mm; }
.seat { position: absolute; top: 97mm; left: 0; right: 0; height: 31mm; padding-top: 3mm; border-top: 0.2mm solid var(--line);
  display: grid; grid-template-columns: 73mm 32mm 38mm; column-gap: 4mm; }
.seat.general { grid-template-columns: 73mm 74mm; }
.big { height: 22mm; padding-bottom: 1mm; display: grid; align-content: center; line-height: 1.15;
  --size: 44pt; }
.facts { position: absolute; top: 129mm; left: 0; right: 0; height: 17mm; padding-top: 3mm; border-top: 0.2mm solid var(--line);
  display: grid; grid-template-columns: 73mm 43mm 27mm; column-gap: 4mm; }
.fact { max-height: 11mm; --size: 11pt; line-height: 1.35; font-weight: 700; }

.stub { position: absolute; left: 14mm; top: 164mm; width: 182mm; height: 90mm; }
.qr-frame { position: absolute; left: 10mm; top: 11mm; width: 68mm; height: 68mm; background: #fff; }
.qr { display: block; width: 100%; height: 100%; }
.stub-text { position: absolute; left: 88mm; top: 11mm; width: 84mm; height: 68mm; display: flex; flex-direction: column;
  justify-content: center; }
.stub-name { --size: 17pt; flex: none; max-height: 15.5mm; line-height: 1.24; margin-bottom: 1.2mm; }
.stub-line { --size: 9.5pt; flex: none; max-height: 9.6mm; line-height: 1.4; }
.stub .label { margin-top: 3mm; }
.stub-id { --size: 8pt; flex: none; max-height: 7.7mm; line-height: 1.3; }
.stub-code { --size: 7.4pt; flex: none; max-height: 22mm; line-height: 1.35; }
.substituted { position: absolute; left: 10mm; right: 10mm; top: 81mm; color: var(--quiet); font-size: 6.5pt; line-height: 1.3; }

.notes { position: absolute; left: 14mm; right: 14mm; top: 260mm; height: 24mm; display: grid; column-gap: 8mm;
  grid-template-columns: 1fr 1fr 1fr; color: var(--quiet); font-size: 7.6pt; line-height: 1.45; overflow: hidden; }
.notes b { display: block; color: var(--ink); }
`;
}

/**
 * The ticket's edge with its perforation, the accent band and the ornament, drawn in millimetres
 * and shared by all pages.
 */
export const TICKET_DRAWING = `
<svg width="0" height="0" style="position: absolute" aria-hidden="true"><defs>
  <symbol id="ticket" viewBox="-1 -1 184 242">
    <path fill="var(--accent)" d="M4 0H13V150H4.5A4.5 4.5 0 0 0 0 145.5V4A4 4 0 0 1 4 0Z"/>
    <path fill="none" stroke="#fff" stroke-width="0.25" stroke-opacity="0.7" d="M2 6V142M11 6V144"/>
    <g fill="none" stroke="var(--accent)" stroke-width="0.14" stroke-opacity="0.3" transform="translate(150 42)">${rosette()}</g>
    <path fill="none" stroke="var(--ink)" stroke-width="0.35" d="M4 0H178A4 4 0 0 1 182 4V145.5A4.5 4.5 0 0 0 182 154.5V236
      A4 4 0 0 1 178 240H4A4 4 0 0 1 0 236V154.5A4.5 4.5 0 0 0 0 145.5V4A4 4 0 0 1 4 0Z"/>
    <path fill="none" stroke="var(--ink)" stroke-width="0.4" stroke-linecap="round" stroke-dasharray="0.01 2.2" d="M6.6 150H176"/>
  </symbol>
</defs></svg>`;

/** Rotated ellipses, similar to the ornament of a banknote. */
function rosette(): string {
  return Array.from(
    { length: 18 },
    (_, turn) => `<ellipse rx="27" ry="11" transform="rotate(${turn * 10})"/>`,
  ).join('');
}
