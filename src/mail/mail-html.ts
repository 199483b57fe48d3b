import { escapeHtml, formatEventTime, oneLine } from '../documents/format';

/** The recipient of a mail: a buyer, with name and address as given. */
export interface Recipient {
  name: string;
  email: string;
}

export interface MailedEvent {
  slug: string;
  name: string;
  venue: string | null;
  /** RFC 3339. */
  startsAt: string;
  /** IANA name of the venue's time zone. */
  timeZone: string;
  /** Grows with each change of the event. */
  revision: number;
}

/** Longest event name in a subject; mail programs show less than this. */
const MAX_SUBJECT_NAME = 120;
const FONT = "font-family: 'Helvetica Neue', Helvetica, Arial, sans-serif";
const SERIF = "font-family: Georgia, 'Times New Roman', serif";
const ACCENT = '#8a1c2e';

/** Foreign text for a header: one line, no control characters, limited length. */
export function headerText(text: string): string {
  const characters = Array.from(oneLine(text));
  return characters.length <= MAX_SUBJECT_NAME
    ? characters.join('')
    : `${characters.slice(0, MAX_SUBJECT_NAME - 1).join('')}…`;
}

/** `Saturday, 14 March 2026, 19:00 (Central European Standard Time)` */
export function eventTimeLine(event: MailedEvent): string {
  const { weekday, date, time, zoneName } = formatEventTime(event.startsAt, event.timeZone);
  return `${weekday}, ${date}, ${time} (${zoneName})`;
}

/** What a mail is about: `Hamlet`, `Hamlet and Gala`, `Hamlet and 2 more`. */
export function namesOf(events: readonly MailedEvent[]): string {
  const [first = '', second = '', ...more] = events.map(({ name }) => oneLine(name));
  if (events.length === 1) return first;
  return more.length === 0 ? `${first} and ${second}` : `${first} and ${events.length - 1} more`;
}

/** When and where an event is, as facts of a letter. @param isNamed with its name, where there are others */
export const eventFacts = (event: MailedEvent, isNamed: boolean): [string, string][] => [
  ...(isNamed ? [['Event', oneLine(event.name)] as [string, string]] : []),
  ['When', eventTimeLine(event)],
  ...(event.venue === null ? [] : [['Where', oneLine(event.venue)] as [string, string]]),
];

/** `Dear Ophelia,`; without a name, `Hello,`. */
export function greeting(name: string): string {
  const line = oneLine(name);
  return line === '' ? 'Hello,' : `Dear ${line},`;
}

export const paragraph = (text: string) =>
  `<p dir="auto" style="margin: 0 0 16px; ${FONT}; font-size: 16px; line-height: 24px; color: #1b1512;">${escapeHtml(text)}</p>`;

/** Facts as a table with two columns: `[name, value]`. Values are text, not HTML. */
export function factsTable(facts: readonly (readonly [string, string])[]): string {
  const cell = 'padding: 10px 0; border-top: 1px solid #ddd3c9; vertical-align: top';
  const rows = facts.map(
    ([name, value]) =>
      `<tr><td style="${cell}; ${FONT}; font-size: 12px; line-height: 22px; color: ${ACCENT}; width: 130px;">${escapeHtml(name)}</td>` +
      `<td dir="auto" style="${cell}; ${FONT}; font-size: 15px; line-height: 22px; color: #1b1512; word-break: break-word;">` +
      `${escapeHtml(value)}</td></tr>`,
  );
  return (
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin: 8px 0 20px;">' +
    `${rows.join('')}</table>`
  );
}

/**
 * A whole mail, made of tables and inline styles, which mail programs support. Nothing is loaded
 * from the network.
 */
export function mailDocument(content: {
  title: string;
  kicker: string;
  preview: string;
  body: string;
}): string {
  const title = escapeHtml(content.title);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light"><title>${title}</title></head>
<body style="margin: 0; padding: 0; background: #f3eee8;">
<div style="display: none; max-height: 0; overflow: hidden;">${escapeHtml(content.preview)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f3eee8"><tr>
<td align="center" style="padding: 24px 12px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" style="max-width: 600px;">
<tr><td height="8" bgcolor="${ACCENT}" style="height: 8px; line-height: 8px; font-size: 0;">&nbsp;</td></tr>
<tr><td style="padding: 32px 32px 8px;">
<p style="margin: 0 0 8px; ${FONT}; font-size: 12px; line-height: 18px; color: ${ACCENT}; font-weight: bold;">${escapeHtml(content.kicker)}</p>
<h1 dir="auto" style="margin: 0 0 24px; ${SERIF}; font-size: 32px; line-height: 38px; color: #1b1512; word-break: break-word;">${title}</h1>
${content.body}
</td></tr>
<tr><td style="padding: 16px 32px 28px; border-top: 2px dotted #c9beb3; ${FONT}; font-size: 12px; line-height: 18px; color: #6a5f57;">
This mail was written by a machine. Sent by Holdfast for the organiser of the event.</td></tr>
</table></td></tr></table>
</body></html>`;
}
