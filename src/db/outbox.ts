import { sql, type Database, type Queryable } from './database';
import { askedAfter, createList } from './list';
import { kindsOf, type OutboxFacts, type OutboxKind, type OutboxQueue } from './outbox-kinds';

export interface OutboxEntry {
  id: number;
  kind: OutboxKind;
  /** The id of a reservation; for a refund, the reference of the payment. */
  subject: string;
  sequence: number | null;
  attempts: number;
  /** What Temporal shows of it. */
  facts: OutboxFacts;
  /** The trace that it is of. */
  traceparent: string | null;
  /** Due for longer than a look at what is recent reaches back. */
  late: boolean;
  /** The input and the summary of a workflow to start; null for other kinds. */
  start: {
    event: string;
    eventName: string;
    seats: string[];
    startsAt: string;
    timeZone: string;
    expiresAt: string;
  } | null;
}

/**
 * Each queue has two lanes: entries that are tried for the first time, and those that have failed
 * before. So an entry on which Temporal hangs keeps no other waiting but those that failed too.
 */
export const OUTBOX_LANES = ['first', 'again'] as const;
export type OutboxLane = (typeof OUTBOX_LANES)[number];

/**
 * How far a look reaches back: entries of the last minute, or all. While a long transaction stands
 * (`pg_dump`, `verify`), deleted entries stay in the index; a recent look passes over those of one
 * minute only.
 */
export type Reach = 'recent' | 'all';
const RECENT_SECONDS = 60;
const EVER_SECONDS = 1e9;
const secondsOf = (reach: Reach): number => (reach === 'recent' ? RECENT_SECONDS : EVER_SECONDS);

const isDue = (queue: OutboxQueue, lane: OutboxLane): string =>
  `kind in (${kindsOf(queue)}) and attempts ${lane === 'first' ? '=' : '>'} 0
      and not_before <= now() and not_before >= now() - $1 * interval '1 second'`;

/**
 * Claims the due entries of a lane, the longest due first. Rows that another relay has locked are
 * skipped; if a relay dies, its locks end with its connection.
 */
const claim = (queue: OutboxQueue, lane: OutboxLane) =>
  sql<OutboxEntry>(
    `outbox_claim_${queue}_${lane}`,
    `with claimed as (
       select id, kind, subject, sequence, attempts, created_at, traceparent, not_before < now() - interval '${RECENT_SECONDS} seconds' as late
         from outbox where ${isDue(queue, lane)} order by not_before, id limit $2 for update skip locked)
     select c.id, c.kind, c.subject, c.sequence, c.attempts, c.traceparent, c.late, outbox_facts(c.kind, c.subject, c.sequence, c.created_at) as facts,
            case when c.kind in ('start', 'ring') then
         (select jsonb_build_object('event', e.slug, 'eventName', e.name, 'startsAt', rfc3339(e.starts_at), 'timeZone', e.time_zone,
            'expiresAt', rfc3339(r.hold_ends_at),
            'seats', (select jsonb_agg(s.label order by s.id) from allocations a join seats s on s.id = a.seat_id
                       where a.reservation_id = r.id and a.until_revision is null))
           from reservations r join events e on e.id = r.event_id where r.id = c.subject) end as start
       from claimed c order by c.id`,
  );
const CLAIMS = {
  commands: { first: claim('commands', 'first'), again: claim('commands', 'again') },
  starts: { first: claim('starts', 'first'), again: claim('starts', 'again') },
};
const DONE = sql('outbox_done', 'delete from outbox where id = any ($1)');

/** For so long an entry is tried that Temporal refuses for what it is; then it waits for a person. */
const GIVE_UP_AFTER = '1 hour';
const IS_GIVEN_UP = `f.refused and o.refused_since < now() - interval '${GIVE_UP_AFTER}'`;
const LATER = sql<{ id: number; givenUp: boolean }>(
  'outbox_later',
  // The pause doubles with each attempt, up to a minute.
  `update outbox o set attempts = attempts + 1, last_error = f.error,
          refused_since = case when f.refused then coalesce(o.refused_since, now()) end,
          given_up_at = case when ${IS_GIVEN_UP} then now() end,
          not_before = case when ${IS_GIVEN_UP} then 'infinity'
            else clock_timestamp() + least(60, 0.5 * 2 ^ least(attempts, 10)) * interval '1 second' end
     from unnest($1::bigint[], $2::text[], $3::boolean[]) as f (id, error, refused)
    where o.id = f.id returning o.id, o.given_up_at is not null as "givenUp"`,
);
const MAX_ERROR = 500;

/** Why Temporal did not take an entry. */
export interface NotTaken {
  error: string;
  /** It refuses the entry for what it is, and would do so again. */
  refused: boolean;
}

export interface Batch {
  /** How many entries were claimed, and how many of them Temporal took. */
  claimed: number;
  taken: number;
  /** Some of them were due for longer than a recent look reaches back. */
  late: boolean;
  /** Those that are not tried any more, from now on. */
  givenUp: OutboxEntry[];
}

/**
 * Claims up to `limit` due entries of a lane and passes them to `deliver`, which returns those that
 * Temporal did not take. These are tried later, or given up; the others are deleted. The claim is a
 * row lock, so no other relay delivers the same entries; `deliver` must end well within the time
 * for which a transaction may be idle. The commit is asynchronous: of entries that a crash of the
 * server brings back, Temporal says that it knows them, or a workflow reads an empty inbox.
 */
export async function deliverDue(
  db: Database,
  {
    queue,
    lane,
    reach,
    limit,
  }: { queue: OutboxQueue; lane: OutboxLane; reach: Reach; limit: number },
  deliver: (entries: OutboxEntry[]) => Promise<ReadonlyMap<number, NotTaken>>,
): Promise<Batch> {
  const deliverBatch = async (tx: Queryable): Promise<Batch> => {
    const entries = await tx.rows(CLAIMS[queue][lane], [secondsOf(reach), limit]);
    if (entries.length === 0) return { claimed: 0, taken: 0, late: false, givenUp: [] };
    const failed = await deliver(entries);
    const taken = entries.filter(({ id }) => !failed.has(id)).map(({ id }) => id);
    if (taken.length > 0) await tx.run(DONE, [taken]);
    const left = failed.size > 0 ? await tx.rows(LATER, columnsOf(failed)) : [];
    const givenUp = new Set(left.filter((entry) => entry.givenUp).map(({ id }) => id));
    return {
      claimed: entries.length,
      taken: taken.length,
      late: entries.some((entry) => entry.late),
      givenUp: entries.filter(({ id }) => givenUp.has(id)),
    };
  };
  return db.transaction(deliverBatch, { asynchronous: true });
}

const columnsOf = (failed: ReadonlyMap<number, NotTaken>): unknown[] => [
  [...failed.keys()],
  [...failed.values()].map(({ error }) => error.slice(0, MAX_ERROR)),
  [...failed.values()].map(({ refused }) => refused),
];

const BACKLOG = sql<{ entries: number; given_up: number; oldest_s: number }>(
  'outbox_backlog',
  `select count(*) filter (where given_up_at is null) as entries, count(given_up_at) as given_up,
          coalesce(extract(epoch from clock_timestamp() - min(created_at) filter (where given_up_at is null)), 0)::float8 as oldest_s
     from outbox`,
);

/**
 * How many entries wait for Temporal, and the age of the oldest in seconds; and how many were given
 * up.
 */
export async function readBacklog(
  db: Queryable,
): Promise<{ entries: number; givenUp: number; oldestSeconds: number }> {
  const [row] = await db.rows(BACKLOG);
  return { entries: row!.entries, givenUp: row!.given_up, oldestSeconds: row!.oldest_s };
}

const BY_KIND = sql<{ kind: OutboxKind; entries: number; given_up: number; oldest_s: number }>(
  'outbox_backlog_by_kind',
  `select kind, count(*) filter (where given_up_at is null) as entries, count(given_up_at) as given_up,
          coalesce(extract(epoch from clock_timestamp() - min(created_at) filter (where given_up_at is null)), 0)::float8 as oldest_s
     from outbox group by kind`,
);

/** The same by kind; a kind without entries is absent. */
export async function readBacklogByKind(
  db: Queryable,
): Promise<{ kind: OutboxKind; entries: number; givenUp: number; oldestSeconds: number }[]> {
  const rows = await db.rows(BY_KIND);
  return rows.map(({ kind, entries, given_up: givenUp, oldest_s: oldestSeconds }) => ({
    kind,
    entries,
    givenUp,
    oldestSeconds,
  }));
}

const look = (queue: OutboxQueue, lane: OutboxLane) =>
  sql<{ entries: number; holds: number; due: boolean }>(
    `outbox_look_${queue}_${lane}`,
    `select entries.last_value as entries, holds.last_value as holds,
            exists (select from outbox where ${isDue(queue, lane)}) as due
       from outbox_id_seq entries, holds_ever holds`,
  );
const LOOKS = {
  commands: { first: look('commands', 'first'), again: look('commands', 'again') },
  starts: { first: look('starts', 'first'), again: look('starts', 'again') },
};

/**
 * Whether a lane has a due entry, which is cheaper than claiming none; and how many holds, and other
 * entries, there ever were, which only serves to measure how fast they come.
 */
export async function lookIntoOutbox(
  db: Queryable,
  { queue, lane, reach }: { queue: OutboxQueue; lane: OutboxLane; reach: Reach },
): Promise<{ due: boolean; holdsEver: number; commandsEver: number }> {
  const [row] = await db.rows(LOOKS[queue][lane], [secondsOf(reach)]);
  const { due, entries, holds } = row!;
  return { due, holdsEver: holds, commandsEver: entries - holds };
}

/** An entry as the API shows it. */
export interface OutboxRecord {
  id: string;
  kind: OutboxKind;
  subject: string;
  createdAt: string;
  attempts: number;
  /** null: it was given up. */
  nextTryAt: string | null;
  lastError: string | null;
  givenUpAt: string | null;
}

const DOCUMENT = `jsonb_build_object('id', o.id::text, 'kind', o.kind, 'subject', o.subject, 'createdAt', rfc3339(o.created_at),
    'attempts', o.attempts, 'nextTryAt', case when o.given_up_at is null then rfc3339(o.not_before) end,
    'lastError', o.last_error, 'givenUpAt', rfc3339(o.given_up_at))`;

const readPage = createList<{ entry: OutboxRecord; at: string }>(
  [
    { given_up: () => 'o.given_up_at is not null', waiting: () => 'o.given_up_at is null' },
    // Ids follow the time of creation, which is not indexed for this rare question.
    { after: (at, id) => `${at}::timestamptz is not null and o.id < ${id}::bigint` },
  ],
  (combination, text) =>
    sql<{ entry: OutboxRecord; at: string }>(`outbox_page_${combination}`, text),
  ({ where, limit }) => `select ${DOCUMENT} as entry, rfc3339_us(o.created_at) as at
     from outbox o ${where} order by o.id desc limit ${limit}`,
);

/** One page of the outbox, newest first. @param givenUp true: only what waits for a person; false: only what is tried */
export async function listOutbox(
  db: Queryable,
  givenUp: boolean | undefined,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ entry: OutboxRecord; at: string }[]> {
  const form =
    givenUp === undefined ? null : { form: givenUp ? 'given_up' : 'waiting', values: [] };
  return readPage(db, [form, askedAfter(after)], limit);
}

/** As an entry that never failed, and is due now. */
const AFRESH = 'attempts = 0, not_before = now(), given_up_at = null, refused_since = null';
const RETRY = sql<{ entry: OutboxRecord }>(
  'outbox_retry',
  `update outbox o set ${AFRESH} where id = $1 returning ${DOCUMENT} as entry`,
);

const RETRY_GIVEN_UP = sql(
  'outbox_retry_given_up',
  `update outbox set ${AFRESH} where given_up_at is not null`,
);

/** Makes all entries due now that were given up. @returns how many */
export async function retryGivenUp(db: Queryable): Promise<number> {
  return db.run(RETRY_GIVEN_UP);
}

/** Makes an entry due now, as if it had never failed. @returns null if there is none: Temporal has taken it */
export async function retryEntry(db: Queryable, id: string): Promise<OutboxRecord | null> {
  const [row] = await db.rows(RETRY, [id]);
  return row?.entry ?? null;
}
