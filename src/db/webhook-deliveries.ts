import type { WebhookState } from '../contracts/reservation';
import type { HistoryType } from '../domain/history-types';
import { sql, type Queryable } from './database';
import { asked, createList } from './list';

/** How long a delivery that has ended is kept, in days. */
const KEPT_DAYS = 30;
/** Entries of the feed that an endpoint looks at in one step. */
const LOOK_AT_ONCE = 1000;
/** Deliveries of one endpoint that may wait; then it takes no more until some have ended. */
const MAX_WAITING = 10_000;
/** The activity that sends says within this that it still does. */
const TURN_SECONDS = 30;

/** Who sends to which endpoint. */
export interface Turn {
  endpointId: string;
  /** A UUID of the activity's own. */
  runner: string;
}

const CLAIM = sql<{ claimed: boolean }>(
  'webhook_claim',
  'select claim_webhook_endpoint($1, $2, $3) as claimed',
);
const TARGET = sql<WebhookTarget>(
  'webhook_target',
  `select url, array(
       select sealed from webhook_secrets s
        where s.endpoint_id = e.id and (ends_at is null or ends_at > clock_timestamp()) order by s.id desc) as sealed
     from webhook_endpoints e where id = $1 and status = 'enabled'`,
);

/** Where to send, and the encrypted secrets that sign, the current one first. */
export interface WebhookTarget {
  url: string;
  sealed: Buffer[];
}

/** Takes the turn to send to an endpoint, or keeps it. @returns false when another has it, or nothing is to be sent there */
export async function takeTurn(db: Queryable, turn: Turn): Promise<boolean> {
  const [row] = await db.rows(CLAIM, [turn.endpointId, turn.runner, TURN_SECONDS]);
  return row!.claimed;
}

/** Where an endpoint wants its deliveries now. @returns null when nothing is to be sent there any more */
export async function readTarget(db: Queryable, endpointId: string): Promise<WebhookTarget | null> {
  const [target] = await db.rows(TARGET, [endpointId]);
  return target ?? null;
}

const TAKE = sql<{ more: boolean }>(
  'webhook_take',
  'select take_webhook_entries($1, $2, $3, $4) as more',
);

/** Makes deliveries of what the feed has new for an endpoint. @returns whether there is more */
export async function takeEntries(db: Queryable, turn: Turn): Promise<boolean> {
  const [row] = await db.rows(TAKE, [turn.endpointId, turn.runner, LOOK_AT_ONCE, MAX_WAITING]);
  return row!.more;
}

/** A delivery, with what it tells of. */
export interface DueDelivery {
  sequence: number;
  mark: number;
  attempts: number;
  type: HistoryType;
  /** RFC 3339; when it happened. */
  at: string;
  /** Of what it tells: one of both. */
  reservation: string | null;
  /** The event's id. */
  event: string | null;
}

const DUE = sql<DueDelivery>(
  'webhook_due',
  `select d.sequence, d.mark, d.attempts, history_type(h.type) as type, rfc3339(h.at) as at, h.reservation_id as reservation,
          h.event_id as event
     from (select * from webhook_deliveries
            where endpoint_id = $1 and status = 'pending' and next_attempt_at <= clock_timestamp() and sequence <> all ($2::bigint[])
              and (attempts = 0 or $4)
            order by next_attempt_at, sequence limit $3) d
     join history h on h.id = d.history_id order by d.next_attempt_at, d.sequence`,
);

/**
 * Deliveries that are due at an endpoint, one of each subject.
 * @param flying numbers of deliveries that are being sent
 * @param retries whether deliveries that failed before are included
 */
export async function findDueDeliveries(
  db: Queryable,
  endpointId: string,
  flying: readonly number[],
  { most, retries }: { most: number; retries: boolean },
): Promise<DueDelivery[]> {
  return db.rows(DUE, [endpointId, flying, most, retries]);
}

const RECORD = sql<{ recorded: boolean }>(
  'webhook_record',
  'select record_webhook_attempt($1, $2, $3, $4, $5, $6, $7) as recorded',
);

/** As the schema allows. */
const MAX_ERROR = 200;

/** Records an attempt: see `record_webhook_attempt` in the migrations. @param waitMs until the next one */
export async function recordAttempt(
  db: Queryable,
  turn: Turn,
  sequence: number,
  attempt: {
    outcome: 'delivered' | 'failed' | 'gone';
    status: number | null;
    error: string | null;
  },
  waitMs: number,
): Promise<void> {
  const { outcome, status, error } = attempt;
  await db.rows(RECORD, [
    turn.endpointId,
    turn.runner,
    sequence,
    outcome,
    status,
    error?.slice(0, MAX_ERROR) ?? null,
    Math.round(waitMs),
  ]);
}

const REST = sql<{ ms: number | null }>(
  'webhook_rest',
  'select rest_webhook_endpoint($1, $2, $3) as ms',
);

/**
 * Ends a turn, if there is nothing to do now.
 * @returns milliseconds until there is, `never`, or null: there is something to do
 */
export async function rest(db: Queryable, turn: Turn): Promise<number | 'never' | null> {
  const [row] = await db.rows(REST, [turn.endpointId, turn.runner, MAX_WAITING]);
  const { ms } = row!;
  return ms === null ? null : ms < 0 ? 'never' : ms;
}

const LEAVE = sql(
  'webhook_leave',
  'update webhook_endpoints set runner = null, runner_until = null where id = $1 and runner = $2',
);

/** Ends a turn in which there is more to do, so that another can go on at once. */
export async function leaveTurn(db: Queryable, turn: Turn): Promise<void> {
  await db.run(LEAVE, [turn.endpointId, turn.runner]);
}

const STATE = sql<{ state: Omit<WebhookState, 'host' | 'waitMs'> & { url: string } }>(
  'webhook_state',
  `select jsonb_build_object('endpoint', e.id, 'status', e.status, 'client', e.client, 'url', e.url, 'position', e.position,
     'waiting', (select count(*) from webhook_deliveries d where d.endpoint_id = e.id and d.status = 'pending'),
     'failing', (select count(*) from webhook_deliveries d where d.endpoint_id = e.id and d.status = 'pending' and d.next_attempt_at is not null and d.attempts > 0),
     'lastSuccessAt', rfc3339(e.last_success_at), 'failingSince', rfc3339(e.failing_since),
     'lastError', (select d.error from webhook_deliveries d
                    where d.endpoint_id = e.id and d.status = 'pending' and d.next_attempt_at is not null and d.attempts > 0
                    order by d.last_attempt_at desc limit 1)) as state
     from webhook_endpoints e where e.id = $1`,
);

/** Where the deliveries to an endpoint stand; null if there is none. */
export async function readWebhookState(
  db: Queryable,
  endpointId: string,
): Promise<(Omit<WebhookState, 'host' | 'waitMs'> & { url: string }) | null> {
  const [row] = await db.rows(STATE, [endpointId]);
  return row?.state ?? null;
}

export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

export interface DeliveryRecord {
  sequence: number;
  mark: number;
  type: HistoryType;
  reservation: string | null;
  /** The slug. */
  event: string | null;
  status: DeliveryStatus;
  attempts: number;
  responseStatus: number | null;
  error: string | null;
  createdAt: string;
  lastAttemptAt: string | null;
  nextAttemptAt: string | null;
  finishedAt: string | null;
}

const DELIVERY = `jsonb_build_object('sequence', d.sequence, 'mark', d.mark, 'type', history_type(h.type), 'reservation', h.reservation_id,
    'event', v.slug, 'status', d.status, 'attempts', d.attempts, 'responseStatus', d.response_status, 'error', d.error,
    'createdAt', rfc3339(d.created_at), 'lastAttemptAt', rfc3339(d.last_attempt_at), 'nextAttemptAt', rfc3339(d.next_attempt_at),
    'finishedAt', rfc3339(d.finished_at))`;

const readPage = createList<{ delivery: DeliveryRecord }>(
  [
    { of: (endpoint) => `d.endpoint_id = ${endpoint}` },
    { status: (status) => `d.status = ${status}` },
    { before: (sequence) => `d.sequence < ${sequence}` },
  ],
  (combination, text) =>
    sql<{ delivery: DeliveryRecord }>(`webhook_deliveries_page_${combination}`, text),
  ({ where, limit }) => `select ${DELIVERY} as delivery
     from (select * from webhook_deliveries d ${where} order by d.sequence desc limit ${limit}) d
     join history h on h.id = d.history_id left join events v on v.id = h.event_id order by d.sequence desc`,
);

/** One page of an endpoint's deliveries, the latest entry first. @param before the number of the last one shown */
export async function listDeliveries(
  db: Queryable,
  endpointId: string,
  status: DeliveryStatus | undefined,
  before: number | undefined,
  limit: number,
): Promise<DeliveryRecord[]> {
  const filters = [asked('of', endpointId), asked('status', status), asked('before', before)];
  return (await readPage(db, filters, limit)).map(({ delivery }) => delivery);
}

const FORGET = sql(
  'webhook_deliveries_forget',
  `delete from webhook_deliveries where (endpoint_id, sequence) in (
     select endpoint_id, sequence from webhook_deliveries
      where status <> 'pending' and finished_at < now() - $1 * interval '1 day' order by finished_at limit $2
        for update skip locked)`,
);

/** Forgets deliveries that ended over 30 days ago. @param most how many at once. @returns how many */
export async function forgetOldDeliveries(db: Queryable, most: number): Promise<number> {
  return db.run(FORGET, [KEPT_DAYS, most]);
}

const IS_GONE = `e.status = 'deleted' and e.updated_at < now() - interval '1 day'
      and not exists (select from outbox o where o.subject = e.id::text)`;
const FORGET_OF_DELETED = sql(
  'webhook_deliveries_forget_of_deleted',
  `delete from webhook_deliveries where (endpoint_id, sequence) in (
     select d.endpoint_id, d.sequence from webhook_endpoints e join webhook_deliveries d on d.endpoint_id = e.id
      where ${IS_GONE} limit $1)`,
);
const FORGET_DELETED = sql(
  'webhook_endpoints_forget',
  `delete from webhook_endpoints e where ${IS_GONE} and not exists (select from webhook_deliveries d where d.endpoint_id = e.id)`,
);

/** Forgets endpoints that were deleted a day ago. @param most deliveries at once. @returns how many deliveries */
export async function forgetDeletedEndpoints(db: Queryable, most: number): Promise<number> {
  const forgotten = await db.run(FORGET_OF_DELETED, [most]);
  if (forgotten < most) await db.run(FORGET_DELETED);
  return forgotten;
}
