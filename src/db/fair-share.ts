import { sql, type Queryable } from './database';

const SHARES = sql<{ client: string | null; free: boolean; seats: number }>(
  'event_shares',
  `select case when free then null else client end as client, free, count(*) as seats
     from (select r.client, seat_is_free(s.status, s.hold_ends_at) as free
             from seats s left join reservations r on r.id = s.reservation_id
            where s.event_id = (select event_id_of($1)) and s.status <> 'sold'
              and (s.allotment_until is null or s.allotment_until <= clock_timestamp())) s
    group by 1, 2`,
);

/** Of an event's open sale, by its slug or id: how many seats are free, and how many each client holds. */
export async function readShares(
  db: Queryable,
  event: string,
): Promise<{ free: number; heldBy: Map<string, number> }> {
  const rows = await db.rows(SHARES, [event]);
  const held = rows.filter((row) => !row.free && row.client !== null);
  return {
    free: rows.find(({ free }) => free)?.seats ?? 0,
    heldBy: new Map(held.map(({ client, seats }) => [client!, seats])),
  };
}

const LAPSED = sql<{ lapsed: number }>(
  'lapsed_holds_of_buyer',
  `select count(*) as lapsed from (
     select from reservations r
      where r.buyer_key = $1 and r.client = $2 and r.hold_ends_at > clock_timestamp() - interval '1 hour'
        and status_now(r.status, r.hold_ends_at, r.paid_in_time_at) = 'expired' limit $3) lapsed`,
);

/** How many holds of a buyer at a client ended unpaid within the hour, counted up to `limit`. */
export async function countLapsedHolds(
  db: Queryable,
  buyerKey: Buffer,
  client: string,
  limit: number,
): Promise<number> {
  const [row] = await db.rows(LAPSED, [buyerKey, client, limit]);
  return row!.lapsed;
}

const STANDING = sql<{ id: string; standing: 'open' | 'lapsed' }>(
  'standing_of_holds',
  `select id, standing from (
     select r.id, case status_now(r.status, r.hold_ends_at, r.paid_in_time_at)
                    when 'held' then 'open' when 'expired' then 'lapsed' end as standing
       from reservations r
      where r.id = any($1) and r.hold_ends_at > clock_timestamp() - interval '1 hour') s
    where standing is not null`,
);

/** Which of these reservations are held, and which ended unpaid within the hour. The others are left out. */
export const readStanding = (
  db: Queryable,
  ids: readonly string[],
): Promise<{ id: string; standing: 'open' | 'lapsed' }[]> => db.rows(STANDING, [ids]);
