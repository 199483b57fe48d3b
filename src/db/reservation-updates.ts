import { sql, type Database, type Queryable } from './database';
import { MAX_METADATA } from '../domain/metadata';
import { buyerKeyOf } from './holds';
import { oweRefusedMails, oweTicketsAnew } from './mails';
import {
  appendHistory,
  lockReservation,
  ringRunningActor,
  type LockedReservation,
} from './transitions';

/** What changes; an absent member stays, null clears. */
export interface ReservationUpdate {
  reference?: string | null | undefined;
  /** By member, as a merge patch. */
  metadata?: Record<string, string | null> | null | undefined;
  buyer?: { name?: string | undefined; email?: string | undefined } | undefined;
}

export type UpdateResult =
  | { kind: 'updated' }
  | { kind: 'unknown' }
  | { kind: 'too_many_members' }
  | { kind: 'incomplete_buyer' | 'erased' | 'confirmed' | 'expired' | 'cancelled' }
  | { kind: 'buyer_limit'; limit: number; event: string }
  | { kind: 'code_limit' | 'too_many_holds'; limit: number };

interface Facts {
  buyer_name: string | null;
  buyer_email: string | null;
  erased: boolean;
}

const LOCK_BUYER = sql(
  'update_lock_buyer',
  `select pg_advisory_xact_lock(1, hashtext(encode($1::bytea, 'hex')))`,
);
const FACTS = sql<Facts>(
  'update_facts',
  'select buyer_name, buyer_email, erased_at is not null as erased from reservations where id = $1',
);
const EXCEEDED = sql<{ exceeded: UpdateResult | null }>(
  'update_exceeded',
  `select buyer_limit_exceeded($2, r.id, array(select seat_id from allocations a where a.reservation_id = r.id and counts_for_buyer(a)), k)
            as exceeded
     from reservations r left join codes k on k.id = r.code_id where r.id = $1`,
);
const AT_CAP = sql<{ reached: boolean }>(
  'update_buyer_at_cap',
  'select buyer_is_at_cap(client, $2, $3) as reached from reservations where id = $1',
);
const SET_BUYER = sql(
  'update_buyer',
  `update reservations set buyer_name = $2, buyer_email = $3, buyer_key = $4, revision = revision + 1 where id = $1`,
);
const MEMBERS = sql<{ members: number }>(
  'update_members',
  `select count(*) as members from reservations r, jsonb_object_keys(jsonb_strip_nulls(coalesce(metadata, '{}') || $2::jsonb))
    where r.id = $1`,
);
const SET_WORDS = sql(
  'update_words',
  // $2, $4: whether the reference changes, and whether all earlier metadata goes.
  `update reservations set reference = case when $2 then $3 else reference end,
          metadata = nullif(jsonb_strip_nulls(
            case when $4 then '{}' else coalesce(metadata, '{}') || $5::jsonb end), '{}')
    where id = $1`,
);
const RING = sql('update_ring', `insert into outbox (kind, subject) values ('ring', $1)`);

interface UpdateContext {
  db: Database;
  id: string;
  actor: string;
  /**
   * An operator changes a buyer at any time, also of what has ended: mails about it are still to come. A client while
   * it holds, or while there is none.
   */
  byOperator: boolean;
  /** Open holds of one buyer at most; null: any number. */
  buyerCap: number | null;
}

/** A buyer cannot have more by being named later. */
async function limitOf(
  tx: Queryable,
  { id, status }: LockedReservation,
  key: Buffer,
  buyerCap: number | null,
): Promise<UpdateResult | null> {
  if (status === 'held' && buyerCap !== null) {
    const [row] = await tx.rows(AT_CAP, [id, key, buyerCap]);
    if (row!.reached) return { kind: 'too_many_holds', limit: buyerCap };
  }
  const [row] = await tx.rows(EXCEEDED, [id, key]);
  return row?.exceeded ?? null;
}

async function changeBuyer(
  tx: Queryable,
  reservation: LockedReservation,
  patch: NonNullable<ReservationUpdate['buyer']>,
  { byOperator, buyerCap }: UpdateContext,
): Promise<UpdateResult | null> {
  const { id, status } = reservation;
  const facts = (await tx.rows(FACTS, [id]))[0]!;
  const name = patch.name ?? facts.buyer_name;
  const email = patch.email ?? facts.buyer_email;
  if (facts.erased) return { kind: 'erased' };
  const hasEnded = status === 'cancelled' || status === 'expired';
  if (!byOperator && hasEnded) return { kind: status };
  if (!byOperator && facts.buyer_email !== null && status === 'confirmed') return { kind: status };
  if (name === null || email === null) return { kind: 'incomplete_buyer' };
  if (name === facts.buyer_name && email === facts.buyer_email) return null;
  const isAnother =
    facts.buyer_email === null || !buyerKeyOf(facts.buyer_email).equals(buyerKeyOf(email));
  // What has ended counts for no limit.
  if (isAnother && !hasEnded) {
    const refused = await limitOf(tx, reservation, buyerKeyOf(email), buyerCap);
    if (refused) return refused;
  }
  await tx.run(SET_BUYER, [id, name, email, buyerKeyOf(email)]);
  // Printed anew, with the same codes, and mailed to the buyer as it now is.
  if (status === 'confirmed' && !reservation.cancel_requested && !(await oweTicketsAnew(tx, id)))
    await tx.run(RING, [id]);
  await oweRefusedMails(tx, id);
  return null;
}

/**
 * Changes what a reservation says about itself: its buyer, and the client's own words. All or
 * nothing. Lock order: the buyer, then the reservation.
 */
export async function updateReservation(
  context: UpdateContext,
  update: ReservationUpdate,
): Promise<UpdateResult> {
  const { db, id, actor } = context;
  return db.transaction(async (tx) => {
    const { buyer, reference, metadata } = update;
    if (buyer?.email !== undefined) await tx.run(LOCK_BUYER, [buyerKeyOf(buyer.email)]);
    const reservation = await lockReservation(tx, id);
    if (!reservation) return { kind: 'unknown' };
    if (metadata) {
      const [merged] = await tx.rows(MEMBERS, [id, JSON.stringify(metadata)]);
      if (merged!.members > MAX_METADATA) return { kind: 'too_many_members' };
    }
    const refused = buyer ? await changeBuyer(tx, reservation, buyer, context) : null;
    if (refused) return refused;
    if (reference !== undefined || metadata !== undefined) {
      const patch = JSON.stringify(metadata ?? {});
      await tx.run(SET_WORDS, [
        id,
        reference !== undefined,
        reference ?? null,
        metadata === null,
        patch,
      ]);
    }
    const changed = Object.keys(update).filter(
      (field) => update[field as keyof ReservationUpdate] !== undefined,
    );
    if (changed.length > 0) {
      await appendHistory(tx, id, 'reservation.updated', actor, { changed });
      await ringRunningActor(tx, id);
    }
    return { kind: 'updated' };
  });
}
