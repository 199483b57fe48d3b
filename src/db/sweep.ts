import { endOverdueAllotment } from './allotments';
import { sql, type Database, type Queryable } from './database';
import { OUTBOX_KINDS } from './outbox-kinds';
import { endOverdueChange } from './changes';
import { forgetOldScans } from './check-ins';
import { forgetEarlyEvents } from './early-events';
import { oweNotices } from './event-notices';
import { truncateFeed } from './feed';
import { forgetOldKeys } from './request-keys';
import { forgetMapChanges } from './seat-map';
import { endOverdueHold } from './settlement';
import { clearSweepFault, forgetSweepFaults, noteSweepFault, type SweepStep } from './sweep-faults';
import { sendBack } from './transitions';
import { forgetDocuments } from './tickets';
import { forgetOldDeliveries, forgetDeletedEndpoints } from './webhook-deliveries';

/**
 * Longer than a workflow needs to act by itself, so the sweep only finds work that was left undone.
 */
const GRACE_SECONDS = 5;
const UNKNOWN_RESERVATION_MINUTES = 10;
const BATCH = 200;
/** More than holds can be taken between two passes. */
const MAP_CHANGES = 10_000;
/** Transactions of one sweep at once. */
const AT_ONCE = 4;
/** How long a sweep that took something keeps others from it: longer than it needs for a batch. */
const TAKEN_SECONDS = 30;
/** The pause after the first failure; it doubles with each, up to the longest. */
const FIRST_PAUSE_SECONDS = 10;
const LONGEST_PAUSE_SECONDS = 600;

const pauseAfter = (attempts: number): number =>
  Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** Math.min(attempts - 1, 10));

// Nothing but rows of reservations is locked here, and none is waited for; so the lock order does
// not matter.
const TAKE_OVERDUE = sql<{ id: string }>(
  'sweep_take_overdue',
  `update reservations set sweep_after = now() + $2 * interval '1 second'
    where id = any (array(
           select id from reservations
            where status = 'held' and paid_in_time_at is null and hold_ends_at < now() - $1 * interval '1 second'
              and (sweep_after is null or sweep_after <= now())
            order by hold_ends_at, id limit $3 for no key update skip locked)) returning id`,
);
const LEAVE_OVERDUE = sql(
  'sweep_leave_overdue',
  `update reservations set sweep_after = now() + $2 * interval '1 second' where id = $1`,
);

const TAKE_UNKNOWN = sql<{ id: string; reference: string; reservationId: string }>(
  'sweep_take_unknown',
  `update payments set nudged_at = now() + $2 * interval '1 second'
    where id = any (array(
           select id from payments k
            where role = 'kept' and received_at < now() - $1 * interval '1 minute'
              and (nudged_at is null or nudged_at <= now())
              and not exists (select from reservations r where r.id = k.reservation_id)
            order by received_at limit $3 for no key update skip locked))
   returning id::text, reference, reservation_id as "reservationId"`,
);
const LEAVE_UNKNOWN = sql(
  'sweep_leave_unknown',
  `update payments set nudged_at = now() + $2 * interval '1 second' where id = $1`,
);
const CLOSE_INBOX = sql(
  'sweep_close_inbox',
  `update inbox set handled_at = clock_timestamp(), outcome = 'refund_unknown_reservation'
    where reference = $1 and reservation_id = $2 and handled_at is null`,
);

const TAKE_CHANGES = sql<{ id: string }>(
  'sweep_take_changes',
  `update changes set sweep_after = now() + $2 * interval '1 second'
    where id = any (array(
           select id from changes
            where status = 'quoted' and paid_in_time_at is null and expires_at < now() - $1 * interval '1 second'
              and (sweep_after is null or sweep_after <= now())
            order by expires_at limit $3 for no key update skip locked)) returning id`,
);
const LEAVE_CHANGE = sql(
  'sweep_leave_change',
  `update changes set sweep_after = now() + $2 * interval '1 second' where id = $1`,
);
const TAKE_ALLOTMENTS = sql<{ id: string }>(
  'sweep_take_allotments',
  `update allotments set sweep_after = now() + $1 * interval '1 second'
    where id = any (array(
           select id from allotments where ended_at is null and until <= now() and (sweep_after is null or sweep_after <= now())
            order by until limit $2 for no key update skip locked)) returning id`,
);
const LEAVE_ALLOTMENT = sql(
  'sweep_leave_allotment',
  `update allotments set sweep_after = now() + $2 * interval '1 second' where id = $1`,
);

/** How the sweep does one kind of work, thing by thing. */
interface Step<Thing> {
  name: SweepStep;
  /** Takes due things, each for this sweep alone for a while. */
  take: (db: Queryable) => Promise<Thing[]>;
  idOf: (thing: Thing) => string;
  /** Does the work for one thing, in a transaction of its own. */
  work: (tx: Queryable, thing: Thing) => Promise<unknown>;
  /** Leaves a thing alone for some seconds. */
  leave: (db: Queryable, thing: Thing, seconds: number) => Promise<unknown>;
}

/** Ends holds whose time is over. */
const EXPIRE: Step<string> = {
  name: 'expire',
  take: async (db) =>
    (await db.rows(TAKE_OVERDUE, [GRACE_SECONDS, TAKEN_SECONDS, BATCH])).map(({ id }) => id),
  idOf: (id) => id,
  work: endOverdueHold,
  leave: (db, id, seconds) => db.run(LEAVE_OVERDUE, [id, seconds]),
};

/** Ends quotes of changes whose time is over. */
const EXPIRE_CHANGE: Step<string> = {
  name: 'expire_change',
  take: async (db) =>
    (await db.rows(TAKE_CHANGES, [GRACE_SECONDS, TAKEN_SECONDS, BATCH])).map(({ id }) => id),
  idOf: (id) => id,
  work: endOverdueChange,
  leave: (db, id, seconds) => db.run(LEAVE_CHANGE, [id, seconds]),
};

/** Refunds payments for reservations that never existed. */
const REFUND_UNKNOWN: Step<{ id: string; reference: string; reservationId: string }> = {
  name: 'refund_unknown',
  take: (db) => db.rows(TAKE_UNKNOWN, [UNKNOWN_RESERVATION_MINUTES, TAKEN_SECONDS, BATCH]),
  idOf: ({ reference }) => reference,
  async work(tx, payment) {
    // The inbox before the payment, as a settlement locks them. What is handled already is not ours.
    if ((await tx.run(CLOSE_INBOX, [payment.reference, payment.reservationId])) === 0) return;
    await sendBack(tx, payment, 'unknown_reservation', 'system');
  },
  leave: (db, { id }, seconds) => db.run(LEAVE_UNKNOWN, [id, seconds]),
};

/** Notes the end of allotments; their seats were free from the moment of it. */
const END_ALLOTMENT: Step<string> = {
  name: 'end_allotment',
  take: async (db) => (await db.rows(TAKE_ALLOTMENTS, [TAKEN_SECONDS, BATCH])).map(({ id }) => id),
  idOf: (id) => id,
  work: endOverdueAllotment,
  leave: (db, id, seconds) => db.run(LEAVE_ALLOTMENT, [id, seconds]),
};

export interface SweepResult {
  expired: number;
  rung: number;
  refunded: number;
}

export interface SweepOptions {
  /** How long batch follows batch; what is then still due is for the next pass. */
  budgetMs: number;
  /** false: payments for reservations that do not exist wait, because a restore may bring these back. */
  refundUnknown?: boolean;
  /** How long printed tickets are kept; absent: for ever. */
  documentDays?: number;
  /** Told of each failure: of a step for one thing, or of a statement. */
  onFault: (
    what: { step: string; subject: string | null; attempts: number },
    error: unknown,
  ) => void;
  /** Called between batches. */
  onBatch?: () => void;
}

/**
 * Resumes all work that is overdue according to the database: ends overdue holds and quotes, signals
 * workflows whose inbox or delivery is waiting, refunds payments without a reservation, notes the
 * end of allotments, orders the mails of an event that was changed. Deletes old request keys, scans,
 * map changes, prints, entries of the feed and deliveries of webhooks. What fails
 * stops nothing else; it is recorded and tried again after a
 * pause. Safe to run anywhere and any number of times, with or without Temporal; sweeps that run at
 * once share the work.
 * @throws what the database says when it cannot be reached
 */
export async function sweep(db: Database, options: SweepOptions): Promise<SweepResult> {
  const until = performance.now() + options.budgetMs;
  /** Repeats batches until one is not full or the time is over. @returns how much was done */
  async function repeat(most: number, batch: () => Promise<number>): Promise<number> {
    let done = 0;
    for (let size = most; size >= most && performance.now() < until;) {
      size = await batch();
      done += size;
      options.onBatch?.();
    }
    return done;
  }
  const inSteps = <Thing>(step: Step<Thing>) =>
    repeat(BATCH, async () => {
      const things = await step.take(db);
      await eachOf(things, (thing) => doOne(db, step, thing, options.onFault));
      return things.length;
    });
  async function requeue(statement: { name: string; text: string }): Promise<number> {
    try {
      return await repeat(BATCH, () => db.run(statement, [BATCH]));
    } catch (error) {
      options.onFault({ step: statement.name, subject: null, attempts: 1 }, error);
      return 0;
    }
  }

  const expired = await inSteps(EXPIRE);
  await inSteps(EXPIRE_CHANGE);
  const refunded = (options.refundUnknown ?? true) ? await inSteps(REFUND_UNKNOWN) : 0;
  await inSteps(END_ALLOTMENT);
  let rung = 0;
  for (const kind of Object.values(OUTBOX_KINDS)) {
    for (const statement of kind.requeue) rung += await requeue(statement);
  }
  try {
    await repeat(1, async () => Number(await oweNotices(db)));
  } catch (error) {
    options.onFault({ step: 'owe_notices', subject: null, attempts: 1 }, error);
  }
  await forgetSweepFaults(db);
  await repeat(BATCH, () => forgetOldKeys(db, BATCH));
  await repeat(BATCH, () => forgetOldScans(db, BATCH));
  await repeat(BATCH, () => forgetEarlyEvents(db, BATCH));
  await repeat(MAP_CHANGES, () => forgetMapChanges(db, MAP_CHANGES));
  const { documentDays } = options;
  if (documentDays !== undefined)
    await repeat(BATCH, () => forgetDocuments(db, documentDays, BATCH));
  await repeat(BATCH, () => truncateFeed(db, BATCH));
  await repeat(BATCH, () => forgetOldDeliveries(db, BATCH));
  await repeat(BATCH, () => forgetDeletedEndpoints(db, BATCH));
  return { expired, rung, refunded };
}

/** Does something for each, some at once. @throws the first error, when those under way have ended */
async function eachOf<Thing>(
  things: readonly Thing[],
  work: (thing: Thing) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < things.length) await work(things[next++]!);
  };
  const lanes = await Promise.allSettled(Array.from({ length: AT_ONCE }, lane));
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason;
}

/** @throws only what also prevents that the failure is recorded */
async function doOne<Thing>(
  db: Database,
  { name, idOf, work, leave }: Step<Thing>,
  thing: Thing,
  onFault: SweepOptions['onFault'],
): Promise<void> {
  const subject = idOf(thing);
  try {
    await db.transaction(async (tx) => {
      await work(tx, thing);
      await clearSweepFault(tx, name, subject);
    });
  } catch (error) {
    const attempts = await noteSweepFault(db, name, subject, (error as Error).message);
    await leave(db, thing, pauseAfter(attempts));
    onFault({ step: name, subject, attempts }, error);
  }
}

const OPEN_HOLDS = sql<{ id: string; at: string }>(
  'sweep_open_holds',
  // With the place of each, as text of all its digits.
  `select id, hold_ends_at::text as at from reservations
    where status = 'held' and ($1::timestamptz is null or (hold_ends_at, id) > ($1, $2))
      and created_at < now() - interval '1 minute' and (hold_ends_at > now() or paid_in_time_at is not null)
      and (nudged_at is null or nudged_at < now() - interval '10 minutes')
    order by hold_ends_at, id limit $3`,
);
const RING_LOST = sql(
  'sweep_ring_lost',
  `with lost as (
     select id from reservations r where id = any ($1::text[]) and status = 'held'
        and (nudged_at is null or nudged_at < now() - interval '10 minutes')
        and not exists (select from outbox o where o.subject = r.id) for no key update skip locked)
   , requeued as (update reservations r set nudged_at = now() where r.id = any (array(select id from lost)) returning r.id)
   insert into outbox (kind, subject) select 'ring', id from requeued`,
);
const HOLDS_A_PAGE = 500;

/** Where a look at all open holds has come to. */
export interface HoldsPlace {
  at: string;
  id: string;
}

/**
 * Signals every open hold whose workflow Temporal does not know, page by page. A lost workflow is
 * started again; for a terminated one a settlement workflow takes over.
 * @param openOf which of these reservations have an open workflow
 * @param options.from where an earlier try had come to; `onPage` is told of each place
 * @returns how many
 */
export async function restartActors(
  db: Queryable,
  openOf: (ids: readonly string[]) => Promise<ReadonlySet<string>>,
  options: { from: HoldsPlace | null; onPage: (place: HoldsPlace) => void },
): Promise<number> {
  let place = options.from;
  let restarted = 0;
  for (;;) {
    const holds = await db.rows(OPEN_HOLDS, [place?.at ?? null, place?.id ?? null, HOLDS_A_PAGE]);
    if (holds.length === 0) return restarted;
    const ids = holds.map(({ id }) => id);
    const open = await openOf(ids);
    const lost = ids.filter((id) => !open.has(id));
    if (lost.length > 0) restarted += await db.run(RING_LOST, [lost]);
    place = holds.at(-1)!;
    options.onPage(place);
    if (holds.length < HOLDS_A_PAGE) return restarted;
  }
}
