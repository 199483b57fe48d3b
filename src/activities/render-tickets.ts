import { heartbeat } from '@temporalio/activity';
import type { Database } from '../db/database';
import { readPrint, readTicketContent, storeDocument } from '../db/tickets';
import { faultPoint } from '../fault-points';
import type { TicketPrinter } from './ports';

const HEARTBEAT_MS = 3000;

export const createDocumentActivities = ({
  db,
  print,
}: {
  db: Database;
  print: TicketPrinter;
}) => ({
  /**
   * Prints a confirmed reservation's tickets and keeps the document in the database, where every API process finds it.
   * Done already: nothing is printed again. The codes were fixed at the confirmation, so a second print is the same.
   */
  async renderTickets(reservationId: string): Promise<'rendered' | 'not_confirmed'> {
    if ((await readPrint(db, reservationId)).printed) return 'rendered';
    const content = await readTicketContent(db, reservationId);
    if (!content) return 'not_confirmed';
    const beat = setInterval(heartbeat, HEARTBEAT_MS);
    try {
      const printed = await print(content);
      faultPoint('document.rendered');
      await storeDocument(db, reservationId, printed);
    } finally {
      clearInterval(beat);
    }
    return 'rendered';
  },
});
