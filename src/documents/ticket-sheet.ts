import type { Money } from '../domain/money';

export interface TicketOnSheet {
  /** The signed ticket code. It is the content of the QR code and is printed beneath it. */
  code: string;
  /** The place of its event among the sheet's `events`. */
  event: number;
  seat: {
    label: string;
    section: string;
    /** Both null for general admission. */
    row: string | null;
    number: string | null;
    /** The price category's name, as buyers read it. */
    category: string;
  };
  price: Money;
}

/** All that is printed for one reservation. Any text in it may be foreign and malicious. */
export interface TicketSheet {
  reservationId: string;
  events: {
    name: string;
    venue: string | null;
    /** RFC 3339. */
    startsAt: string;
    /** IANA name of the venue's time zone. */
    timeZone: string;
  }[];
  /** The buyer's name. */
  holder: string;
  tickets: TicketOnSheet[];
}

/** Names a text of a ticket; never its content. */
export type SubstitutedText =
  'event' | 'venue' | 'holder' | 'section' | 'row' | 'number' | 'seat' | 'category';

export interface PrintedTickets {
  pdf: Buffer;
  /** The texts with characters that no bundled font has; replacements are printed. */
  substituted: SubstitutedText[];
}
