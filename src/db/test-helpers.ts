import { sql, type Database, type Queryable } from './database';
import { lockReservation } from './transitions';

const END = sql(
  'test_helper_end_hold',
  'update reservations set hold_ends_at = clock_timestamp() where id = $1 and paid_in_time_at is null',
);
const END_CLAIMS = sql<{ changed: boolean }>(
  'test_helper_end_claims',
  `select change_claims('extend', id, hold_ends_at) as changed from reservations where id = $1`,
);
const RING = sql('test_helper_ring', `insert into outbox (kind, subject) values ('ring', $1)`);

/**
 * Lets a hold end now, as if its time were over. The workflow does what it always does then.
 * @returns `ended`, or the status that the reservation has; `paid`: its payment is in, so it does not end
 */
export async function endHold(
  db: Database,
  id: string,
): Promise<'ended' | 'paid' | 'confirmed' | 'expired' | 'cancelled'> {
  return db.transaction(async (tx) => {
    const { status } = (await lockReservation(tx, id))!;
    if (status !== 'held') return status;
    if ((await tx.run(END, [id])) === 0) return 'paid';
    await tx.rows(END_CLAIMS, [id]);
    await tx.run(RING, [id]);
    return 'ended';
  });
}

const OPEN = sql<{ newest: number | null }>(
  'test_helper_open_inbox',
  'select max(id) as newest from inbox where reservation_id = $1 and handled_at is null',
);

/** The newest message that the workflow of a reservation has not handled yet; null: none. */
export async function findOpenMessage(db: Queryable, reservation: string): Promise<number | null> {
  const [row] = await db.rows(OPEN, [reservation]);
  return row!.newest;
}
