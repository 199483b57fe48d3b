import { sql, type Database } from './database';
import { appendHistory, dropTicketMails, ringRunningActor } from './transitions';

const FORGET = sql(
  'erase_buyer',
  `update reservations set buyer_name = null, buyer_email = null, buyer_key = null, erased_at = clock_timestamp(),
          delivered_at = case when status = 'confirmed' then coalesce(delivered_at, clock_timestamp()) else delivered_at end
    where id = $1 and erased_at is null`,
);
const DOCUMENT = sql('erase_document', 'delete from ticket_documents where reservation_id = $1');

/**
 * Erases the buyer of a reservation: name, address and the printed tickets. Seats, payments, ticket
 * codes and the history contain no personal data; they stay, so the accounts remain complete. Safe
 * to repeat.
 */
export async function eraseBuyer(
  db: Database,
  reservationId: string,
  actor: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    await ringRunningActor(tx, reservationId);
    if ((await tx.run(FORGET, [reservationId])) === 0) return;
    await tx.run(DOCUMENT, [reservationId]);
    await dropTicketMails(tx, reservationId, 'the buyer was erased');
    await appendHistory(tx, reservationId, 'reservation.erased', actor);
  });
}
