import { endOverdueAllotment } from './allotments';
import {
  isRefused,
  isUnavailable,
  sql,
  type Database,
  type Queryable,
  type Statement,
} from './database';
import { OUTBOX_KINDS, type Requeue } from './outbox-kinds';
import { endOverdueChange } from './changes';
import { forgetOldScans } from './check-ins';
import { forgetEarlyEvents } from './early-events';
import { oweNotices } from './event-notices';
import { truncateFeed } from './feed';
import { WAITS_FOR_A_BUYER } from './mails';
import { forgetOldKeys } from './request-keys';
import { forgetMapChanges } from './seat-map';
import { endOverdueHold } from './settlement';
import {
  clearSweepFault,
  forgetSweepFaults,
  isNotPaused,
  noteSweepFault,
  type OnFault,
  type SweepStep,
} from './sweep-faults';
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
/** How the sweep does one kind of work, thing by thing. */
interface Step<Thing> {
  name: SweepStep;
  /** Takes due things, each for this sweep alone for a while, without those that failed lately. $3: how long. */
  take: Statement<Thing>;
  /** The same things, without taking them: some row may be one that cannot be written. */
  due: Statement<Thing>;
  /** Of both: how long a thing has to be overdue, in the step's own unit; and the maximum number. */
  values: readonly [number, number];
  idOf: (thing: Thing) => string;
  /** Does the work for one thing, in a transaction of its own. @returns false if there was nothing left to do */
  work: (tx: Queryable, thing: Thing) => Promise<boolean>;
}

/**
 * The texts of a step's statements. `take` locks nothing but rows of the table, and waits for none; so the lock order
 * does not matter. `due` locks none and skips none: the `take` that has just failed may still hold its locks, as
 * PostgreSQL tells of a failure before it lets go of them.
 * @param from.where what is due; $1: see `Step`
 */
function textsOf(
  name: SweepStep,
  from: {
    table: string;
    /** The column that says until when a sweep has it. */
    taken: string;
    order: string;
    where: string;
    subject?: string;
    returning?: string;
  },
): { take: string; due: string } {
  const { table, taken, order, where, subject = 'id', returning = 'id' } = from;
  const due = (columns: string) => `select ${columns} from ${table} k
            where ${where} and (${taken} is null or ${taken} <= now()) and ${isNotPaused(name, `k.${subject}`)}
            order by ${order} limit $2`;
  return {
    due: due(returning),
    take: `update ${table} set ${taken} = now() + $3 * interval '1 second'
        where id = any (array(${due('id')} for no key update skip locked)) returning ${returning}`,
  };
}

const OVERDUE = textsOf('expire', {
  table: 'reservations',
  taken: 'sweep_after',
  order: 'hold_ends_at, id',
  where: `status = 'held' and paid_in_time_at is null and hold_ends_at < now() - $1 * interval '1 second'`,
});
/** Ends holds whose time is over. */
const EXPIRE: Step<{ id: string }> = {
  name: 'expire',
  take: sql<{ id: string }>('sweep_take_expire', OVERDUE.take),
  due: sql<{ id: string }>('sweep_due_expire', OVERDUE.due),
  values: [GRACE_SECONDS, BATCH],
  idOf: ({ id }) => id,
  work: async (tx, { id }) => (await endOverdueHold(tx, id))?.ended ?? false,
};

const OVERDUE_CHANGES = textsOf('expire_change', {
  table: 'changes',
  taken: 'sweep_after',
  order: 'expires_at',
  where: `status = 'quoted' and paid_in_time_at is null and expires_at < now() - $1 * interval '1 second'`,
  subject: 'id::text',
});
/** Ends quotes of changes whose time is over. */
const EXPIRE_CHANGE: Step<{ id: string }> = {
  name: 'expire_change',
  take: sql<{ id: string }>('sweep_take_expire_change', OVERDUE_CHANGES.take),
  due: sql<{ id: string }>('sweep_due_expire_change', OVERDUE_CHANGES.due),
  values: [GRACE_SECONDS, BATCH],
  idOf: ({ id }) => id,
  work: (tx, { id }) => endOverdueChange(tx, id),
};

const CLOSE_INBOX = sql(
  'sweep_close_inbox',
  `update inbox set handled_at = clock_timestamp(), outcome = 'refund_unknown_reservation'
    where reference = $1 and reservation_id = $2 and handled_at is null`,
);

const UNKNOWN = textsOf('refund_unknown', {
  table: 'payments',
  taken: 'nudged_at',
  order: 'received_at',
  where: `role = 'kept' and received_at < now() - $1 * interval '1 minute'
              and not exists (select from reservations r where r.id = k.reservation_id)`,
  subject: 'reference',
  returning: 'reference, reservation_id as "reservationId"',
});
/** Refunds payments for reservations that never existed. */
const REFUND_UNKNOWN: Step<{ reference: string; reservationId: string }> = {
  name: 'refund_unknown',
  take: sql<{ reference: string; reservationId: string }>(
    'sweep_take_refund_unknown',
    UNKNOWN.take,
  ),
  due: sql<{ reference: string; reservationId: string }>('sweep_due_refund_unknown', UNKNOWN.due),
  values: [UNKNOWN_RESERVATION_MINUTES, BATCH],
  idOf: ({ reference }) => reference,
  async work(tx, payment) {
    // The inbox before the payment, as a settlement locks them. What is handled already is not ours.
    if ((await tx.run(CLOSE_INBOX, [payment.reference, payment.reservationId])) === 0) return false;
    await sendBack(tx, payment, 'unknown_reservation', 'system');
    return true;
  },
};

const ENDED_ALLOTMENTS = textsOf('end_allotment', {
  table: 'allotments',
  taken: 'sweep_after',
  order: 'until',
  where: `ended_at is null and until <= now() - $1 * interval '1 second'`,
  subject: 'id::text',
});
/** Notes the end of allotments; their seats were free from the moment of it. */
const END_ALLOTMENT: Step<{ id: string }> = {
  name: 'end_allotment',
  take: sql<{ id: string }>('sweep_take_end_allotment', ENDED_ALLOTMENTS.take),
  due: sql<{ id: string }>('sweep_due_end_allotment', ENDED_ALLOTMENTS.due),
  values: [0, BATCH],
  idOf: ({ id }) => id,
  work: (tx, { id }) => endOverdueAllotment(tx, id),
};

/** Counts of what this sweep committed: without what failed, or what another process had done meanwhile. */
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
  onFault: OnFault;
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
  /** Repeats batches, each of which says its size, until one is not full or the time is over. */
  async function repeat(most: number, batch: () => Promise<number>): Promise<void> {
    for (let size = most; size >= most && performance.now() < until;) {
      size = await batch();
      options.onBatch?.();
    }
  }
  /** A step that fails as a whole leaves the others to be done. */
  async function guarded(step: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isOfTheStep(error)) throw error;
      options.onFault({ step, subject: null, attempts: 1 }, error);
    }
  }
  const { onFault } = options;
  /** @returns how much was done, also by the batches before one that failed */
  async function inSteps<Thing>(step: Step<Thing>): Promise<number> {
    let done = 0;
    await guarded(step.name, () =>
      repeat(BATCH, async () => {
        const things = await orOneByOne(
          () => db.rows(step.take, [...step.values, TAKEN_SECONDS]),
          () => db.rows(step.due, step.values),
        );
        await eachOf(things, async (thing) => {
          const subject = step.idOf(thing);
          if (await doOne(db, { name: step.name, subject, onFault }, (tx) => step.work(tx, thing)))
            done += 1;
        });
        return things.length;
      }),
    );
    return done;
  }
  /** @returns how much was ordered again */
  async function requeue({ name, set, due, one }: Requeue): Promise<number> {
    let done = 0;
    const inOneSet = async () => {
      const ordered = await db.run(set, [BATCH]);
      done += ordered;
      return ordered;
    };
    const oneByOne = async () => {
      const things = await db.rows(due, [BATCH]);
      await eachOf(things, async ({ id: subject }) => {
        const order = async (tx: Queryable) => (await tx.run(one, [subject])) > 0;
        if (await doOne(db, { name, subject, onFault }, order)) done += 1;
      });
      return things.length;
    };
    await guarded(name, () => repeat(BATCH, () => orOneByOne(inOneSet, oneByOne)));
    return done;
  }

  const expired = await inSteps(EXPIRE);
  await inSteps(EXPIRE_CHANGE);
  const refunded = (options.refundUnknown ?? true) ? await inSteps(REFUND_UNKNOWN) : 0;
  await inSteps(END_ALLOTMENT);
  let rung = 0;
  for (const kind of Object.values(OUTBOX_KINDS)) {
    for (const work of kind.requeue) rung += await requeue(work);
  }
  await guarded('owe_notices', () => repeat(1, async () => Number(await oweNotices(db, onFault))));
  const { documentDays } = options;
  const forgetting: Record<string, (most: number) => Promise<number>> = {
    forget_faults: () => forgetSweepFaults(db),
    forget_keys: (most) => forgetOldKeys(db, most),
    forget_scans: (most) => forgetOldScans(db, most),
    forget_early_events: (most) => forgetEarlyEvents(db, most),
    ...(documentDays !== undefined && {
      forget_documents: (most) => forgetDocuments(db, documentDays, most),
    }),
    truncate_feed: (most) => truncateFeed(db, most),
    forget_deliveries: (most) => forgetOldDeliveries(db, most),
    forget_deleted_endpoints: (most) => forgetDeletedEndpoints(db, most),
  };
  for (const [step, forget] of Object.entries(forgetting))
    await guarded(step, () => repeat(BATCH, () => forget(BATCH)));
  await guarded('forget_map_changes', () =>
    repeat(MAP_CHANGES, () => forgetMapChanges(db, MAP_CHANGES)),
  );
  return { expired, rung, refunded };
}

/** SQLSTATE of a statement that took too long. */
const QUERY_CANCELED = '57014';

/** Whether a failure is about what was to be done; else the database is not there for anything. */
const isOfTheStep = (error: unknown): boolean =>
  isRefused(error) ||
  !isUnavailable(error) ||
  (error as { code?: unknown }).code === QUERY_CANCELED;

/** Does many things by one statement, or, if that fails, in a way that one of them cannot stop. */
async function orOneByOne<Result>(
  together: () => Promise<Result>,
  oneByOne: () => Promise<Result>,
): Promise<Result> {
  try {
    return await together();
  } catch (error) {
    if (!isOfTheStep(error)) throw error;
    return oneByOne();
  }
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

/** @returns whether it was done by this. @throws only what also prevents that the failure is recorded */
async function doOne(
  db: Database,
  { name, subject, onFault }: { name: SweepStep; subject: string; onFault: OnFault },
  work: (tx: Queryable) => Promise<boolean>,
): Promise<boolean> {
  try {
    return await db.transaction(async (tx) => {
      const isDone = await work(tx);
      await clearSweepFault(tx, name, subject);
      return isDone;
    });
  } catch (error) {
    const attempts = await noteSweepFault(db, name, subject, (error as Error).message);
    onFault({ step: name, subject, attempts }, error);
    return false;
  }
}

const OPEN_HOLDS = sql<{ id: string; at: string }>(
  'sweep_open_holds',
  // With the place of each, as text of all its digits.
  `select id, hold_ends_at::text as at from reservations
    where status = 'held' and (hold_ends_at, id) > (coalesce($1::timestamptz, '-infinity'), coalesce($2, ''))
      and created_at < now() - $4 * interval '1 second' and (hold_ends_at > now() or paid_in_time_at is not null)
      and (nudged_at is null or nudged_at <= now() - $5 * interval '1 second')
    order by hold_ends_at, id limit $3`,
);
const ringLost = (locking: string): string => `with lost as (
     select id from reservations r where id = any ($1::text[]) and status = 'held'
        and (nudged_at is null or nudged_at <= now() - $2 * interval '1 second')
        and not exists (select from outbox o where o.subject = r.id and o.kind in ('ring', 'start')) for no key update ${locking})
   , requeued as (update reservations r set nudged_at = now() where r.id = any (array(select id from lost)) returning r.id)
   insert into outbox (kind, subject) select 'ring', id from requeued`;
const RING_LOST = sql('sweep_ring_lost', ringLost('skip locked'));
/** Of one alone, which waits for its row: see `textsOf`. */
const RING_LOST_ONE = sql('sweep_ring_lost_one', ringLost(''));
const HOLDS_A_PAGE = 250;
/** A younger hold may not have got its actor yet; nor may Temporal's lists have it. */
const ACTOR_WITHIN_S = 60;
/** How long one that was signalled is left alone. */
const AGAIN_AFTER_S = 600;

/** Where a look at all open holds has come to. */
export interface HoldsPlace {
  at: string;
  id: string;
}

/** Leaves out those that cannot be signalled. @returns how many were */
async function ringEach(
  db: Queryable,
  ids: readonly string[],
  { againAfterS, onFault }: { againAfterS: number; onFault: OnFault },
): Promise<number> {
  let rung = 0;
  for (const id of ids) {
    try {
      rung += await db.run(RING_LOST_ONE, [[id], againAfterS]);
    } catch (error) {
      if (!isOfTheStep(error)) throw error;
      onFault({ step: 'ring_lost', subject: id, attempts: 1 }, error);
    }
  }
  return rung;
}

/**
 * Signals every open hold whose workflow Temporal does not know, page by page. A lost workflow is
 * started again; for a terminated one a settlement workflow takes over.
 * @param openOf which of these reservations have an open workflow
 * @param options.from where an earlier try had come to; `onPage` is told of each place, `onFault` of each that cannot be
 * signalled; `options.heldForS` leaves out younger holds, `options.againAfterS` those that were signalled later
 * @returns how many
 */
export async function restartActors(
  db: Queryable,
  openOf: (ids: readonly string[]) => Promise<ReadonlySet<string>>,
  options: {
    from: HoldsPlace | null;
    onPage: (place: HoldsPlace) => void;
    onFault: OnFault;
    heldForS?: number;
    againAfterS?: number;
  },
): Promise<number> {
  const { heldForS = ACTOR_WITHIN_S, againAfterS = AGAIN_AFTER_S, onFault } = options;
  let place = options.from;
  let restarted = 0;
  for (;;) {
    const holds = await db.rows(OPEN_HOLDS, [
      place?.at ?? null,
      place?.id ?? null,
      HOLDS_A_PAGE,
      heldForS,
      againAfterS,
    ]);
    if (holds.length === 0) return restarted;
    const ids = holds.map(({ id }) => id);
    const open = await openOf(ids);
    const lost = ids.filter((id) => !open.has(id));
    if (lost.length > 0)
      restarted += await orOneByOne(
        () => db.run(RING_LOST, [lost, againAfterS]),
        () => ringEach(db, lost, { againAfterS, onFault }),
      );
    place = holds.at(-1)!;
    options.onPage(place);
    if (holds.length < HOLDS_A_PAGE) return restarted;
  }
}

const WAITING_LONG = sql<{ id: string; waited_s: number }>(
  'sweep_waiting_long',
  // Chosen at random, so that those which wait for something else, a mail server for example, hide no other for long.
  `(select reservation_id as id, extract(epoch from now() - min(received_at))::float8 as waited_s from inbox
     where handled_at is null and received_at < now() - $1 * interval '1 second'
     group by reservation_id order by random() limit $2)
   union all
   (select id, extract(epoch from now() - confirmed_at)::float8 as waited_s from reservations r
     where status = 'confirmed' and delivered_at is null and confirmed_at < now() - $1 * interval '1 second'
       and not ${WAITS_FOR_A_BUYER}
     order by random() limit $2)`,
);
/** How long the tasks of a workflow have failed, and work has waited for it, before it is reset: no short outage. */
export const FAILING_S = 60;
const LOOKED_AT = 100;
/** Of one pass: a Temporal that answers late keeps nothing else from being done. */
const LOOKING_MS = 30_000;

/**
 * Looks at the workflows of reservations whose inbox or delivery has waited for long: it may be that their tasks fail,
 * each in the same way (ADR 0043). The longer one has waited, the longer its tasks have to have failed: a reset that
 * does not help comes less and less often.
 * @param beginAnew see `ActorDirectory`
 * @param waitsS how long it has to have waited, in seconds
 * @returns how many began anew
 */
export async function resetStuckActors(
  db: Queryable,
  beginAnew: (id: string, failingForS: number) => Promise<boolean>,
  onFault: OnFault,
  waitsS = FAILING_S,
): Promise<number> {
  const until = performance.now() + LOOKING_MS;
  const failed = (subject: string | null, error: unknown) =>
    onFault({ step: 'reset_stuck', subject, attempts: 1 }, error);
  const waiting = await db.rows(WAITING_LONG, [waitsS, LOOKED_AT]).catch((error: unknown) => {
    if (!isOfTheStep(error)) throw error;
    failed(null, error);
    return [];
  });
  let reset = 0;
  for (const { id, waited_s: waited } of waiting) {
    if (performance.now() > until) break;
    try {
      if (await beginAnew(id, Math.max(waitsS, waited / 12))) reset++;
    } catch (error) {
      failed(id, error);
    }
  }
  return reset;
}
