import { sql, type Database, type Queryable } from './database';
import { noteOfEvent } from './history';
import type { SeatName } from './quotes';
import { oncePerKey, type KeyedRequest, type KnownKey } from './request-keys';

/** An allotment as the API shows it. */
export interface AllotmentRecord {
  id: string;
  /** Slug. */
  event: string;
  name: string;
  /** Who takes its seats beside operators; null: nobody. */
  client: string | null;
  /** RFC 3339; null: it ends when it is deleted. */
  until: string | null;
  /** Labels in map order; none once it has ended. */
  seats: string[];
  revision: number;
  createdAt: string;
  /** null: it is in force. */
  endedAt: string | null;
}

/** Which seats: by label, or whole sections or rows. */
export type SeatSelection =
  { labels: readonly string[] } | { section: string | null; rows: readonly string[] | null };

export interface NewAllotment {
  name: string;
  client: string | null;
  until: string | null;
  seats: SeatSelection;
}

/** Why an allotment cannot be. */
export type AllotmentRefusal =
  | { kind: 'until_is_past' | 'unknown_client' }
  /** No seat is called so; for a section or its rows: where the rows of that name are. */
  | { kind: 'unknown_seats'; labels: string[] }
  | { kind: 'unknown_section' }
  | { kind: 'unknown_rows' | 'ambiguous_rows'; rows: string[] }
  | { kind: 'taken'; seats: SeatName[] };

const ALLOTMENT = `jsonb_build_object('id', a.id, 'event', e.slug, 'name', a.name, 'client', a.client,
  'until', rfc3339(nullif(a.until, 'infinity')), 'revision', a.revision, 'createdAt', rfc3339(a.created_at),
  'endedAt', rfc3339(coalesce(a.ended_at, case when a.until <= clock_timestamp() then a.until end)),
  'seats', coalesce((select jsonb_agg(s.label order by s.id) from seats s
                      where s.allotment_id = a.id and s.allotment_until > clock_timestamp()), '[]')) as allotment`;

const FIND = sql<{ allotment: AllotmentRecord }>(
  'allotment_find',
  `select ${ALLOTMENT} from allotments a join events e on e.id = a.event_id where a.event_id = $1 and a.id = $2`,
);

/** An allotment of an event, in force or ended. @param id a UUID */
export async function findAllotment(
  db: Queryable,
  eventId: string,
  id: string,
): Promise<AllotmentRecord | null> {
  const [row] = await db.rows(FIND, [eventId, id]);
  return row?.allotment ?? null;
}

const PAGE = sql<{ allotment: AllotmentRecord; at: string }>(
  'allotments_page',
  `select ${ALLOTMENT}, rfc3339_us(a.created_at) as at from allotments a join events e on e.id = a.event_id
    where a.event_id = $1 and (a.created_at, a.id) < ($2, $3::uuid) order by a.created_at desc, a.id desc limit $4`,
);
const NEWEST = { at: 'infinity', id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };

/** One page of an event's allotments, newest first, after the given position. */
export async function listAllotments(
  db: Queryable,
  eventId: string,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ allotment: AllotmentRecord; at: string }[]> {
  const { at, id } = after ?? NEWEST;
  return db.rows(PAGE, [eventId, at, id, limit]);
}

const IS_FOR = sql<{ known: boolean }>(
  'allotment_is_for',
  `select unknown_allotment($1, $2, array[$3::uuid], array[1], array[$4::uuid]) is null as known`,
);

/** Whether a caller takes seats of the event from this allotment: an operator, or the client whose it is. */
export async function isAllotmentFor(
  db: Queryable,
  { client, operator }: { client: string; operator: boolean },
  eventId: string,
  allotmentId: string,
): Promise<boolean> {
  const [row] = await db.rows(IS_FOR, [client, operator, eventId, allotmentId]);
  return row!.known;
}

const FACTS = sql<{ ahead: boolean; client_known: boolean }>(
  'allotment_facts',
  `select coalesce($1::timestamptz > clock_timestamp(), true) as ahead,
          $2::text is null or exists (select from api_keys where client = $2) as client_known`,
);
const SELECT_SEATS = sql<{ id: number; label: string; section: string; row: string | null }>(
  'allotment_select_seats',
  `select id, label, section, row_name as row from seats
    where event_id = $1 and ($2::text[] is null or label = any ($2))
      and ($3::text is null or section = $3) and ($4::text[] is null or row_name = any ($4)) order by id`,
);

/** The ids of the selected seats of an event, in order; or what there is not. */
async function select(
  tx: Queryable,
  eventId: string,
  selection: SeatSelection,
): Promise<number[] | AllotmentRefusal> {
  if ('labels' in selection) {
    const { labels } = selection;
    const found = await tx.rows(SELECT_SEATS, [eventId, labels, null, null]);
    const known = new Set(found.map(({ label }) => label));
    const unknown = labels.filter((label) => !known.has(label));
    if (unknown.length > 0) return { kind: 'unknown_seats', labels: unknown };
    return found.map(({ id }) => id);
  }
  const { section, rows } = selection;
  const found = await tx.rows(SELECT_SEATS, [eventId, null, section, rows]);
  if (rows === null)
    return found.length > 0 ? found.map(({ id }) => id) : { kind: 'unknown_section' };
  const sectionsOf = new Map(rows.map((row) => [row, new Set<string>()]));
  for (const seat of found) sectionsOf.get(seat.row!)!.add(seat.section);
  const missing = rows.filter((row) => sectionsOf.get(row)!.size === 0);
  if (missing.length > 0) return { kind: 'unknown_rows', rows: missing };
  const ambiguous = rows.filter((row) => sectionsOf.get(row)!.size > 1);
  if (ambiguous.length > 0) return { kind: 'ambiguous_rows', rows: ambiguous };
  return found.map(({ id }) => id);
}

const LOCK_SEATS = sql<{ id: number; event: string; label: string; free: boolean }>(
  'allotment_lock_seats',
  // Judged outside, because a select list is evaluated before the lock.
  `select seat.id, (select slug from events where id = seat.event_id) as event, seat.label,
          seat_is_free_for(null, seat.status, seat.hold_ends_at, seat.allotment_id, seat.allotment_until) as free
     from (select * from seats where id = any ($1) order by id for update) seat`,
);

/** Locks seats. @param wanted those that have to be free; which of them are not */
async function lockSeats(
  tx: Queryable,
  ids: readonly number[],
  wanted: ReadonlySet<number>,
): Promise<SeatName[]> {
  const seats = await tx.rows(LOCK_SEATS, [ids]);
  return seats
    .filter(({ id, free }) => wanted.has(id) && !free)
    .map(({ event, label }) => ({ event, label }));
}

async function refusalOf(
  tx: Queryable,
  { until, client }: Pick<NewAllotment, 'until' | 'client'>,
): Promise<AllotmentRefusal | null> {
  const [facts] = await tx.rows(FACTS, [until, client]);
  if (!facts!.ahead) return { kind: 'until_is_past' };
  return facts!.client_known ? null : { kind: 'unknown_client' };
}

const INSERT = sql<{ id: string }>(
  'allotment_insert',
  `insert into allotments (event_id, name, client, until) values ($1, $2, $3, coalesce($4::timestamptz, 'infinity')) returning id`,
);
const TAKE = sql(
  'allotment_take_seats',
  `update seats set allotment_id = a.id, allotment_until = a.until from allotments a where a.id = $1 and seats.id = any ($2)`,
);

/**
 * Makes an allotment of seats that are all free, once for its key.
 * @param actor `operator:NAME`
 */
export async function createAllotment(
  db: Database,
  eventId: string,
  allotment: NewAllotment,
  { request, actor }: { request: KeyedRequest; actor: string },
): Promise<{ kind: 'created'; id: string } | AllotmentRefusal | KnownKey> {
  return db.transaction((tx) =>
    oncePerKey<{ kind: 'created'; id: string } | AllotmentRefusal>(
      tx,
      request,
      async () => {
        const refusal = await refusalOf(tx, allotment);
        if (refusal) return refusal;
        const ids = await select(tx, eventId, allotment.seats);
        if (!Array.isArray(ids)) return ids;
        const taken = await lockSeats(tx, ids, new Set(ids));
        if (taken.length > 0) return { kind: 'taken', seats: taken };
        const { name, client, until } = allotment;
        const [made] = await tx.rows(INSERT, [eventId, name, client, until]);
        const { id } = made!;
        await tx.run(TAKE, [id, ids]);
        const data = { allotment: id, seats: ids.length };
        await noteOfEvent(tx, eventId, 'allotment.created', actor, data);
        return { kind: 'created', id };
      },
      (result) => (result.kind === 'created' ? result.id : null),
    ),
  );
}

const LOCK = sql<{ revision: number; event_id: string; ended: boolean }>(
  'allotment_lock',
  // Not against holds, which name the row.
  `select revision, event_id, ended_at is not null as ended from allotments where id = $1 for no key update`,
);
const SEATS_OF = sql<{ id: number }>(
  'allotment_seats',
  'select id from seats where allotment_id = $1 order by id',
);
const IN_FORCE = sql<{ live: boolean }>(
  'allotment_in_force',
  'select until > clock_timestamp() as live from allotments where id = $1',
);
const UPDATE = sql(
  'allotment_update',
  `update allotments set name = $2, client = $3, client_since = case when client is distinct from $3 then clock_timestamp() else client_since end,
          until = coalesce($4::timestamptz, 'infinity'), revision = revision + 1 where id = $1`,
);
const DROP = sql(
  'allotment_drop_seats',
  `update seats set allotment_id = null, allotment_until = null where id = any ($2) and allotment_id = $1`,
);

/**
 * Changes an allotment; holds that begin after the commit are held to it. A seat that leaves it is for the open sale,
 * once a hold of it ends.
 * @param allotment.seats null: the same
 * @param revision the one that the change was made from
 */
export async function updateAllotment(
  db: Database,
  id: string,
  revision: number,
  allotment: Omit<NewAllotment, 'seats'> & { seats: SeatSelection | null },
): Promise<{ kind: 'updated' } | { kind: 'changed_since' } | { kind: 'ended' } | AllotmentRefusal> {
  return db.transaction(async (tx) => {
    const [known] = await tx.rows(LOCK, [id]);
    if (known!.ended) return { kind: 'ended' };
    if (known!.revision !== revision) return { kind: 'changed_since' };
    const refusal = await refusalOf(tx, allotment);
    if (refusal) return refusal;
    const now = (await tx.rows(SEATS_OF, [id])).map((seat) => seat.id);
    const wanted = allotment.seats ? await select(tx, known!.event_id, allotment.seats) : now;
    if (!Array.isArray(wanted)) return wanted;
    const mine = new Set(now);
    const added = new Set(wanted.filter((seat) => !mine.has(seat)));
    const taken = await lockSeats(tx, [...now, ...added], added);
    // Its seats may have been sold to others since it has ended.
    const [force] = await tx.rows(IN_FORCE, [id]);
    if (!force!.live) return { kind: 'ended' };
    if (taken.length > 0) return { kind: 'taken', seats: taken };
    await tx.run(UPDATE, [id, allotment.name, allotment.client, allotment.until]);
    const kept = new Set(wanted);
    await tx.run(DROP, [id, now.filter((seat) => !kept.has(seat))]);
    // All of them: a map shows for whom they are.
    await tx.run(TAKE, [id, wanted]);
    return { kind: 'updated' };
  });
}

const END = sql(
  'allotment_end',
  'update allotments set ended_at = clock_timestamp(), revision = revision + 1 where id = $1',
);

/**
 * Ends an allotment, once: its seats are for the open sale; what is held stays held, what is sold stays sold.
 * @param actor `operator:NAME`, or `system` after `until`
 * @returns whether this ended it
 */
async function end(tx: Queryable, id: string, actor: string): Promise<boolean> {
  const [known] = await tx.rows(LOCK, [id]);
  if (!known || known.ended) return false;
  const seats = (await tx.rows(SEATS_OF, [id])).map((seat) => seat.id);
  await lockSeats(tx, seats, new Set());
  await tx.run(DROP, [id, seats]);
  await tx.run(END, [id]);
  const data = { allotment: id, seats: seats.length };
  await noteOfEvent(tx, known.event_id, 'allotment.ended', actor, data);
  return true;
}

/** Deletes an allotment: see `end`. Safe to repeat. @param actor `operator:NAME` */
export async function deleteAllotment(db: Database, id: string, actor: string): Promise<void> {
  await db.transaction((tx) => end(tx, id, actor));
}

/** Notes the end of an allotment whose time is over: see `end`. */
export const endOverdueAllotment = (tx: Queryable, id: string): Promise<boolean> =>
  end(tx, id, 'system');
