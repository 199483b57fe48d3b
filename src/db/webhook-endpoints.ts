import type { HistoryType } from '../domain/history-types';
import { sql, type Database, type Queryable } from './database';
import { findPlace, type FeedPlace } from './feed';
import { asked, askedAfter, createList } from './list';
import { oncePerKey, type KeyedRequest, type KnownKey } from './request-keys';

export interface WebhookEndpoint {
  id: string;
  client: string;
  url: string;
  /** null: all. */
  types: HistoryType[] | null;
  status: 'enabled' | 'disabled';
  disabledReason: 'gone' | 'no_success' | null;
  disabledAt: string | null;
  lastSuccessAt: string | null;
  failingSince: string | null;
  createdAt: string;
  updatedAt: string;
}

/** Who may have which endpoints: a client its own, an operator (null) all. */
export type EndpointOwner = string | null;

const DOCUMENT = `jsonb_build_object('id', e.id, 'client', e.client, 'url', e.url, 'types', e.types, 'status', e.status,
    'disabledReason', e.disabled_reason, 'disabledAt', rfc3339(e.disabled_at), 'lastSuccessAt', rfc3339(e.last_success_at),
    'failingSince', rfc3339(e.failing_since), 'createdAt', rfc3339(e.created_at), 'updatedAt', rfc3339(e.updated_at))`;
/** $2: the owner. An operator's endpoints are operators' alone. */
const IS_OWN = `($2::text is null or (e.client = $2 and not e.sees_all))`;

const FIND = sql<{ endpoint: WebhookEndpoint }>(
  'webhook_find',
  `select ${DOCUMENT} as endpoint from webhook_endpoints e where e.id = $1 and e.status <> 'deleted' and ${IS_OWN}`,
);

/** An endpoint, if there is one that this owner may have. */
export async function findEndpoint(
  db: Queryable,
  id: string,
  owner: EndpointOwner,
): Promise<WebhookEndpoint | null> {
  const [row] = await db.rows(FIND, [id, owner]);
  return row?.endpoint ?? null;
}

const readPage = createList<{ endpoint: WebhookEndpoint; at: string }>(
  [
    { client: (client) => `e.client = ${client} and not e.sees_all` },
    { after: (at, id) => `(e.created_at, e.id) < (${at}::timestamptz, ${id}::uuid)` },
  ],
  (combination, text) =>
    sql<{ endpoint: WebhookEndpoint; at: string }>(`webhooks_page_${combination}`, text),
  ({
    where,
    limit,
  }) => `select ${DOCUMENT} as endpoint, rfc3339_us(e.created_at) as at from webhook_endpoints e
    ${where === '' ? 'where' : `${where} and`} e.status <> 'deleted' order by e.created_at desc, e.id desc limit ${limit}`,
);

/** One page of endpoints, newest first. */
export async function listEndpoints(
  db: Queryable,
  owner: EndpointOwner,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ endpoint: WebhookEndpoint; at: string }[]> {
  return readPage(db, [asked('client', owner), askedAfter(after)], limit);
}

const LOCK_CLIENT = sql('webhook_lock_client', `select pg_advisory_xact_lock(2, hashtext($1))`);
const COUNT = sql<{ count: number }>(
  'webhook_count',
  `select count(*) as count from webhook_endpoints where client = $1 and status <> 'deleted'`,
);
const INSERT = sql<{ id: string }>(
  'webhook_insert',
  `insert into webhook_endpoints (id, client, sees_all, url, types, position, asleep)
   select $1, $2, $3, $4, $5, h.sequence, false from feed_head h returning id`,
);
const ADD_SECRET = sql(
  'webhook_add_secret',
  'insert into webhook_secrets (endpoint_id, sealed) values ($1, $2)',
);
const WAKE = sql('webhook_wake', `insert into outbox (kind, subject) values ('webhooks', $1)`);

const MAX_OF_A_CLIENT = 20;

/** Makes an endpoint that is told what happens from now on. */
export async function createEndpoint(
  db: Database,
  endpoint: {
    id: string;
    client: string;
    seesAll: boolean;
    url: string;
    types: readonly HistoryType[] | null;
    /** Its secret, encrypted. */
    sealed: Buffer;
  },
  request: KeyedRequest | null,
): Promise<{ kind: 'made' } | { kind: 'too_many'; limit: number } | KnownKey> {
  const { id, client, seesAll, url, types, sealed } = endpoint;
  return db.transaction((tx) =>
    oncePerKey(
      tx,
      request,
      async () => {
        await tx.run(LOCK_CLIENT, [client]);
        const [row] = await tx.rows(COUNT, [client]);
        if (row!.count >= MAX_OF_A_CLIENT)
          return { kind: 'too_many' as const, limit: MAX_OF_A_CLIENT };
        await tx.run(INSERT, [id, client, seesAll, url, types]);
        await tx.run(ADD_SECRET, [id, sealed]);
        await tx.run(WAKE, [id]);
        return { kind: 'made' as const };
      },
      (result) => (result.kind === 'made' ? id : null),
    ),
  );
}

const UPDATE = sql(
  'webhook_update',
  `update webhook_endpoints set url = $2, types = $3, updated_at = clock_timestamp(), asleep = false
    where id = $1 and status <> 'deleted'`,
);
const DUE_NOW = sql(
  'webhook_due_now',
  `update webhook_deliveries set next_attempt_at = clock_timestamp()
    where endpoint_id = $1 and status = 'pending' and next_attempt_at is not null`,
);

/** Changes where an endpoint is and what it is told. What waits goes to its new URL, now. */
export async function updateEndpoint(
  db: Database,
  id: string,
  { url, types }: { url: string; types: readonly HistoryType[] | null },
): Promise<void> {
  await db.transaction(async (tx) => {
    if ((await tx.run(UPDATE, [id, url, types])) === 0) return;
    await tx.run(DUE_NOW, [id]);
    await tx.run(WAKE, [id]);
  });
}

const DELETE = sql(
  'webhook_delete',
  `update webhook_endpoints set status = 'deleted', updated_at = clock_timestamp() where id = $1 and status <> 'deleted'`,
);
const DELETE_SECRETS = sql(
  'webhook_delete_secrets',
  'delete from webhook_secrets where endpoint_id = $1',
);

/** Deletes an endpoint and its secrets; nothing more is sent to it. */
export async function deleteEndpoint(db: Database, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    if ((await tx.run(DELETE, [id])) === 0) return;
    await tx.run(DELETE_SECRETS, [id]);
    await tx.run(WAKE, [id]);
  });
}

const LOCK = sql<{ status: string }>(
  'webhook_lock',
  `select status from webhook_endpoints where id = $1 and status <> 'deleted' for update`,
);
const END_SECRETS = sql(
  'webhook_end_secrets',
  `update webhook_secrets set ends_at = clock_timestamp() + interval '1 day' where endpoint_id = $1 and ends_at is null`,
);
const DROP_SECRETS = sql(
  'webhook_drop_secrets',
  // The signatures of a message are few: of many rotations in a day the last ones count.
  `delete from webhook_secrets where endpoint_id = $1 and (ends_at < clock_timestamp() or id not in (
     select id from webhook_secrets where endpoint_id = $1 order by id desc limit 4))`,
);

/** Gives an endpoint a new secret. The one before signs too, for a day. */
export async function rotateSecret(
  db: Database,
  id: string,
  sealed: Buffer,
  request: KeyedRequest | null,
): Promise<{ kind: 'made' | 'unknown' } | KnownKey> {
  return db.transaction((tx) =>
    oncePerKey(
      tx,
      request,
      async () => {
        if ((await tx.rows(LOCK, [id])).length === 0) return { kind: 'unknown' as const };
        await tx.run(END_SECRETS, [id]);
        await tx.run(ADD_SECRET, [id, sealed]);
        await tx.run(DROP_SECRETS, [id]);
        return { kind: 'made' as const };
      },
      (result) => (result.kind === 'made' ? id : null),
    ),
  );
}

const FORGET_AFTER = sql(
  'webhook_forget_after',
  // What has ended waits again when its entry is taken (`take_webhook_entries`): there may be a month of it, and this
  // endpoint is locked, for which the writer of the feed may wait.
  `delete from webhook_deliveries where endpoint_id = $1 and sequence > $2 and status = 'pending'`,
);
const MOVE_BACK = sql(
  'webhook_move_back',
  `update webhook_endpoints set position = least(position, $2), updated_at = clock_timestamp(),
          asleep = asleep and status <> 'enabled' where id = $1`,
);
const WAKE_ENABLED = sql(
  'webhook_wake_enabled',
  `insert into outbox (kind, subject) select 'webhooks', id::text from webhook_endpoints where id = $1 and status = 'enabled'`,
);

/** Has what an endpoint was told behind a place sent again, with the same ids. */
export async function replayEndpoint(
  db: Database,
  id: string,
  after: FeedPlace,
): Promise<'replayed' | 'unknown' | 'truncated' | 'reset'> {
  return db.transaction(async (tx) => {
    if ((await tx.rows(LOCK, [id])).length === 0) return 'unknown';
    const standing = await findPlace(tx, after);
    if (standing !== 'page') return standing;
    await tx.run(FORGET_AFTER, [id, after.sequence]);
    await tx.run(MOVE_BACK, [id, after.sequence]);
    await tx.run(WAKE_ENABLED, [id]);
    return 'replayed';
  });
}

/** An endpoint that was disabled for long goes on with what is not older than that. */
const GO_BACK_DAYS = 30;
const GO_BACK_TO = sql<{ place: number }>(
  'webhook_go_back_to',
  `select feed_place_at(clock_timestamp() - $1 * interval '1 day') as place`,
);
const FORGET_OLD = sql(
  'webhook_forget_old',
  `delete from webhook_deliveries where endpoint_id = $1 and status = 'pending' and sequence <= $2`,
);
const ENABLE = sql(
  'webhook_enable',
  `update webhook_endpoints set status = 'enabled', disabled_reason = null, disabled_at = null, failing_since = null,
          position = greatest(position, $2), updated_at = clock_timestamp(), asleep = false where id = $1`,
);
const FIRST_DUE = sql(
  'webhook_first_due',
  // What waits is tried for its full time again, the first of each subject now.
  `update webhook_deliveries d set first_attempt_at = null, attempts = 0,
          next_attempt_at = case when not exists (
            select from webhook_deliveries w where w.endpoint_id = $1 and w.subject = d.subject and w.status = 'pending' and w.sequence < d.sequence)
            then clock_timestamp() end
    where d.endpoint_id = $1 and d.status = 'pending'`,
);

/** Enables an endpoint, if it was disabled: it goes on where it stopped, at most 30 days back. */
export async function enableEndpoint(db: Database, id: string): Promise<'enabled' | 'unknown'> {
  return db.transaction(async (tx) => {
    const [endpoint] = await tx.rows(LOCK, [id]);
    if (!endpoint) return 'unknown';
    if (endpoint.status === 'enabled') return 'enabled';
    const [back] = await tx.rows(GO_BACK_TO, [GO_BACK_DAYS]);
    await tx.run(FORGET_OLD, [id, back!.place]);
    await tx.run(ENABLE, [id, back!.place]);
    await tx.run(FIRST_DUE, [id]);
    await tx.run(WAKE, [id]);
    return 'enabled';
  });
}

const ANY = sql<{ exist: boolean }>(
  'webhooks_exist',
  `select exists (select from webhook_endpoints where status <> 'deleted') as exist`,
);

/** Whether this system has endpoints, whose secrets somebody must be able to read. */
export async function haveEndpoints(db: Queryable): Promise<boolean> {
  const [row] = await db.rows(ANY);
  return row!.exist;
}
