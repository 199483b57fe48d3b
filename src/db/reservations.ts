import { sql, type Queryable } from './database';
import type { Progress, ReservationState } from '../contracts/reservation';
import { REFUND_REASONS, type ReservationStatus } from '../domain/settlement';

/** A reservation as `reservation_json` returns it: the fields that the API shows, and the owner. */
export interface ReservationRecord extends ReservationState {
  client: string | null;
  buyer: { name: string; email: string } | null;
  payments: NonNullable<ReservationState['payments']>;
  refunds: NonNullable<ReservationState['refunds']>;
}

const BY_ID = sql<{ reservation: ReservationRecord | null }>(
  'reservation_by_id',
  'select reservation_json($1) as reservation',
);

export async function findReservation(
  db: Queryable,
  id: string,
): Promise<ReservationRecord | null> {
  const [row] = await db.rows(BY_ID, [id]);
  return row?.reservation ?? null;
}

const REASON_CODES: ReadonlySet<string> = new Set([...REFUND_REASONS, 'provider']);

/** Leaves out what may not go to Temporal: the buyer, which client it was, and an operator's own words. */
function withoutBuyer({
  buyer: _buyer,
  client: _client,
  ...state
}: ReservationRecord): ReservationState {
  const refunds = state.refunds.map((refund) => ({
    ...refund,
    reason: REASON_CODES.has(refund.reason) ? refund.reason : 'operator',
  }));
  return { ...state, refunds };
}

const PROGRESS = sql<{
  reservation: ReservationRecord;
  paid: boolean;
  inbox_waiting: boolean;
  delivery_due: boolean;
  ends_in_ms: number;
}>(
  'reservation_progress',
  `select reservation_json(r.id) as reservation,
          r.status = 'held' and r.paid_in_time_at is not null as paid,
          exists (select from inbox i where i.reservation_id = r.id and i.handled_at is null) as inbox_waiting,
          r.status = 'confirmed' and r.delivered_at is null as delivery_due,
          case when r.status = 'held'
            then greatest(0, ceil(extract(epoch from r.hold_ends_at - clock_timestamp()) * 1000)) else 0 end::float8 as ends_in_ms
     from reservations r where r.id = $1`,
);

/** The state of a reservation, for its workflow. */
export async function readProgress(
  db: Queryable,
  id: string,
  notes: string[] = [],
): Promise<Progress | null> {
  const [row] = await db.rows(PROGRESS, [id]);
  if (!row) return null;
  return {
    state: withoutBuyer(row.reservation),
    story: notes,
    paid: row.paid,
    inboxWaiting: row.inbox_waiting,
    deliveryDue: row.delivery_due,
    holdEndsInMs: row.ends_in_ms,
  };
}

const LIST = sql<{ reservation: ReservationRecord; at: string }>(
  'reservations_page',
  // The status is that of this moment, so no index has it; the size of the page usually bounds the
  // work.
  `select reservation_json(r.id) as reservation, rfc3339_us(r.created_at) as at
     from reservations r join events e on e.id = r.event_id
    where ($1::text is null or e.slug = $1 or e.id::text = $1)
      and ($2::text is null or status_now(r.status, r.hold_ends_at, r.paid_in_time_at) = $2)
      and ($3::bytea[] is null or r.buyer_key = any ($3))
      and ($4::timestamptz is null or (r.created_at, r.id) < ($4, $5))
    order by r.created_at desc, r.id desc limit $6`,
);

export interface ReservationFilter {
  event?: string | undefined;
  status?: ReservationStatus | undefined;
  /** Any of them. */
  buyerKeys?: Buffer[] | undefined;
}

/** One page of reservations, newest first, after the given position. */
export async function listReservations(
  db: Queryable,
  filter: ReservationFilter,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ reservation: ReservationRecord; at: string }[]> {
  return db.rows(LIST, [
    filter.event ?? null,
    filter.status ?? null,
    filter.buyerKeys ?? null,
    after?.at ?? null,
    after?.id ?? null,
    limit,
  ]);
}
