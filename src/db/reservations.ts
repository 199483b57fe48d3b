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
  cancelRequestedAt: string | null;
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

const eventId = (name: string) => `(select event_id_of(${name}))`;
const seatOwner = (event: string, label: string) =>
  `(select reservation_id from seats where event_id = ${eventId(event)} and label = ${label})`;
const paidBy = (reference: string) =>
  `(select reservation_id from payments where reference = ${reference})`;
const isAbsent = (value: string) => `${value}::text is null`;

/** An order of several events is found by each of them: `EVENT` stands for the id that is asked for. */
const EVENT = /EVENT (.*?) EVENT/s;
const BY_EVENT = [
  { from: 'reservations r', where: 'r.event_id = $1' },
  {
    // By an index of its own, which does not know their order: without `offset 0` the plan for any event would look for
    // them among all reservations, from the newest on.
    from: `(select * from reservations where event_ids is not null and event_ids @> array[$1] and event_id <> $1 offset 0) r`,
    where: 'true',
  },
];
const ALL_EVENTS = [{ from: 'reservations r', where: '' }];

const readPage = createList<{ reservation: ReservationRecord; at: string }>(
  [
    { event: (event) => `EVENT ${eventId(event)} EVENT` },
    // The conditions are those of `OF_STATUS`.
    { held: () => '', confirmed: () => '', cancelled: () => '', expired: () => '' },
    { client: (client) => `r.client = ${client}` },
    // What names a few reservations; of several the first is looked up, `also` sorts out by all.
    {
      payment: (reference) => `r.id in ${paidBy(reference)}`,
      seat: (event, label) => `r.id = ${seatOwner(event, label)}`,
      reference: (reference) => `r.reference = ${reference}`,
      buyer: (keys) => `r.buyer_key = any (${keys}::bytea[])`,
    },
    {
      also: (payment, event, label, reference, keys) =>
        `(${isAbsent(payment)} or r.id in ${paidBy(payment)})
           and (${isAbsent(label)} or r.id = ${seatOwner(event, label)})
           and (${isAbsent(reference)} or r.reference = ${reference})
           and (${keys}::bytea[] is null or r.buyer_key = any (${keys}))`,
    },
    {
      created: (from, to) =>
        `r.created_at >= ${from}::timestamptz and r.created_at < ${to}::timestamptz`,
    },
    { after: (at, id) => `(r.created_at, r.id) < (${at}::timestamptz, ${id})` },
  ],
  (combination, text) =>
    sql<{ reservation: ReservationRecord; at: string }>(`reservations_page_${combination}`, text),
  ({ where, limit, chosen: [event, status] }) => {
    const kinds = status == null ? [''] : OF_STATUS[status as ReservationStatus];
    const events = event == null ? ALL_EVENTS : BY_EVENT;
    const [, id = ''] = EVENT.exec(where) ?? [];
    const pages = events.flatMap((byEvent) =>
      kinds.map((kind) => {
        const all = [where.replace(EVENT, byEvent.where), kind].filter((part) => part !== '');
        const condition = all.join(where === '' ? '' : ' and ');
        return `(select r.id, r.created_at from ${byEvent.from.replaceAll('$1', () => id)} ${where === '' && kind !== '' ? 'where ' : ''}${condition}
        order by r.created_at desc, r.id desc limit ${limit})`;
      }),
    );
    return `select reservation_json(id) as reservation, rfc3339_us(created_at) as at
       from (${pages.join(' union all ')}) page order by created_at desc, id desc limit ${limit}`;
  },
);

export interface ReservationFilter {
  /** Whose; undefined: everybody's. */
  client?: string | undefined;
  event?: string | undefined;
  status?: ReservationStatus | undefined;
  buyerKeys?: Buffer[] | undefined;
  /** The client's own name of it. */
  reference?: string | undefined;
  /** The reference of a payment. */
  payment?: string | undefined;
  /** The label of a seat of `event`: who has it now. */
  seat?: string | undefined;
  /** RFC 3339; `createdTo` is not among them. */
  createdFrom?: string | undefined;
  createdTo?: string | undefined;
}

/** One page of reservations, newest first, after the given position. */
export async function listReservations(
  db: Queryable,
  filter: ReservationFilter,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ reservation: ReservationRecord; at: string }[]> {
  const { client, event, payment, seat, reference, buyerKeys, createdFrom, createdTo } = filter;
  const status = filter.status ? { form: filter.status, values: [] } : null;
  const bySeat = seat === undefined ? null : { form: 'seat', values: [event, seat] };
  const named = [
    asked('payment', payment),
    bySeat,
    asked('reference', reference),
    asked('buyer', buyerKeys),
  ].filter((one) => one !== null);
  const also = {
    form: 'also',
    values: [payment, event, seat, reference, buyerKeys].map((value) => value ?? null),
  };
  const created = {
    form: 'created',
    values: [createdFrom ?? '-infinity', createdTo ?? 'infinity'],
  };
  return readPage(
    db,
    [
      asked('event', event),
      status,
      asked('client', client),
      named[0] ?? null,
      named.length > 1 ? also : null,
      createdFrom === undefined && createdTo === undefined ? null : created,
      askedAfter(after),
    ],
    limit,
  );
}
