/**
 * Documents and mails are written in one language, so dates and numbers must not depend on the
 * machine's locale.
 */
const LOCALE = 'en-GB';

export interface EventTime {
  /** `Saturday` */
  weekday: string;
  /** `14 March 2026` */
  date: string;
  /** `19:00` */
  time: string;
  /** `Central European Standard Time` */
  zoneName: string;
}

/**
 * The moment an event begins, in words, in the venue's time zone.
 * @param startsAt RFC 3339.
 * @throws RangeError for a time or a zone that does not exist.
 */
export function formatEventTime(startsAt: string, timeZone: string): EventTime {
  const moment = new Date(startsAt);
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(LOCALE, { ...options, timeZone }).format(moment);
  const zone = new Intl.DateTimeFormat(LOCALE, { timeZone, timeZoneName: 'long' })
    .formatToParts(moment)
    .find(({ type }) => type === 'timeZoneName');
  return {
    weekday: part({ weekday: 'long' }),
    date: part({ day: 'numeric', month: 'long', year: 'numeric' }),
    time: part({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    zoneName: zone?.value ?? timeZone,
  };
}

/** `Stalls · Row A · Seat 12`, or `Floor · Floor-17` for general admission, where the label tells the place. */
export function formatSeat(seat: {
  label: string;
  section: string;
  row: string | null;
  number: string | null;
}): string {
  const place =
    seat.row === null ? [seat.label] : [`Row ${seat.row}`, `Seat ${seat.number ?? seat.label}`];
  return [seat.section, ...place].join(' · ');
}

/** Text made safe for HTML, between tags and within double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Foreign text as one line. Control and annotation characters, line and paragraph separators, and
 * characters that change the writing direction (which could make a name look like another text)
 * become spaces. Lone surrogates become U+FFFD.
 */
export function oneLine(text: string): string {
  return text
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
