import { changedMessageId } from '../domain/message-id';
import { sql, type Database, type Queryable } from './database';
import { REPLACED } from './mails';
import type { OnFault } from './sweep-faults';

/** Reservations of one batch; and mails that may wait for a worker, so that no payment waits behind them. */
const BATCH = 200;
const MOST_WAITING = 400;

interface Notice {
  id: number;
  event_id: string;
  created: string;
}

const TAKE = sql<Notice>(
  'notice_take',
  `select id, event_id, created_at::text as created from event_notices where done_at is null
      and (select count(*) from (select from outbox where kind = 'mail' and given_up_at is null limit $1) waiting) < $1
    order by id limit 1 for update skip locked`,
);
const PAGE = sql<{ id: string; at: string; owed: boolean }>(
  'notice_page',
  // An order of several events is found by its list; most reservations are of one event.
  `select r.id, r.created_at::text as at,
          r.status = 'confirmed' and r.confirmed_at <= n.created_at and r.cancel_requested_at is null and r.buyer_email is not null as owed
     from event_notices n, lateral (
       (select * from reservations where event_id = n.event_id and (created_at, id) > (n.after_at, n.after_id) and created_at <= n.created_at
         order by created_at, id limit $2)
       union all
       (select * from reservations where event_ids @> array[n.event_id] and event_id <> n.event_id
           and (created_at, id) > (n.after_at, n.after_id) and created_at <= n.created_at
         order by created_at, id limit $2)) r
    where n.id = $1 order by r.created_at, r.id limit $2`,
);
const REPLACE = sql(
  'notice_replace',
  `update mails set refused = ${REPLACED} where reservation_id = any ($1::text[]) and sent_at is null and refused is null
      and notice_id in (select id from event_notices where event_id = $2 and id < $3)`,
);
const OWE = sql(
  'notice_owe',
  `with owed as (
     insert into mails (reservation_id, kind, notice_id, sequence, message_id)
     select id, 'event_changed', $1, $1, message_id from unnest($2::text[], $3::text[]) m (id, message_id)
     on conflict do nothing returning id)
   insert into outbox (kind, subject) select 'mail', id::text from owed`,
);
const ADVANCE = sql(
  'notice_advance',
  'update event_notices set after_at = $2, after_id = $3 where id = $1',
);
const FINISH = sql(
  'notice_finish',
  'update event_notices set done_at = clock_timestamp() where id = $1',
);

/** Has a mail of the notice ordered for each of these reservations. */
async function oweOf(tx: Queryable, notice: Notice, owed: readonly string[]): Promise<void> {
  const { id, event_id: eventId, created: createdAt } = notice;
  await tx.run(REPLACE, [owed, eventId, id]);
  await tx.run(OWE, [id, owed, owed.map((one) => changedMessageId(one, { id, createdAt }))]);
}

const SAVEPOINT = sql('notice_savepoint', 'savepoint one');
const BACK = sql('notice_back', 'rollback to savepoint one');

/** The same, one by one: one that fails is left out. */
async function oweEach(
  tx: Queryable,
  notice: Notice,
  owed: readonly string[],
  onFault: OnFault,
): Promise<void> {
  for (const subject of owed) {
    await tx.run(SAVEPOINT);
    try {
      await oweOf(tx, notice, [subject]);
    } catch (error) {
      await tx.run(BACK);
      onFault({ step: 'owe_notices', subject, attempts: 1 }, error);
    }
  }
}

/**
 * Orders mails for the ticket holders of the oldest notice, a batch of them, each once. Safe to run
 * anywhere and any number of times; while many mails wait already it orders none.
 * @param onFault told of a reservation for which none can be ordered: it is left out
 * @returns whether there may be more to order at once
 */
export async function oweNotices(db: Database, onFault: OnFault): Promise<boolean> {
  return db.transaction(async (tx) => {
    const [notice] = await tx.rows(TAKE, [MOST_WAITING]);
    if (!notice) return false;
    const { id } = notice;
    const page = await tx.rows(PAGE, [id, BATCH]);
    const owed = page.filter((one) => one.owed).map((one) => one.id);
    if (owed.length > 0) {
      await tx.run(SAVEPOINT);
      try {
        await oweOf(tx, notice, owed);
      } catch {
        await tx.run(BACK);
        await oweEach(tx, notice, owed, onFault);
      }
    }
    const last = page.at(-1);
    if (last) await tx.run(ADVANCE, [id, last.at, last.id]);
    if (page.length < BATCH) await tx.run(FINISH, [id]);
    return true;
  });
}
