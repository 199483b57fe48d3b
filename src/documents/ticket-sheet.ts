import type { Money } from '../domain/money';

export interface TicketOnSheet {
  /** The signed ticket code: content of the QR code, and text beneath it. */
  code: string;
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

/** All that is printed for one reservation. Every text in it may come from a stranger. */
export interface TicketSheet {
  reservationId: string;
  event: {
    name: string;
    venue: string | null;
    /** RFC 3339. */
    startsAt: string;
    /** IANA name of the venue's time zone. */
    timeZone: string;
  };
  /** The buyer's name. */
  holder: string;
  tickets: TicketOnSheet[];
}

/** A text of a ticket by its name, never by its content. */
export type SubstitutedText =
  'event' | 'venue' | 'holder' | 'section' | 'row' | 'number' | 'seat' | 'category';

export interface PrintedTickets {
  pdf: Buffer;
  /** The texts with characters that no bundled font has: something else is printed in their place. */
  substituted: SubstitutedText[];
}
