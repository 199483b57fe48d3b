import {
  MAX_SEATS_PER_EVENT,
  type LaidOut,
  type RowThere,
  type SeatDefinition,
} from '../domain/seat-map';
import { rankSeats, type Point } from '../domain/seat-rank';
import { sql, type Database, type Queryable } from './database';
import {
  insertSeats,
  setCategories,
  valuesOf,
  type EventDefinition,
  type EventRecord,
  type RefundTerm,
} from './events';
import { noteOfEvent } from './history';
import { oncePerKey, type KeyedRequest, type KnownKey } from './request-keys';
import { noteMapChange, SEAT_NUMBER } from './seat-map';

/** A change of an event: what it then says, and which of its fields are other than before. */
export interface EventEdit {
  definition: EventDefinition & { salesPaused: boolean };
  changed: readonly string[];
  /** Codes of categories that are not wanted any more: one without seats goes. */
  leftOut: readonly string[];
  /** Seats by label: whether they are for sale. */
  seats: ReadonlyMap<string, boolean>;
  /** Whether ticket holders are told. */
  notify: boolean;
}

export type EditResult =
  | { kind: 'changed' }
  | { kind: 'unchanged' }
  | { kind: 'changed_since' }
  | { kind: 'unknown_seats'; labels: string[] }
  /** Holds that end after the new start, and the last of these ends. */
  | { kind: 'holds_outlast_start'; holds: number; until: string };

interface LockedEvent {
  revision: number;
  starts_at: string;
  was: Pick<EventRecord, 'name' | 'venue' | 'startsAt' | 'timeZone'>;
  refund_terms: RefundTerm[] | null;
  pricing: EventDefinition['pricing'];
}

const LOCK = sql<LockedEvent>(
  'event_lock',
  // No hold waits for this lock: a reservation that refers to the event locks its key alone.
  `select revision, rfc3339(starts_at) as starts_at, refund_terms, pricing,
          jsonb_build_object('name', name, 'venue', venue, 'startsAt', rfc3339(starts_at), 'timeZone', time_zone) as was
     from events where id = $1 for no key update`,
);
const UPDATE = sql(
  'event_update',
  `update events set name = $2, venue = $3, starts_at = $4, time_zone = $5, sales_open_at = $6, sales_close_at = $7,
          hold_ttl_seconds = $8, hold_cap_seconds = $9, max_seats_per_reservation = $10, max_seats_per_buyer = $11,
          refund_terms = $12, pricing = $13, orphan_rule = $14, focal_point = $15, sales_paused = $16, revision = revision + 1
    where id = $1`,
);
const GROW = sql('event_grow', 'update events set revision = revision + 1 where id = $1');

/** Waits for holds that refer to the event and are not committed; those that begin meanwhile wait, and look again. */
const LOCK_KEY = sql('event_lock_key', 'select from events where id = $1 for update');
const OUTLASTING = sql<{ holds: number; until: string | null }>(
  'event_holds_outlasting',
  // Quotes hold seats as well, and end at a start of their order as holds do.
  `select count(*) as holds, rfc3339(max(ends)) as until from (
     select hold_ends_at as ends from reservations
      where status = 'held' and hold_ends_at > $2 and (hold_ends_at > clock_timestamp() or paid_in_time_at is not null)
        and (event_id = $1 or event_ids @> array[$1::uuid])
     union all
     select c.expires_at from changes c join reservations r on r.id = c.reservation_id
      where c.status = 'quoted' and change_is_open(c) and c.expires_at > $2
        and (r.event_id = $1 or r.event_ids @> array[$1::uuid]
          or exists (select from seats s where s.id = any (c.taken) and s.event_id = $1))) holding`,
);

const UNKNOWN_LABELS = sql<{ label: string }>(
  'event_unknown_labels',
  `select label from unnest($2::text[]) label
    where not exists (select from seats s where s.event_id = $1 and s.label = label.label)`,
);
const SET_ACTIVE = sql(
  'event_seats_active',
  `with wanted as materialized (
     select s.id, w.active from unnest($2::text[], $3::boolean[]) w (label, active)
       join lateral (select id from seats where event_id = $1 and label = w.label offset 0) s on true),
   locked as materialized (
     select id from seats where id = any (array(select id from wanted)) order by id for update)
   update seats set active = wanted.active from wanted join locked using (id)
    where seats.id = wanted.id and seats.active <> wanted.active`,
);

const DROP_CATEGORIES = sql(
  'event_drop_categories',
  `delete from price_categories c where event_id = $1 and code = any ($2::text[])
      and not exists (select from seats s where s.event_id = $1 and s.category_code = c.code)`,
);

const KEEP_TERMS = sql(
  'event_keep_terms',
  'insert into replaced_refund_terms (event_id, revision, terms) values ($1, $2, $3)',
);
/** The clock of `replaced_at` is read by this statement: holds that begin before it have the old rules. */
const KEEP_PRICING = sql(
  'event_keep_pricing',
  'insert into replaced_pricing (event_id, revision, pricing) values ($1, $2, $3)',
);
const NOTICE = sql(
  'event_notice_insert',
  'insert into event_notices (event_id, was) values ($1, $2)',
);

const LAY_OUT_OLD = sql(
  'event_lay_out_old',
  `select lay_out_seats($1) where exists (select from seats where event_id = $1 and rank is null)`,
);
const PLACES = sql<{
  id: number;
  rowOrder: number;
  position: number | null;
  x: number | null;
  y: number | null;
}>(
  'event_seat_places',
  `select id, row_order as "rowOrder", number as position, x, y from seats where event_id = $1 order by id for update`,
);
const SET_RANKS = sql(
  'event_seat_ranks',
  `update seats set rank = new.rank from unnest($1::bigint[], $2::integer[]) new (id, rank)
    where seats.id = new.id and seats.rank is distinct from new.rank`,
);
const RANKS_AT_ONCE = 10_000;

async function rankAgain(tx: Queryable, eventId: string, focalPoint: Point | null): Promise<void> {
  const seats = await tx.rows(PLACES, [eventId]);
  const ranks = rankSeats(seats, focalPoint);
  for (let start = 0; start < seats.length; start += RANKS_AT_ONCE) {
    const end = start + RANKS_AT_ONCE;
    const ids = seats.slice(start, end).map(({ id }) => id);
    await tx.run(SET_RANKS, [ids, ranks.slice(start, end)]);
  }
}

const PRINT_ANEW = sql(
  'event_print_anew',
  'update events set print_revision = print_revision + 1 where id = $1',
);

/** Where and when an event is: what ticket holders are told of. */
export const TOLD_OF = ['startsAt', 'timeZone', 'venue'] as const;

/** Thrown to undo what was done before an edit is refused. */
class Refused extends Error {
  constructor(readonly result: EditResult) {
    super(result.kind);
  }
}

/** @returns whether one of them is other than before */
async function setActive(
  tx: Queryable,
  eventId: string,
  seats: ReadonlyMap<string, boolean>,
): Promise<boolean> {
  if (seats.size === 0) return false;
  const labels = [...seats.keys()];
  const unknown = await tx.rows(UNKNOWN_LABELS, [eventId, labels]);
  if (unknown.length > 0)
    throw new Refused({ kind: 'unknown_seats', labels: unknown.map(({ label }) => label) });
  return (await tx.run(SET_ACTIVE, [eventId, labels, [...seats.values()]])) > 0;
}

/**
 * Changes an event, or nothing of it. Holds that begin after the commit are held to it; what was held
 * or sold before keeps its price and its terms. Lock order: the event, then seats by id.
 * @param revision the one that the change was made from
 * @param actor who changes it
 */
export async function updateEvent(
  db: Database,
  { id, revision }: Pick<EventRecord, 'id' | 'revision'>,
  { definition, changed, leftOut, seats, notify }: EventEdit,
  actor: string,
): Promise<EditResult> {
  const has = (...fields: string[]) => fields.some((field) => changed.includes(field));
  try {
    return await db.transaction(async (tx) => {
      const [event] = await tx.rows(LOCK, [id]);
      if (event?.revision !== revision) return { kind: 'changed_since' };
      const all = [...changed, ...((await setActive(tx, id, seats)) ? ['seats'] : [])];
      if (all.length === 0) return { kind: 'unchanged' };
      await tx.run(UPDATE, [id, ...valuesOf(definition), definition.salesPaused]);
      if (has('name', ...TOLD_OF)) await tx.run(PRINT_ANEW, [id]);
      if (has('categories')) {
        await setCategories(tx, id, definition.categories);
        await tx.run(DROP_CATEGORIES, [id, leftOut]);
      }
      await tx.run(LAY_OUT_OLD, [id]);
      if (has('focalPoint')) await rankAgain(tx, id, definition.focalPoint);
      if (notify && has(...TOLD_OF)) await tx.run(NOTICE, [id, event.was]);
      await noteMapChange(tx, id);
      await noteOfEvent(tx, id, 'event.changed', actor, { changed: all });
      // At the very end: holds that begin while other statements wait must not be overlooked, and have the terms of before.
      if (Date.parse(definition.startsAt) < Date.parse(event.starts_at)) {
        await tx.rows(LOCK_KEY, [id]);
        const [found] = await tx.rows(OUTLASTING, [id, definition.startsAt]);
        const { holds, until } = found!;
        if (until !== null) throw new Refused({ kind: 'holds_outlast_start', holds, until });
      }
      if (has('refundTerms')) {
        const { refund_terms: terms } = event;
        await tx.run(KEEP_TERMS, [id, revision, terms === null ? null : JSON.stringify(terms)]);
      }
      if (has('fees', 'tax')) {
        const { pricing } = event;
        await tx.run(KEEP_PRICING, [id, revision, pricing && JSON.stringify(pricing)]);
      }
      return { kind: 'changed' };
    });
  } catch (error) {
    if (error instanceof Refused) return error.result;
    throw error;
  }
}

const FOCAL_POINT = sql<{ focal_point: Point | null }>(
  'event_focal_point',
  'select focal_point from events where id = $1 for no key update',
);
const ROWS_THERE = sql<RowThere>(
  'event_rows_there',
  `select section, row_name as "row", count(*) as seats, max(row_order) as "lastRowOrder" from seats
    where event_id = $1 group by section, row_name`,
);
const KNOWN_LABELS = sql<{ label: string }>(
  'event_known_labels',
  'select label from seats where event_id = $1 and label = any ($2::text[])',
);
const KNOWN_CATEGORIES = sql<{ code: string }>(
  'event_categories',
  'select code from price_categories where event_id = $1',
);

/** What more seats of an event come to, or why they cannot be added. */
export type AddResult =
  | { kind: 'added'; seats: number }
  /** `there`: those that the event has already. */
  | { kind: 'doubled'; labels: string[]; there: string[] }
  | { kind: 'unknown_categories'; codes: string[] }
  | { kind: 'too_many'; there: number };

/**
 * Adds seats to an event, all or none.
 * @param layOut lays them out after what is there
 * @param actor who adds them
 * @param leftMs until the caller is answered without it
 * @throws DeadlinePassed when that is too soon; nothing was added
 */
export async function addSeats(
  db: Database,
  eventId: string,
  layOut: (there: readonly RowThere[]) => LaidOut,
  { actor, leftMs = () => Infinity }: { actor: string; leftMs?: () => number },
  request: KeyedRequest | null,
): Promise<AddResult | KnownKey> {
  return db.transaction((tx) =>
    oncePerKey<AddResult>(
      tx,
      request,
      async () => {
        const [event] = await tx.rows(FOCAL_POINT, [eventId]);
        await tx.run(LAY_OUT_OLD, [eventId]);
        const there = await tx.rows(ROWS_THERE, [eventId]);
        const count = there.reduce((sum, row) => sum + row.seats, 0);
        const { seats, doubled } = layOut(there);
        if (count + seats.length > MAX_SEATS_PER_EVENT) return { kind: 'too_many', there: count };
        const categories = new Set(
          (await tx.rows(KNOWN_CATEGORIES, [eventId])).map(({ code }) => code),
        );
        const unknown = new Set(seats.map(({ category }) => category));
        for (const code of categories) unknown.delete(code);
        if (unknown.size > 0) return { kind: 'unknown_categories', codes: [...unknown] };
        const labels = seats.map(({ label }) => label);
        const known = count === 0 ? [] : await tx.rows(KNOWN_LABELS, [eventId, labels]);
        const taken = known.map(({ label }) => label);
        const twice = [...new Set([...doubled, ...taken])];
        if (twice.length > 0) return { kind: 'doubled', labels: twice, there: taken };
        await insertSeats(tx, eventId, seats, rankSeats(seats, event!.focal_point), leftMs);
        await tx.run(GROW, [eventId]);
        await noteOfEvent(tx, eventId, 'event.changed', actor, { changed: ['sections'] });
        return { kind: 'added', seats: seats.length };
      },
      (result) => (result.kind === 'added' ? String(result.seats) : null),
    ),
  );
}

const TEMPLATE = sql<{
  label: string;
  section: string;
  row: string | null;
  number: string | null;
  rowOrder: number;
  position: number | null;
  x: number | null;
  y: number | null;
  category: string;
  accessible: boolean;
  companion: boolean;
}>(
  'event_template',
  `select s.label, s.section, s.row_name as "row", ${SEAT_NUMBER} as number, s.row_order as "rowOrder", s.number as position,
          s.x, s.y, s.category_code as category, s.accessible, s.companion from seats s where s.event_id = $1 order by s.id`,
);

/** The seats of an event, for another one in the same hall. */
export async function readTemplate(db: Queryable, eventId: string): Promise<SeatDefinition[]> {
  await db.run(LAY_OUT_OLD, [eventId]);
  return db.rows(TEMPLATE, [eventId]);
}
