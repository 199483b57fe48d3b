import { escapeHtml, formatEventTime, formatSeat, type EventTime } from './format';
import type { PrintableSheet, PrintableTicket } from './printable-sheet';
import { qrCodeSvg } from './qr-code';
import { TICKET_DRAWING, ticketStyle } from './ticket-style';

const NOTES = `<div class="notes">
  <p><b>At the door</b>Show the code on paper or on a screen. It admits one person, once.</p>
  <p><b>Keep it to yourself</b>The first person who shows this code is let in. Do not post a picture of it.</p>
  <p><b>On paper</b>Print at full size (100 %), in colour or black and white, and tear along the dots.</p>
</div>`;

const SUBSTITUTED =
  '<div class="substituted">Some characters of this ticket could not be printed as they are written.</div>';

/**
 * The tickets of a reservation as one HTML document with fonts included. It loads nothing and has
 * no scripts. Each ticket is one `.page`. A box marked `data-fit` may have too much text;
 * `renderTickets` shrinks the text, and cuts text that is far too long.
 */
export function ticketDocument(sheet: PrintableSheet): string {
  const { fonts } = sheet;
  const pages = sheet.tickets.map((ticket, index) => ticketPage(sheet, ticket, index));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; font-src data:">
<title>${escapeHtml(sheet.title)}</title>
<style>${fonts.css}</style><style>${ticketStyle(fonts)}</style></head>
<body>${TICKET_DRAWING}
${pages.join('\n')}
</body></html>`;
}

function ticketPage(sheet: PrintableSheet, ticket: PrintableTicket, index: number): string {
  const { events, holder, tickets } = sheet;
  const event = events[ticket.event]!;
  const time = formatEventTime(event.startsAt, event.timeZone);
  return `<section class="page">
<svg class="outline"><use href="#ticket"/></svg>
<div class="band display"><span>Admit one</span></div>
<div class="main">
  <div class="top"><span class="label">Holdfast</span><span class="label">Ticket ${index + 1} of ${tickets.length}</span></div>
  <h1 class="title">${box('name', event.name, 'display')}</h1>
  <div class="when">
    <div><span class="label">Date</span><span class="display">${time.date}</span><span class="small">${time.weekday}</span></div>
    <div><span class="label">Time</span><span class="display">${time.time}</span>
      <span class="small">${time.zoneName}<br>${escapeHtml(event.timeZone)}</span></div>
    <div><span class="label">Venue</span>${box('venue', event.venue ?? '–')}</div>
  </div>
  ${seatBlock(ticket.seat)}
  <div class="facts">
    <div><span class="label">Holder</span>${box('fact', holder)}</div>
    <div><span class="label">Category</span>${box('fact', ticket.seat.category)}</div>
    <div><span class="label">Price</span>${box('fact', ticket.price)}</div>
  </div>
</div>
${stub(sheet.reservationId, event, ticket, time)}
${NOTES}
</section>`;
}

function seatBlock({ section, row, number, label }: PrintableTicket['seat']): string {
  const column = (name: string, value: string) =>
    `<div><span class="label">${name}</span>${box('big', value, 'display')}</div>`;
  const places =
    row === null ? column('Place', label) : column('Row', row) + column('Seat', number ?? label);
  return `<div class="seat${row === null ? ' general' : ''}">${column('Section', section)}${places}</div>`;
}

/** The stub that the door staff keeps when the ticket is torn. */
function stub(
  reservationId: string,
  event: PrintableSheet['events'][number],
  ticket: PrintableTicket,
  time: EventTime,
): string {
  return `<div class="stub">
  <div class="qr-frame">${qrCodeSvg(ticket.code)}</div>
  <div class="stub-text">
    ${box('stub-name', event.name, 'display')}
    ${box('stub-line', formatSeat(ticket.seat))}
    ${box('stub-line', `${time.weekday}, ${time.date}, ${time.time}`)}
    <span class="label">Reservation</span>${box('stub-id', reservationId, 'mono')}
    <span class="label">Ticket code</span>${box('stub-code', ticket.code, 'mono')}
  </div>
  ${ticket.substituted ? SUBSTITUTED : ''}
</div>`;
}

/** A letter of a script that is taller or deeper than the line height of the design. */
const TALL =
  /(?![\p{scx=Latin}\p{scx=Greek}\p{scx=Cyrillic}\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hangul}\p{scx=Zyyy}\p{scx=Zinh}])[\p{L}\p{M}]/u;

/**
 * A box of fixed size for text that may be too long; `kind` is the name of its size in the style.
 */
function box(kind: string, text: string, font = ''): string {
  return `<div class="text ${kind} ${font}${TALL.test(text) ? ' tall' : ''}" data-fit="${kind}" dir="auto">${escapeHtml(text)}</div>`;
}
