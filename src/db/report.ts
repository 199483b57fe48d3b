import { sql, type Queryable } from './database';

/** Sums of an event at a moment; amounts in minor units. */
export interface ReportRow {
  /** An account of the ledger; `tickets` and `discounts` also of what is held. */
  account: string;
  state: 'sold' | 'held';
  /** What the money is about, where the account alone does not say. */
  about: 'refund' | 'dispute' | null;
  currency: string;
  category: string | null;
  price_type: string | null;
  /** Of a fee. */
  code: string | null;
  /** A debit is positive. */
  amount: number;
  quantity: number | null;
}

const REPORT = sql<ReportRow>(
  'event_report',
  // One statement, so ledger and holds are of one moment. A hold was in force then if it had not ended by any way: its
  // end counts as it was last extended, for nobody extends what has ended. A seat that a change took counts from then on.
  `select account, 'sold' as state, case when refund_id is not null then 'refund' when dispute_id is not null then 'dispute' end as about,
          currency, category, price_type, code, sum(amount)::bigint as amount, sum(quantity)::bigint as quantity
     from ledger where event_id = $1 and at <= $2::timestamptz
    group by account, about, currency, category, price_type, code
   union all
   select side.account, 'held', null, r.currency, s.category_code, a.price_type, null, sum(side.amount)::bigint,
          case side.account when 'tickets' then count(*) end
     from reservations r join allocations a on a.reservation_id = r.id join seats s on s.id = a.seat_id,
       lateral (values ('tickets', -a.price - a.discount), ('discounts', a.discount)) side (account, amount)
    where (r.event_id = $1 or r.event_ids @> array[$1::uuid]) and s.event_id = $1
      and r.created_at <= $2::timestamptz and coalesce(least(r.confirmed_at, r.ended_at), 'infinity') > $2::timestamptz
      and (r.hold_ends_at > $2::timestamptz or r.paid_in_time_at <= $2::timestamptz)
      and coalesce(a.released_at, 'infinity') > $2::timestamptz
      and (a.from_revision = 1 or exists (select from history h where h.reservation_id = r.id and h.type = 'reservation.changed'
             and (h.data ->> 'revision')::integer = a.from_revision and h.at <= $2::timestamptz))
    group by side.account, r.currency, s.category_code, a.price_type`,
);

/** What an event's ledger and holds come to at a moment. @param asOf RFC 3339 */
export async function readReport(
  db: Queryable,
  eventId: string,
  asOf: string,
): Promise<ReportRow[]> {
  return db.rows(REPORT, [eventId, asOf]);
}

const NOW = sql<{ now: string }>(
  'database_now',
  // The end of this millisecond: what has happened is before it, and the text is exact.
  `select rfc3339(clock_timestamp() + interval '999 microseconds') as now`,
);

/** The database's time as RFC 3339, in milliseconds, rounded up. */
export async function databaseNow(db: Queryable): Promise<string> {
  const [row] = await db.rows(NOW);
  return row!.now;
}
