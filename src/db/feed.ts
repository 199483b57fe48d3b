import type { HistoryType } from '../domain/history-types';
import { sql, type Database, type Queryable } from './database';

/**
 * A place in the feed: behind the entry with this number. The mark tells that entry from another one
 * that gets its number after a restore.
 */
export interface FeedPlace {
  sequence: number;
  mark: number;
}

/** Who reads: a client by name, or an operator (null), who sees all. */
export type FeedReader = string | null;

export interface FeedRecord extends FeedPlace {
  /** RFC 3339; when it happened. */
  at: string;
  type: HistoryType;
  actor: string;
  /** Its id; null of an event's entry. */
  reservation: string | null;
  /** The slug; null of a reservation of several events. */
  event: string | null;
  revision: number | null;
  /** As the history has it: `feedData` says what of it is shown. */
  data: Record<string, unknown>;
}

/** `reset`: nothing has this number and mark, so the database was restored. `truncated`: what follows is deleted. */
export type FeedPage =
  { kind: 'page'; entries: FeedRecord[]; head: FeedPlace } | { kind: 'truncated' | 'reset' };

/** Numbered rows (`f`) as entries of the feed, with their reservation (`r`) and event (`e`). */
const ENTRIES = `select coalesce(jsonb_agg(jsonb_build_object('sequence', f.sequence, 'mark', f.mark, 'at', rfc3339(h.at),
         'type', history_type(h.type), 'actor', h.actor, 'reservation', h.reservation_id,
         'event', case when r.event_ids is null then e.slug end, 'revision', f.revision, 'data', h.data) order by f.sequence), '[]')`;
// Row by row by their keys, whatever the statistics say (`offset 0`).
const SOURCES = `cross join lateral (select * from history where id = f.history_id offset 0) h
           left join lateral (select event_id, event_ids from reservations where id = h.reservation_id offset 0) r on true
           left join lateral (select slug from events where id = coalesce(h.event_id, r.event_id) offset 0) e on true`;

/** Whether the place ($1, $2) is one of this feed (`t` is its head). */
const STANDING = `case when $1 < t.truncated_to then 'truncated'
       when $1 = t.truncated_to and $2 = t.truncated_mark then 'page'
       when exists (select from feed where sequence = $1 and mark = $2) then 'page' else 'reset' end`;

interface PageRow {
  kind: FeedPage['kind'];
  head: FeedPlace;
  entries: FeedRecord[];
}
const HEAD = `jsonb_build_object('sequence', t.sequence, 'mark', t.mark) as head`;

// One statement: the page and the head that it goes to are of one moment.
const READ_ALL = sql<PageRow>(
  'feed_read_all',
  `select ${STANDING} as kind, ${HEAD}, (${ENTRIES}
     from (select * from feed where sequence > $1 order by sequence limit $3) f ${SOURCES}) as entries
   from feed_head t`,
);
const READ_OF_CLIENT = sql<PageRow>(
  'feed_read_of_client',
  `select ${STANDING} as kind, ${HEAD}, (${ENTRIES}
     from (select * from (
             (select * from feed where client = $4 and sequence > $1 order by sequence limit $3)
             union all
             (select * from feed where for_all and sequence > $1 order by sequence limit $3)) told order by sequence limit $3) f
     ${SOURCES}) as entries
   from feed_head t`,
);

/** Reads what a reader is told behind a place, and where the feed ended at that moment. */
export async function readFeed(
  db: Queryable,
  reader: FeedReader,
  after: FeedPlace,
  limit: number,
): Promise<FeedPage> {
  const values = [after.sequence, after.mark, limit];
  const [row] =
    reader === null
      ? await db.rows(READ_ALL, values)
      : await db.rows(READ_OF_CLIENT, [...values, reader]);
  const { kind, entries, head } = row!;
  return kind === 'page' ? { kind, entries, head } : { kind };
}

const PLACE = sql<{ kind: FeedPage['kind'] }>(
  'feed_place',
  `select ${STANDING} as kind from feed_head t`,
);

/** Whether what follows a place can be read: `page`. */
export async function findPlace(db: Queryable, place: FeedPlace): Promise<FeedPage['kind']> {
  const [row] = await db.rows(PLACE, [place.sequence, place.mark]);
  return row!.kind;
}

const ENDS = sql<{ first: FeedPlace; last: FeedPlace }>(
  'feed_ends',
  `select jsonb_build_object('sequence', truncated_to, 'mark', truncated_mark) as first,
          jsonb_build_object('sequence', sequence, 'mark', mark) as last from feed_head`,
);

/** The places before the first entry that is kept, and behind the last one. */
export async function readFeedEnds(db: Queryable): Promise<{ first: FeedPlace; last: FeedPlace }> {
  const [row] = await db.rows(ENDS);
  return row!;
}

/** What is new in the feed, for those who wait for it. */
export interface FeedNews {
  head: FeedPlace;
  /** More is new than was looked at, or the database was restored: anyone may be concerned. */
  everyone: boolean;
  /** Something is told to all clients. */
  allClients: boolean;
  /** The clients of reservations that something is told of. */
  clients: string[];
}

/** Of more than that nobody asks for whom it is. */
const NEWS_AT_ONCE = 1000;
const NEWS = sql<FeedNews>(
  'feed_news',
  `select ${HEAD}, ${STANDING} <> 'page' or t.sequence - $1 > $3 as everyone, n.all_clients as "allClients", n.clients
     from feed_head t, lateral (
       select coalesce(bool_or(for_all), false) as all_clients,
              coalesce(array_agg(distinct client) filter (where client is not null), '{}') as clients
         from (select for_all, client from feed where sequence > $1 order by sequence limit $3) f) n`,
);

/** Who is told of something behind a place. */
export async function readFeedNews(db: Queryable, after: FeedPlace): Promise<FeedNews> {
  const [row] = await db.rows(NEWS, [after.sequence, after.mark, NEWS_AT_ONCE]);
  return row!;
}

const NUMBER = sql<{ numbered: number | null }>(
  'feed_number',
  'select number_history($1, $2) as numbered',
);

/**
 * Gives numbers to what the history has new: see `number_history` in the migrations. One statement, so
 * a process that dies or stands still keeps no lock.
 * @param all looks also where only a transaction that stood still for long can have left something
 * @returns how many; null when another writer was at it
 */
export async function numberHistory(
  db: Database,
  most: number,
  all: boolean,
): Promise<number | null> {
  const [row] = await db.rows(NUMBER, [most, all]);
  return row!.numbered;
}

const KEPT_DAYS = 90;
const TRUNCATE = sql<{ deleted: number }>(
  'feed_truncate',
  'select truncate_feed($1, $2) as deleted',
);

/** Deletes entries that are older than 90 days. @param most how many at once. @returns how many */
export async function truncateFeed(db: Queryable, most: number): Promise<number> {
  const [row] = await db.rows(TRUNCATE, [KEPT_DAYS, most]);
  return row!.deleted;
}
