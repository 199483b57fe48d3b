import { formatMoney } from '../domain/currency';
import { oneLine } from './format';
import { createFontPicker, type FontSet } from './fonts';
import { printableText } from './printable-text';
import type { SubstitutedText, TicketOnSheet, TicketSheet } from './ticket-sheet';

/** A sheet in which every text is one line that the bundled fonts can print. */
export interface PrintableSheet extends Omit<TicketSheet, 'tickets'> {
  tickets: PrintableTicket[];
  /** The title of the document. It is not printed, so it is not changed. */
  title: string;
  fonts: FontSet;
  /** The names of texts that could not be printed as written. */
  substituted: SubstitutedText[];
}

export interface PrintableTicket extends Omit<TicketOnSheet, 'price'> {
  /** The price as it is printed: `€45.00`. */
  price: string;
  /** Whether a text on this ticket could not be printed as written. */
  substituted: boolean;
}

/** Prepares a sheet for printing: chooses the fonts, and replaces text that no font can print. */
export function printableSheet(sheet: TicketSheet): PrintableSheet {
  const picker = createFontPicker(JSON.stringify(sheet));

  /**
   * The texts of one object in printable form; `substituted` receives the names of texts that were
   * changed.
   */
  function prepare(substituted: Set<SubstitutedText>) {
    return (name: SubstitutedText, text: string): string => {
      const printable = printableText(oneLine(text), picker);
      if (printable.substituted) substituted.add(name);
      return printable.text;
    };
  }

  function prepareTicket({ code, event, seat, price }: TicketOnSheet) {
    const substituted = new Set<SubstitutedText>();
    const text = prepare(substituted);
    const printableSeat = {
      section: text('section', seat.section),
      row: seat.row === null ? null : text('row', seat.row),
      number: seat.number === null ? null : text('number', seat.number),
      // A seat with row and number is printed as these; its label is not printed.
      label: seat.row === null || seat.number === null ? text('seat', seat.label) : seat.label,
      category: text('category', seat.category),
    };
    const printablePrice = printableText(oneLine(formatMoney(price)), picker).text;
    return { ticket: { code, event, seat: printableSeat, price: printablePrice }, substituted };
  }

  const shared = new Set<SubstitutedText>();
  const text = prepare(shared);
  const events = sheet.events.map((event) => ({
    ...event,
    name: text('event', event.name),
    venue: event.venue === null ? null : text('venue', event.venue),
  }));
  const holder = text('holder', sheet.holder);
  const tickets = sheet.tickets.map(prepareTicket);
  return {
    reservationId: sheet.reservationId,
    title: `${tickets.length === 1 ? 'Ticket' : `${tickets.length} tickets`} – ${sheet.events.map(({ name }) => oneLine(name)).join(', ')}`,
    events,
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
