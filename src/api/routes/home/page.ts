import { createHash } from 'node:crypto';
import type { UpcomingEvent } from '../../../db/upcoming-events';
import { escapeHtml, formatEventTime, oneLine } from '../../../documents/format';
import { formatMoney } from '../../../domain/currency';
import { HOME_STYLE } from './style';

/**
 * Addresses of the services beside the API; undefined: the service is missing or not part of this
 * stack.
 */
export interface DevPages {
  temporalUiUrl: string | undefined;
  mailUrl: string | undefined;
}

const styleHash = createHash('sha256').update(HOME_STYLE).digest('base64');

/** The page has no script, loads nothing from elsewhere, and uses no style but its own. */
export const HOME_POLICY = `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Three seats, one of them taken. */
const MARK = (seat: string, taken: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32"><rect x="1" y="10" width="8" height="12" rx="2.5" ${seat}/><rect x="12" y="10" width="8" height="12" rx="2.5" ${taken}/><rect x="23" y="10" width="8" height="12" rx="2.5" ${seat}/></svg>`;
const ICON = `data:image/svg+xml,${encodeURIComponent(MARK('fill="#b9ab9f"', 'fill="#a3263b"'))}`;

const text = (value: string) => escapeHtml(oneLine(value));
const count = (value: number) => value.toLocaleString('en-GB');

function saleOf({ sale, freeSeats, salesOpenAt, timeZone }: UpcomingEvent): {
  note: string;
  open: boolean;
} {
  if (sale === 'closed') return { note: 'Sale closed', open: false };
  if (sale === 'not_open_yet' && salesOpenAt !== null) {
    const { date, time } = formatEventTime(salesOpenAt, timeZone);
    return { note: `Sale opens ${date}, ${time}`, open: false };
  }
  return freeSeats === 0 ? { note: 'Sold out', open: false } : { note: '', open: true };
}

function eventCard(event: UpcomingEvent): string {
  const { weekday, date, time } = formatEventTime(event.startsAt, event.timeZone);
  const { note, open } = saleOf(event);
  const share = event.seats === 0 ? 0 : (100 * event.freeSeats) / event.seats;
  const path = `/v1/events/${encodeURIComponent(event.slug)}`;
  const price = formatMoney({ amount: event.lowestPrice, currency: event.currency });
  return `<li class="event${open ? '' : ' shut'}">
<p class="when"><time datetime="${escapeHtml(event.startsAt)}">${weekday.slice(0, 3)} ${date}, ${time}</time></p>
<h3 dir="auto">${text(event.name)}</h3>
<p class="where" dir="auto">${event.venue === null ? '' : text(event.venue)}</p>
<svg class="bar" width="100%" height="6" aria-hidden="true"><rect class="all" width="100%" height="6" rx="3"/><rect class="free" width="${share.toFixed(1)}%" height="6" rx="3"/></svg>
<p class="seats"><span><b>${count(event.freeSeats)}</b> of ${count(event.seats)} free</span><span>${note === '' ? `from ${escapeHtml(price)}` : escapeHtml(note)}</span></p>
<p class="raw">JSON: <a href="${path}">event</a> <a href="${path}/seats">seat map</a> <code>${escapeHtml(event.slug)}</code></p>
</li>`;
}

interface Link {
  url: string;
  name: string;
  meaning: string;
}

const DOCUMENTS: readonly Link[] = [
  {
    url: '/api/docs/',
    name: 'API, to try out',
    meaning: 'Every call, with a form to send it (Swagger UI)',
  },
  {
    url: '/api/redoc/',
    name: 'API reference',
    meaning: 'Every call, field and error code (ReDoc)',
  },
  { url: '/openapi.json', name: 'OpenAPI document', meaning: 'For code generators: OpenAPI 3.1' },
];

function devLinks({ temporalUiUrl, mailUrl }: DevPages): Link[] {
  const links: (Omit<Link, 'url'> & { url: string | undefined })[] = [
    {
      url: temporalUiUrl,
      name: 'Temporal UI',
      meaning: 'Each reservation as a workflow, step by step',
    },
    {
      url: mailUrl,
      name: 'Mail catcher',
      meaning: 'The mails with the tickets; none is delivered',
    },
  ];
  return links.flatMap(({ url, ...link }) => (url === undefined ? [] : [{ url, ...link }]));
}

const linkList = (links: readonly Link[]): string =>
  `<ul class="links">${links.map(({ url, name, meaning }) => `<li><a href="${escapeHtml(url)}">${name}</a><span>${meaning}</span></li>`).join('')}</ul>`;

const NO_EVENTS =
  '<p class="none">There is no event yet. <code>npm run seed</code> makes three, <code>POST /v1/events</code> makes your own.</p>';

/** The page as HTML. Names of events and venues are foreign text and are escaped. */
export function renderHome(events: readonly UpcomingEvent[], devPages: DevPages): string {
  const beside = devLinks(devPages);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Holdfast</title>
<link rel="icon" href="${ICON}">
<style>${HOME_STYLE}</style>
</head>
<body>
<main>
<header>
<p class="brand">${MARK('class="seat"', 'class="taken"')}Holdfast</p>
<h1>No seat is sold twice.</h1>
<p>Holdfast is a reservation engine. It holds seats for a while, confirms them when they are paid, prints and mails the tickets, and
frees what was not paid for. A shop calls it over HTTP; PostgreSQL knows who has a seat, Temporal what happens next.</p>
</header>
<section aria-labelledby="events">
<h2 id="events">Events</h2>
${events.length === 0 ? NO_EVENTS : `<ul class="events">${events.map(eventCard).join('')}</ul>`}
</section>
<section aria-labelledby="documents">
<h2 id="documents">Documents</h2>
${linkList(DOCUMENTS)}
</section>
${beside.length === 0 ? '' : `<section aria-labelledby="beside"><h2 id="beside">On this machine</h2>\n${linkList(beside)}\n<p class="hint"><code>npm run race</code> lets ten buyers fight for one seat.</p></section>`}
</main>
</body>
</html>
`;
}
