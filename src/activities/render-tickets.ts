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
   * Prints a confirmed reservation's tickets and stores the document in the database, where every
   * API process finds it. If the document exists, nothing is printed. The ticket codes are fixed at
   * the confirmation, so a second print has the same codes. A document belongs to a revision of the
   * reservation and to what its events said: after a change of either it is printed anew.
   */
  async renderTickets(reservationId: string): Promise<'rendered' | 'not_confirmed'> {
    if ((await readPrint(db, reservationId)).current) return 'rendered';
    const content = await readTicketContent(db, reservationId);
    if (!content) return 'not_confirmed';
    const beat = setInterval(heartbeat, HEARTBEAT_MS);
    try {
      const printed = await print(content);
      faultPoint('document.rendered');
      await storeDocument(db, content, printed);
    } finally {
      clearInterval(beat);
    }
    return 'rendered';
  },
});
