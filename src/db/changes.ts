import type { ChangeProgress } from '../contracts/reservation';
import {
  apportion,
  MAX_LINES,
  percentOf,
  type PricedOrder,
  type UnchangedEvents,
} from '../domain/pricing';
import { sql, type Database, type Queryable } from './database';
import { asked, askedAfter, createList } from './list';
import { quoteOrder, type Refusal, type SeatName, type WantedSeat } from './quotes';
import { oncePerKey, type KeyedRequest, type KnownKey } from './request-keys';
import { findReservation, type ReservationRecord } from './reservations';
import { appendHistory, lockReservation } from './transitions';

/** What a change asks for. A seat is named by its event's slug and its label. */
export interface ChangeRequest {
  release: SeatName[];
  take: WantedSeat[];
  /** The new types of seats that the reservation keeps. */
  priceTypes: { seat: SeatName; priceType: string }[];
  /** Normalised; null: the code stays. */
  code: string | null;
}

/** A change as the API shows it. */
export interface ChangeRecord {
  id: string;
  status: 'applied' | 'quoted' | 'expired' | 'withdrawn';
  release: ReservationRecord['seats'];
  take: ReservationRecord['seats'];
  before: NonNullable<ReservationRecord['amounts']>;
  after: NonNullable<ReservationRecord['amounts']>;
  due: { amount: number; currency: string } | null;
  refund: { amount: number; currency: string } | null;
  expiresAt: string | null;
  createdAt: string;
  reservation: string;
}

/** Why nothing was changed, beside what an order can be refused for. */
export type ChangeRefusal =
  | {
      kind:
        | 'unknown'
        | 'confirmed'
        | 'expired'
        | 'cancelled'
        | 'payment_in_progress'
        | 'change_open'
        | 'already_checked_in'
        | 'last_seat'
        | 'nothing_changes'
        | 'too_many_seats'
        | 'too_many_events'
        | 'code_after_sale';
    }
  /** The reservation does not have them. */
  | { kind: 'not_its_seats' | 'its_seats'; seats: SeatName[] }
  /** In what it gives back and reprices, together. */
  | { kind: 'repeated_seats'; seats: SeatName[] };

export type ChangeResult =
  { kind: 'made'; id: string } | KnownKey | ChangeRefusal | Exclude<Refusal, { kind: 'reused' }>;

/** The seats, fees and taxes of a change's result, as `changes.result` keeps them. */
export interface ChangedOrder {
  seats: { id: number; type: string; price: number; discount: number }[];
  /** Slugs, in the order of the reservation. */
  events: string[];
  fees: PricedOrder['fees'];
  taxes: PricedOrder['taxes'];
  total: number;
  code: string | null;
}

const MAX_SEATS = 100;
/** How often the buyer may be changed between the look and the locks. */
const MOST_LOOKS = 5;

const isSame = (a: SeatName, b: SeatName): boolean => a.event === b.event && a.label === b.label;
const isAmong = (seats: readonly SeatName[], seat: SeatName): boolean =>
  seats.some((one) => isSame(one, seat));

const SHOWN = sql<{ change: ChangeRecord }>(
  'change_by_id',
  'select change_document(c) as change from changes c where id = $1 and reservation_id = $2',
);
const readPage = createList<{ change: ChangeRecord; at: string }>(
  [
    { reservation: (id) => `reservation_id = ${id}` },
    { after: (at, id) => `(created_at, id) < (${at}::timestamptz, ${id}::uuid)` },
  ],
  (combination, text) =>
    sql<{ change: ChangeRecord; at: string }>(`changes_page_${combination}`, text),
  ({ where, limit }) =>
    `select change_document(c) as change, rfc3339_us(created_at) as at from changes c ${where} order by created_at desc, id desc limit ${limit}`,
);

/** A change of this reservation; null if there is none. */
export async function findChange(
  db: Queryable,
  reservationId: string,
  id: string,
): Promise<ChangeRecord | null> {
  const [row] = await db.rows(SHOWN, [id, reservationId]);
  return row?.change ?? null;
}

/** One page of the changes of a reservation, newest first. */
export async function listChanges(
  db: Queryable,
  reservationId: string,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ change: ChangeRecord; at: string }[]> {
  return readPage(db, [asked('reservation', reservationId), askedAfter(after)], limit);
}

interface Facts {
  buyer_key: Buffer | null;
  paid_in_time: boolean;
  code_id: string | null;
  change_open: string | null;
  change_overdue: boolean;
  charged: Pick<UnchangedEvents, 'fees' | 'taxes'>;
}

const BUYER = sql<{ buyer_key: Buffer | null }>(
  'change_buyer',
  'select buyer_key from reservations where id = $1',
);
const LOCK_BUYER = sql(
  'change_lock_buyer',
  `select pg_advisory_xact_lock(1, hashtext(encode($1::bytea, 'hex')))`,
);
/** As `change_claims` locks, before what is claimed is known. */
const LOCK_CLAIMS = sql('change_lock_claims', 'select pg_advisory_xact_lock(2, hashtext($1))');
const FACTS = sql<Facts>(
  'change_facts',
  `select r.buyer_key, r.paid_in_time_at is not null as paid_in_time, r.code_id,
          c.id as change_open, coalesce(c.paid_in_time_at is null and c.expires_at <= clock_timestamp(), false) as change_overdue,
          jsonb_build_object('fees', coalesce(r.fees, '[]'), 'taxes', coalesce(r.taxes, '[]')) as charged
     from reservations r left join changes c on c.reservation_id = r.id and c.status = 'quoted' where r.id = $1`,
);
const LOCK_CODE = sql<{ locked: boolean }>(
  'change_lock_code',
  `select change_code_claims('lock', $1) as locked`,
);
const LOCK_NEW_CODE = sql<{ revision: number; max_uses: number | null; valid: boolean }>(
  'change_lock_new_code',
  `select revision, max_uses, code_is_valid(k, $2::uuid[]) as valid from codes k where id = $1 for share`,
);
const LOCK_USE = sql<{ number: number | null }>(
  'change_lock_use',
  'select lock_free_use($1, $2) as number',
);
/**
 * With the two seats on either side of its own and of those that are taken, where orphans are forbidden: see
 * `orphans_left_after`.
 */
const LOCK_SEATS = sql<{ id: number; event: string; label: string; free: boolean }>(
  'change_lock_seats',
  `select id, event, label, active
            and (select c.active from price_categories c where c.event_id = locked.event_id and c.code = category_code)
            and seat_is_free_for((select allotment::uuid from unnest($2::bigint[], $3::text[]) asked (seat, allotment) where seat = locked.id),
                                 status, hold_ends_at, allotment_id, allotment_until) as free from (
     select s.*, e.slug as event from seats s join events e on e.id = s.event_id
      where s.id = any ($2) or s.id in (select seat_id from allocations where reservation_id = $1 and (until_revision is null or change_id is not null))
         or s.id in (select beside.id from seats taken join events v on v.id = taken.event_id and v.orphan_rule = 'forbid'
              join lateral (select id from seats n where n.event_id = taken.event_id and n.row_order = taken.row_order
                               and n.number between taken.number - 2 and taken.number + 2 offset 0) beside on true
             where taken.id = any (array(select unnest($2) union select seat_id from allocations where reservation_id = $1 and until_revision is null)))
      order by s.id for update of s) locked`,
);
const USED = sql<{ used: boolean }>(
  'change_used_tickets',
  `select coalesce(bool_or(status = 'used'), false) as used from (
     select status from tickets where reservation_id = $1 and seat_id = any ($2) and status <> 'void' order by id for update) ticket`,
);
const BEGUN = sql<{ event: string; closesAt: string }>(
  'change_begun',
  `select slug as event, rfc3339(least(sales_close_at, starts_at)) as "closesAt" from events
    where slug = any ($1) and starts_at <= clock_timestamp() order by slug limit 1`,
);
const RULES = sql<{ refusal: Refusal | null }>(
  'change_rules',
  'select change_refusal($1, $2, $3, $4, $5, $6, $7, $8, $9) as refusal',
);
const END = sql('change_end', 'select end_change($1, $2, $3, $4)');

interface ChangeContext {
  db: Database;
  id: string;
  /** `client:NAME` or `operator:NAME`. */
  actor: string;
  /** Who asks: seats of an allotment are its client's and operators'. */
  taker: { client: string; operator: boolean };
  /** The call's Idempotency-Key. */
  keyed: KeyedRequest | null;
  /** Seconds, for events that set none. */
  defaultTtlSeconds: number;
}

interface Resulting {
  before: ReservationRecord;
  facts: Facts;
  request: ChangeRequest;
}

const withoutAmounts = (seats: ReservationRecord['seats']): SeatName[] =>
  seats.map(({ event, label }) => ({ event: event!, label }));

/** The seats that get another price type. One that has it already keeps its price. */
const retypedOf = ({ before, request }: Pick<Resulting, 'before' | 'request'>) =>
  request.priceTypes.filter(
    ({ seat, priceType }) =>
      !before.seats.some(
        (had) =>
          isSame(seat, { event: had.event!, label: had.label }) && had.priceType === priceType,
      ),
  );

/** What a request cannot be, whatever is free. */
function refusalOf({ before, request }: Resulting): ChangeRefusal | null {
  const { release, take, priceTypes, code } = request;
  const retyped = retypedOf({ before, request });
  const had = withoutAmounts(before.seats);
  const named = [...release, ...priceTypes.map(({ seat }) => seat)];
  const strange = named.filter((seat) => !isAmong(had, seat));
  if (strange.length > 0) return { kind: 'not_its_seats', seats: strange };
  const repeated = named.filter((seat, at) => named.findIndex((one) => isSame(one, seat)) < at);
  if (repeated.length > 0) return { kind: 'repeated_seats', seats: repeated };
  const own = take.filter((seat) => isAmong(had, seat));
  if (own.length > 0) return { kind: 'its_seats', seats: own };
  if (release.length === had.length && take.length === 0) return { kind: 'last_seat' };
  if (release.length + take.length + retyped.length === 0 && code === null)
    return { kind: 'nothing_changes' };
  if (had.length - release.length + take.length > MAX_SEATS) return { kind: 'too_many_seats' };
  return null;
}

/**
 * The order as it would be, priced: what stays has the prices that it had. Code, fees and tax are those of the hold; seats
 * that are taken or retyped have today's list prices.
 */
async function price(tx: Queryable, { before, facts, request }: Resulting) {
  const { release, take, code } = request;
  const retyped = retypedOf({ before, request });
  const codeStays = code === null;
  const kept = before.seats.filter(
    (seat) => !isAmong(release, { event: seat.event!, label: seat.label }),
  );
  const seats = [
    ...kept.map(({ event, label, priceType, listPrice, discount }) => {
      const changed = retyped.find(({ seat }) => isSame(seat, { event: event!, label }));
      return {
        event: event!,
        label,
        priceType: changed?.priceType ?? priceType!,
        fixed: changed ? undefined : { listPrice: listPrice!.amount, discount: discount!.amount },
      };
    }),
    ...take.map((seat) => ({ ...seat, fixed: undefined })),
  ];
  const touched = new Set([
    ...release.map(({ event }) => event),
    ...take.map(({ event }) => event),
    ...retyped.map(({ seat }) => seat.event),
  ]);
  const untouched = codeStays
    ? kept.flatMap(({ event }) => (touched.has(event!) ? [] : [event!]))
    : [];
  return quoteOrder(tx, seats, codeStays ? (before.code ?? null) : code, {
    reservation: before.id,
    isSold: before.status === 'confirmed',
    codeStays,
    unchanged: { events: new Set(untouched), ...facts.charged },
  });
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, one) => total + one, 0);

/** An order's amounts as a reservation shows them. */
function amountsOf(
  { seats, fees, taxes, total }: PricedOrder,
  currency: string,
  { paid, refunded, sold }: { paid: number; refunded: number; sold: boolean },
): NonNullable<ReservationRecord['amounts']> {
  const money = (amount: number) => ({ amount, currency });
  return {
    tickets: money(sum(seats.map((one) => one.price))),
    discount: money(sum(seats.map(({ discount }) => discount))),
    fees: money(sum(fees.map(({ amount }) => amount))),
    tax: money(sum(taxes.map(({ amount }) => amount))),
    taxIncluded: taxes.every(({ included }) => included),
    total: money(total),
    paid: money(paid),
    refunded: money(refunded),
    retained: money(sold ? paid - refunded - total : 0),
  };
}

const TERMS = sql<{ event: string; percent: string | null; until: string | null }>(
  'change_terms',
  `select e.slug as event, t.percent::text, t.until::text from reservations r, events e, terms_now(e.id, r.created_at, clock_timestamp()) t
    where r.id = $1 and e.id = any (coalesce(r.event_ids, array[r.event_id]))`,
);

const LEFT_TO_REFUND = sql<{ left: number }>(
  'change_left_to_refund',
  `select coalesce(sum(payment_left(id)), 0)::bigint as left from payments where reservation_id = $1 and role = 'confirming'`,
);

/**
 * What goes back of a change that makes an order cheaper. What is left over for the buyer follows the terms of the events
 * that give seats back, in proportion to what they give; of fees that are not refundable nothing goes back there. It is at
 * most what is left of what was paid.
 */
async function refundOf(
  tx: Queryable,
  before: ReservationRecord,
  order: PricedOrder,
  charged: Facts['charged'],
): Promise<number> {
  const left = before.total.amount - order.total;
  if (left <= 0) return 0;
  const terms = await tx.rows(TERMS, [before.id]);
  const worth = (
    event: string,
    seats: readonly { event?: string; price: number }[],
    fees: Facts['charged']['fees'],
  ) => ({
    tickets: sum(seats.filter((seat) => seat.event === event).map((seat) => seat.price)),
    kept: sum(
      fees.filter((fee) => fee.event === event && !fee.refundable).map(({ amount }) => amount),
    ),
    fees: sum(fees.filter((fee) => fee.event === event).map(({ amount }) => amount)),
  });
  const had = before.seats.map(({ event, price: cost }) => ({ event: event!, price: cost.amount }));
  const parts = terms.map(({ event, percent }) => {
    const was = worth(event, had, charged.fees);
    const is = worth(event, order.seats, order.fees);
    return {
      percent,
      less: Math.max(0, was.tickets + was.fees - is.tickets - is.fees),
      kept: percent === null ? 0 : Math.max(0, was.kept - is.kept),
    };
  });
  if (sum(parts.map(({ less }) => less)) === 0) return 0;
  const shares = apportion(
    left,
    parts.map(({ less }) => less),
  );
  const back = parts.map(({ percent, less, kept }, index) => {
    const share = shares[index]!;
    if (percent === null || share === 0) return share;
    // With the tax on it, as a cancel keeps it.
    const [refundable] = apportion(share, [Math.max(0, less - kept), Math.min(less, kept)]);
    return percentOf(refundable!, percent);
  });
  const [paid] = await tx.rows(LEFT_TO_REFUND, [before.id]);
  return Math.min(sum(back), paid!.left);
}

const SHOW_SEATS = sql<{ seats: ReservationRecord['seats'] }>(
  'change_show_seats',
  `select coalesce(jsonb_agg(order_seat_document(e.slug, s.label, s.category_code, t.type, t.price, t.discount, e.currency) order by n), '[]') as seats
     from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) with ordinality t (id, type, price, discount, n)
     join seats s on s.id = t.id join events e on e.id = s.event_id`,
);
const INSERT = sql<{ id: string }>(
  'change_insert',
  `insert into changes (reservation_id, status, actor, of_sale, result, released, taken, release, take, amounts_before, amounts_after,
                        total_before, due, refund, currency, expires_at, ended_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, case when $2 <> 'quoted' then clock_timestamp() end)
   returning id`,
);
const QUOTE_ENDS = sql<{ at: string }>(
  'change_quote_ends',
  // Of all events of the order, those that it had and those that it would have: each one's terms decide. An event that
  // has begun has no next step.
  `select least(clock_timestamp() + make_interval(secs => min(coalesce(e.hold_ttl_seconds, $2))),
                min(e.starts_at) filter (where e.starts_at > clock_timestamp()), min(t.until))::text as at
     from reservations r, events e, terms_now(e.id, r.created_at, clock_timestamp()) t where r.id = $3 and e.slug = any ($1)`,
);
const HOLD_FOR_QUOTE = sql(
  'change_hold_for_quote',
  `with pending as (
     insert into allocations (reservation_id, seat_id, price, from_revision, until_revision, change_id, allotment_id)
     select $1, id, 0, 0, 1, $2, case when allotment_until > clock_timestamp() then allotment_id end from seats where id = any ($3)
     on conflict (reservation_id, seat_id) do update
       set change_id = excluded.change_id, released_at = null, allotment_id = excluded.allotment_id)
   update seats set status = 'held', reservation_id = $1, hold_ends_at = $4 where id = any ($3)`,
);
const ANNOUNCE = sql(
  'change_announce',
  `insert into outbox (kind, subject) values ('change', $1::text)`,
);

const DROP = sql(
  'change_drop_seats',
  `with gone as (
     update allocations set until_revision = $3, released_at = clock_timestamp()
      where reservation_id = $1 and seat_id = any ($2) and until_revision is null)
   update seats set status = 'available', reservation_id = null, hold_ends_at = null where id = any ($2) and reservation_id = $1`,
);
/**
 * Ends the allocations of other reservations, whose holds have run out, on these seats. It is a
 * statement of its own, before the new owner's: a seat has one owner at a time, and PostgreSQL promises
 * no order for the parts of one `with`.
 */
const LEAVE_OTHERS = sql(
  'change_leave_others',
  'update allocations set released_at = clock_timestamp() where seat_id = any ($2) and reservation_id <> $1 and released_at is null',
);
const ADD = sql(
  'change_add_seats',
  `with added as (
     insert into allocations (reservation_id, seat_id, price, from_revision, allotment_id)
     select $1, id, 0, $3, case when allotment_until > clock_timestamp() then allotment_id end from seats where id = any ($2)
     on conflict (reservation_id, seat_id) do update
       set from_revision = excluded.from_revision, until_revision = null, released_at = null, change_id = null,
           allotment_id = coalesce(allocations.allotment_id, excluded.allotment_id))
   update seats set status = $4, reservation_id = $1, hold_ends_at = $5 where id = any ($2)`,
);
const REPRICE = sql(
  'change_reprice_seats',
  `update allocations a set price = p.price, discount = p.discount, price_type = p.type
     from unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[]) p (id, type, price, discount)
    where a.reservation_id = $1 and a.seat_id = p.id and a.until_revision is null`,
);
const WRITE_ORDER = sql(
  'change_write_order',
  `with named as (select array_agg(e.id order by n) as ids from unnest($3::text[]) with ordinality asked (slug, n) join events e using (slug)),
   code as (select k.id, case when k.id is not null then code_terms_of(k) end as terms from (values (1)) one left join codes k on k.code = $6)
   update reservations r set total = $2, event_id = named.ids[1], event_ids = case when cardinality(named.ids) > 1 then named.ids end,
          fees = nullif($4::jsonb, '[]'), taxes = nullif($5::jsonb, '[]'), revision = r.revision + 1,
          code_id = code.id, code_terms = case when code.id = r.code_id then r.code_terms else code.terms end,
          hold_ends_at = case when r.status = 'held' then least(r.hold_ends_at, starts.first) else r.hold_ends_at end,
          hold_cap_at = case when r.status = 'held' then least(r.hold_cap_at, starts.first) else r.hold_cap_at end
     from named, code, lateral (select min(starts_at) as first from events where id = any (named.ids)) starts where r.id = $1`,
);

/** Writes a changed order in place of what a reservation had. The caller holds all locks. */
export async function writeChangedOrder(
  tx: Queryable,
  {
    id,
    revision,
    released,
    taken,
    order,
    seatStatus,
    holdEndsAt,
  }: {
    id: string;
    /** The new one. */
    revision: number;
    released: readonly number[];
    taken: readonly number[];
    order: ChangedOrder;
    seatStatus: 'held' | 'sold';
    holdEndsAt: string | null;
  },
): Promise<void> {
  await tx.run(DROP, [id, released, revision]);
  await tx.run(LEAVE_OTHERS, [id, taken]);
  await tx.run(ADD, [id, taken, revision, seatStatus, holdEndsAt]);
  await tx.run(REPRICE, [
    id,
    order.seats.map((seat) => seat.id),
    order.seats.map((seat) => seat.type),
    order.seats.map((seat) => seat.price),
    order.seats.map((seat) => seat.discount),
  ]);
  await tx.run(WRITE_ORDER, [
    id,
    order.total,
    order.events,
    JSON.stringify(order.fees),
    JSON.stringify(order.taxes),
    order.code,
  ]);
}

const HOLD_ENDS = sql<{ at: string }>(
  'change_hold_ends',
  `select least(r.hold_ends_at, (select min(starts_at) from events where slug = any ($2)))::text as at from reservations r where r.id = $1`,
);
const USE = sql(
  'change_use_code',
  `update code_uses set status = 'held', reservation_id = $3, hold_ends_at = $4 where code_id = $1 and number = $2`,
);
const EXTEND_CLAIMS = sql('change_end_claims', `select change_claims('extend', $1, $2)`);
const RING = sql('change_ring', `insert into outbox (kind, subject) values ('ring', $1)`);
const FREE_USE = sql('change_free_use', `select change_code_claims('release', $1)`);

/** The events of an order, those that the reservation had first. */
function eventsOf(before: ReservationRecord, order: PricedOrder): string[] {
  const events = new Set(order.seats.map(({ event }) => event));
  const had = before.seats.map(({ event }) => event!).filter((event) => events.has(event));
  return [...new Set([...had, ...order.seats.map(({ event }) => event)])];
}

/** Undoes what the transaction has done, so that it begins anew. */
class LookAgain extends Error {}
/** Leaves the transaction with an answer, and undoes what it has done. */
class Refused extends Error {
  constructor(readonly refusal: ChangeRefusal | Exclude<Refusal, { kind: 'reused' }>) {
    super(refusal.kind);
  }
}

async function change(
  tx: Queryable,
  { id, actor, taker, defaultTtlSeconds }: ChangeContext,
  request: ChangeRequest,
): Promise<{ kind: 'made'; id: string }> {
  const refuse = (refusal: Refused['refusal']): never => {
    throw new Refused(refusal);
  };
  const [known] = await tx.rows(BUYER, [id]);
  if (!known) return refuse({ kind: 'unknown' });
  const { buyer_key: buyer } = known;
  if (buyer) await tx.run(LOCK_BUYER, [buyer]);
  await tx.run(LOCK_CLAIMS, [id]);
  const [facts] = await tx.rows(FACTS, [id]);
  const before = await findReservation(tx, id);
  if (!facts || !before) return refuse({ kind: 'unknown' });
  if (!(facts.buyer_key === buyer || (buyer && facts.buyer_key?.equals(buyer))))
    throw new LookAgain();
  const isSale = before.status === 'confirmed';
  if (before.status === 'expired') return refuse({ kind: 'expired' });
  if (before.status === 'cancelled' || before.cancelRequestedAt !== null)
    return refuse({ kind: 'cancelled' });
  if (!isSale && facts.paid_in_time) return refuse({ kind: 'payment_in_progress' });
  if (isSale && request.code !== null) return refuse({ kind: 'code_after_sale' });
  const wrong = refusalOf({ before, facts, request });
  if (wrong) return refuse(wrong);
  if (facts.change_open !== null && !facts.change_overdue) return refuse({ kind: 'change_open' });

  const quoted = await price(tx, { before, facts, request });
  if (quoted.kind !== 'quoted') return refuse(quoted.refusal);
  const { order, currency, quote } = quoted;
  if (currency !== before.total.currency) return refuse({ kind: 'mixed_currencies' });
  const events = eventsOf(before, order);
  if (events.length > MAX_LINES) return refuse({ kind: 'too_many_events' });
  const idOf = (seat: SeatName) => order.seats.find((one) => isSame(one, seat))!.id;
  const taken = request.take.map(idOf);

  // In the lock order of the whole system.
  await tx.rows(LOCK_CODE, [id]);
  let use: number | null = null;
  if (request.code !== null && quote.code && quote.code.id !== facts.code_id) {
    const [code] = await tx.rows(LOCK_NEW_CODE, [quote.code.id, quoted.eventIds]);
    if (!code?.valid) return refuse({ kind: 'code_invalid' });
    // The terms that are written are those that priced the order.
    if (code.revision !== quote.code.revision) throw new LookAgain();
    if (code.max_uses !== null) {
      const [free] = await tx.rows(LOCK_USE, [quote.code.id, code.max_uses]);
      if (free!.number === null) return refuse({ kind: 'code_used_up' });
      use = free!.number;
    }
  }
  const allotments = request.take.map(({ allotment = null }) => allotment);
  const locked = await tx.rows(LOCK_SEATS, [id, taken, allotments]);
  const gone = locked.filter((seat) => taken.includes(seat.id) && !seat.free);
  const reservation = (await lockReservation(tx, id))!;
  if (reservation.status !== before.status) throw new LookAgain();
  if (gone.length > 0) {
    const seats = gone.map(({ event, label }) => ({ event, label }));
    return refuse({ kind: 'taken', seats });
  }
  const released = locked.filter((seat) => isAmong(request.release, seat)).map((seat) => seat.id);
  const retyped = retypedOf({ before, request }).map(({ seat }) => seat);
  const given = [...request.release, ...retyped];
  const [begun] = await tx.rows(BEGUN, [given.map(({ event }) => event)]);
  if (begun) return refuse({ kind: 'sale_not_open', ...begun, opensAt: null });
  const [rules] = await tx.rows(RULES, [
    id,
    order.seats.map((seat) => seat.id),
    taken,
    quote.code?.id ?? null,
    order.total,
    buyer === null,
    taker.client,
    taker.operator,
    allotments,
  ]);
  if (rules!.refusal) return refuse(rules!.refusal);
  if (isSale) {
    const [tickets] = await tx.rows(USED, [id, [...released, ...retyped.map(idOf)]]);
    if (tickets!.used) return refuse({ kind: 'already_checked_in' });
  }
  if (facts.change_open !== null)
    await tx.run(END, [facts.change_open, 'expired', 'time', 'system']);

  const result: ChangedOrder = {
    seats: order.seats.map((seat) => ({
      id: seat.id,
      type: seat.type,
      price: seat.price,
      discount: seat.discount,
    })),
    events,
    fees: order.fees,
    taxes: order.taxes,
    total: order.total,
    code: quote.code ? (request.code ?? before.code ?? null) : null,
  };
  const takenSeats = order.seats.filter((seat) => taken.includes(seat.id));
  const [take] = await tx.rows(SHOW_SEATS, [
    takenSeats.map((seat) => seat.id),
    takenSeats.map((seat) => seat.type),
    takenSeats.map((seat) => seat.price),
    takenSeats.map((seat) => seat.discount),
  ]);
  const release = before.seats.filter((seat) =>
    isAmong(request.release, { event: seat.event!, label: seat.label }),
  );
  const due = isSale ? Math.max(0, order.total - before.total.amount) : 0;
  const refund = isSale ? await refundOf(tx, before, order, facts.charged) : 0;
  const paid = (before.amounts?.paid.amount ?? 0) + due;
  const refunded = (before.amounts?.refunded.amount ?? 0) + refund;
  const concerned = [...new Set([...before.seats.map(({ event }) => event!), ...events])];
  const [ends] = isSale ? await tx.rows(QUOTE_ENDS, [concerned, defaultTtlSeconds, id]) : [];
  const [made] = await tx.rows(INSERT, [
    id,
    isSale ? 'quoted' : 'applied',
    actor,
    isSale,
    JSON.stringify(result),
    released,
    taken,
    JSON.stringify(release),
    JSON.stringify(take!.seats),
    JSON.stringify(before.amounts),
    JSON.stringify(amountsOf(order, currency, { paid, refunded, sold: isSale })),
    before.total.amount,
    due,
    refund,
    currency,
    ends?.at ?? null,
  ]);
  const changeId = made!.id;
  if (isSale) {
    await tx.run(LEAVE_OTHERS, [id, taken]);
    await tx.run(HOLD_FOR_QUOTE, [id, changeId, taken, ends!.at]);
    await appendHistory(tx, id, 'change.quoted', actor, { change: changeId });
    await tx.run(ANNOUNCE, [changeId]);
    return { kind: 'made', id: changeId };
  }

  const [hold] = await tx.rows(HOLD_ENDS, [id, events]);
  if (request.code !== null && quote.code?.id !== facts.code_id) await tx.run(FREE_USE, [id]);
  await writeChangedOrder(tx, {
    id,
    revision: reservation.revision + 1,
    released,
    taken,
    order: result,
    seatStatus: 'held',
    holdEndsAt: hold!.at,
  });
  if (use !== null) await tx.run(USE, [quote.code!.id, use, id, hold!.at]);
  // An event that begins sooner ends the hold sooner.
  await tx.run(EXTEND_CLAIMS, [id, hold!.at]);
  const data = { change: changeId, revision: reservation.revision + 1 };
  await appendHistory(tx, id, 'reservation.changed', actor, data);
  await appendHistory(tx, id, 'change.applied', actor, data);
  await tx.run(RING, [id]);
  return { kind: 'made', id: changeId };
}

/**
 * Changes the seats of a reservation: at once while it is held; of a sale it makes a quote, which holds what it takes until
 * it ends, is confirmed or withdrawn. All or nothing; the rules are judged on the result.
 */
export async function createChange(
  context: ChangeContext,
  request: ChangeRequest,
): Promise<ChangeResult> {
  const { db, keyed } = context;
  for (let look = 1; ; look++) {
    try {
      return await db.transaction((tx) =>
        oncePerKey(
          tx,
          keyed,
          () => change(tx, context, request),
          ({ id }) => id,
        ),
      );
    } catch (error) {
      if (error instanceof Refused) return error.refusal;
      if (!(error instanceof LookAgain) || look === MOST_LOOKS) throw error;
    }
  }
}

const STATUS = sql<{ status: string; paid: boolean }>(
  'change_status',
  'select status, paid_in_time_at is not null as paid from changes where id = $1 and reservation_id = $2',
);

/** Withdraws a quote. @returns what prevented it, or null: it is withdrawn, now or before */
export async function withdrawChange(
  db: Database,
  reservationId: string,
  id: string,
  actor: string,
): Promise<'unknown' | 'payment_in_progress' | 'applied' | 'expired' | null> {
  return db.transaction(async (tx) => {
    await lockReservation(tx, reservationId);
    const [known] = await tx.rows(STATUS, [id, reservationId]);
    if (!known) return 'unknown';
    if (known.status === 'applied' || known.status === 'expired') return known.status;
    if (known.paid) return 'payment_in_progress';
    await tx.run(END, [id, 'withdrawn', 'withdrawn', actor]);
    return null;
  });
}

const ORDER_APPLY = sql<{ id: number }>(
  'change_order_apply',
  `with known as (select id from inbox where event_key = $3),
   made as (
     insert into inbox (reservation_id, kind, event_key, actor, change_id)
     select $1, 'change', $3, $4, $2 where not exists (select from known)
     on conflict (event_key) do nothing returning id, reservation_id),
   rung as (insert into outbox (kind, subject) select 'ring', reservation_id from made)
   select id from made union all select id from known`,
);
const OPEN_UNDUE = sql<{ status: string; due: number; over: boolean }>(
  'change_open_undue',
  `select status, due, expires_at <= clock_timestamp() and paid_in_time_at is null as over from changes where id = $1 and reservation_id = $2`,
);

/** Asks for a quote to be applied for which nothing is due. @returns the inbox row to wait for, or why not */
export async function confirmFreeChange(
  db: Database,
  reservationId: string,
  id: string,
  actor: string,
): Promise<
  | { kind: 'recorded'; inboxId: number }
  | { kind: 'unknown' }
  | { kind: 'due' }
  | { kind: 'ended' }
  | { kind: 'applied' }
> {
  return db.transaction(async (tx) => {
    await lockReservation(tx, reservationId);
    const [known] = await tx.rows(OPEN_UNDUE, [id, reservationId]);
    if (!known) return { kind: 'unknown' };
    if (known.status === 'applied') return { kind: 'applied' };
    if (known.due > 0) return { kind: 'due' };
    if (known.status !== 'quoted' || known.over) return { kind: 'ended' };
    const [row] = await tx.rows(ORDER_APPLY, [reservationId, id, `change:${id}`, actor]);
    await tx.run(PIN, [id]);
    return { kind: 'recorded', inboxId: row!.id };
  });
}
const PIN = sql('change_pin', 'select pin_change($1)');

const OVERDUE = sql<{ overdue: boolean; status: string; ends_in_ms: number; reservation: string }>(
  'change_overdue',
  `select status = 'quoted' and paid_in_time_at is null and expires_at <= clock_timestamp() as overdue, status, reservation_id as reservation,
          greatest(0, ceil(extract(epoch from expires_at - clock_timestamp()) * 1000))::float8 as ends_in_ms
     from changes where id = $1`,
);

/** Ends a quote whose time is over, in the caller's transaction. Safe to repeat. @returns whether this ended it */
export async function endOverdueChange(tx: Queryable, id: string): Promise<boolean> {
  const [known] = await tx.rows(OVERDUE, [id]);
  if (!known?.overdue) return false;
  await lockReservation(tx, known.reservation);
  const [now] = await tx.rows(OVERDUE, [id]);
  if (!now?.overdue) return false;
  await tx.run(END, [id, 'expired', 'time', 'system']);
  return true;
}

/** Looks at a change, and ends a quote whose time is over. @returns null if there is none of that id */
export async function lookAtChange(db: Database, id: string): Promise<ChangeProgress | null> {
  return db.transaction(async (tx) => {
    await endOverdueChange(tx, id);
    const [known] = await tx.rows(OVERDUE, [id]);
    if (!known) return null;
    const shown = (await findChange(tx, known.reservation, id))!;
    return {
      reservation: known.reservation,
      status: shown.status,
      endsInMs: known.ends_in_ms,
      due: shown.due,
      refund: shown.refund,
      release: shown.release.map(({ label }) => label),
      take: shown.take.map(({ label }) => label),
    };
  });
}
