import { sql, type Queryable } from './database';
import { asked, askedAfter, createList } from './list';
import type { Progress, ReservationState } from '../contracts/reservation';
import { REFUND_REASONS, type ReservationStatus } from '../domain/settlement';

/** A reservation as `reservation_json` returns it: the fields that the API shows, and the owner. */
export interface ReservationRecord extends ReservationState {
  client: string | null;
  buyer: { name: string; email: string } | null;
  reference: string | null;
  metadata: Record<string, string>;
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

/** Leaves out what may not go to Temporal: the buyer, which client it was, and the words of clients and operators. */
function withoutBuyer({
  buyer: _buyer,
  client: _client,
  reference: _reference,
  metadata: _metadata,
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

/** The rows of a status at this moment: a hold past its end is expired before its row says so. */
const OF_STATUS: Record<ReservationStatus, readonly string[]> = {
  held: [
    `r.status = 'held' and (r.paid_in_time_at is not null or r.hold_ends_at > clock_timestamp())`,
  ],
  confirmed: [`r.status = 'confirmed'`],
  cancelled: [`r.status = 'cancelled'`],
  // Each by an index of its own.
  expired: [
    `r.status = 'expired'`,
    `r.status = 'held' and r.paid_in_time_at is null and r.hold_ends_at <= clock_timestamp()`,
  ],
};

const UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

const readPage = createList<{ reservation: ReservationRecord; at: string }>(
  [
    {
      event: (event) =>
        `r.event_id = (select id from events where slug = ${event}
            union all select id from events where id = case when ${event} ~ '${UUID}' then ${event}::uuid end limit 1)`,
    },
    // The conditions are those of `OF_STATUS`.
    { held: () => '', confirmed: () => '', cancelled: () => '', expired: () => '' },
    { buyer: (key) => `r.buyer_key = any (${key}::bytea[])` },
    { after: (at, id) => `(r.created_at, r.id) < (${at}::timestamptz, ${id})` },
  ],
  (combination, text) =>
    sql<{ reservation: ReservationRecord; at: string }>(`reservations_page_${combination}`, text),
  ({ where, limit, chosen: [, status] }) => {
    const kinds = status == null ? [''] : OF_STATUS[status as ReservationStatus];
    const pages = kinds.map((kind) => {
      const all = [where, kind].filter((part) => part !== '').join(where === '' ? '' : ' and ');
      const condition = where === '' && kind !== '' ? `where ${all}` : all;
      return `(select r.id, r.created_at from reservations r ${condition}
        order by r.created_at desc, r.id desc limit ${limit})`;
    });
    return `select reservation_json(id) as reservation, rfc3339_us(created_at) as at
       from (${pages.join(' union all ')}) page order by created_at desc, id desc limit ${limit}`;
  },
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
  const status = filter.status ? { form: filter.status, values: [] } : null;
  return readPage(
    db,
    [asked('event', filter.event), status, asked('buyer', filter.buyerKeys), askedAfter(after)],
    limit,
  );
}
