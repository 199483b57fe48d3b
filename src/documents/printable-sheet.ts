import { formatMoney } from '../domain/currency';
import { oneLine } from './format';
import { createFontPicker, type FontSet } from './fonts';
import { printableText } from './printable-text';
import type { SubstitutedText, TicketOnSheet, TicketSheet } from './ticket-sheet';

/** A sheet whose every text is one line that our fonts can print. */
export interface PrintableSheet extends Omit<TicketSheet, 'tickets'> {
  tickets: PrintableTicket[];
  /** Of the document; it is not printed, so it stays as written. */
  title: string;
  fonts: FontSet;
  /** The texts that could not be printed as they are written. */
  substituted: SubstitutedText[];
}

export interface PrintableTicket extends Omit<TicketOnSheet, 'price'> {
  /** As it is printed: `€45.00`. */
  price: string;
  /** Whether a text on this ticket could not be printed as it is written. */
  substituted: boolean;
}

/** Prepares a sheet for its page: chooses the fonts, and finds a substitute for what no font has. */
export function printableSheet(sheet: TicketSheet): PrintableSheet {
  const picker = createFontPicker(JSON.stringify(sheet));

  /** The texts of one owner, as they can be printed; `substituted` gets the names of those that are not as written. */
  function prepare(substituted: Set<SubstitutedText>) {
    return (name: SubstitutedText, text: string): string => {
      const printable = printableText(oneLine(text), picker);
      if (printable.substituted) substituted.add(name);
      return printable.text;
    };
  }

  function prepareTicket({ code, seat, price }: TicketOnSheet) {
    const substituted = new Set<SubstitutedText>();
    const text = prepare(substituted);
    const printableSeat = {
      section: text('section', seat.section),
      row: seat.row === null ? null : text('row', seat.row),
      number: seat.number === null ? null : text('number', seat.number),
      // A seat with row and number is told by these, and its label is not printed.
      label: seat.row === null || seat.number === null ? text('seat', seat.label) : seat.label,
      category: text('category', seat.category),
    };
    const printablePrice = printableText(oneLine(formatMoney(price)), picker).text;
    return { ticket: { code, seat: printableSeat, price: printablePrice }, substituted };
  }

  const { name, venue } = sheet.event;
  const shared = new Set<SubstitutedText>();
  const text = prepare(shared);
  const event = {
    ...sheet.event,
    name: text('event', name),
    venue: venue === null ? null : text('venue', venue),
  };
  const holder = text('holder', sheet.holder);
  const tickets = sheet.tickets.map(prepareTicket);
  return {
    reservationId: sheet.reservationId,
    title: `${tickets.length === 1 ? 'Ticket' : `${tickets.length} tickets`} – ${oneLine(name)}`,
    event,
    holder,
    tickets: tickets.map(({ ticket, substituted }) => ({
      ...ticket,
      substituted: shared.size + substituted.size > 0,
    })),
    fonts: picker.fonts(),
    substituted: [
      ...new Set(
        [shared, ...tickets.map(({ substituted }) => substituted)].flatMap((names) => [...names]),
      ),
    ],
  };
}
