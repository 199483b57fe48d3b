import { sql, type Queryable } from './database';

/** A call under an Idempotency-Key. Its space is the call under its resource and client. */
export interface KeyedRequest {
  client: string;
  /** The operation's id, as `resendTickets`. */
  call: string;
  /** The id of what the call is made on; '' for none. */
  resource: string;
  /** As `parseIdempotencyKey` gives it. */
  key: string;
  /** Of the key and the body: `fingerprintOf`. */
  fingerprint: Buffer;
}

/** `replayed`: the same call was made before and made what has the id `answer`; `reused`: it had another body. */
export type KnownKey = { kind: 'replayed'; answer: string } | { kind: 'reused' };

const OPEN = sql<{ result: KnownKey | { kind: 'first' } }>(
  'request_key_open',
  'select open_request_key($1, $2, $3, $4, $5) as result',
);
const CLOSE = sql('request_key_close', 'select close_request_key($1, $2, $3, $4, $5, $6)');

/**
 * Does what a call asks for once for its key, in the caller's transaction; a repetition gets the id of what was made.
 * Call it before any other lock is taken: requests with one key wait for each other.
 * @param request null for a call without a key, which is simply done
 * @param make does it
 * @param answerOf the id of what was made; null when `make` refused, which does not use the key up
 */
export async function oncePerKey<Result>(
  tx: Queryable,
  request: KeyedRequest | null,
  make: () => Promise<Result>,
  answerOf: (result: Result) => string | null,
): Promise<Result | KnownKey> {
  if (!request) return make();
  const values = [request.client, request.call, request.resource, request.key, request.fingerprint];
  const [known] = await tx.rows(OPEN, values);
  if (known!.result.kind !== 'first') return known!.result;
  const result = await make();
  const answer = answerOf(result);
  if (answer !== null) await tx.run(CLOSE, [...values, answer]);
  return result;
}

const ANSWER = sql<{ answer: string; same: boolean }>(
  'request_key_answer',
  `select answer, fingerprint = $5 as same from request_keys
    where client = $1 and call = $2 and resource = $3 and key = $4`,
);

/** What is known of a call that was made before, without waiting; null: nothing yet. */
export async function findAnswer(db: Queryable, request: KeyedRequest): Promise<KnownKey | null> {
  const { client, call, resource, key, fingerprint } = request;
  const [known] = await db.rows(ANSWER, [client, call, resource, key, fingerprint]);
  if (!known) return null;
  return known.same ? { kind: 'replayed', answer: known.answer } : { kind: 'reused' };
}

const KNOWN = sql<{ known: boolean }>(
  'request_key_known',
  `select exists (select from request_keys
    where client = $1 and call = $2 and resource = $3 and key = $4) as known`,
);

/** Whether a key was used for this call: for a body that does not validate, which is another body. */
export async function isKeyKnown(
  db: Queryable,
  { client, call, resource, key }: Omit<KeyedRequest, 'fingerprint'>,
): Promise<boolean> {
  const [row] = await db.rows(KNOWN, [client, call, resource, key]);
  return row!.known;
}

/** As long as the feed is kept at least: who asks again later than that asks anew. */
const KEPT_DAYS = 90;

const FORGET = sql(
  'request_keys_forget',
  `delete from request_keys where (client, call, resource, key) in (
     select client, call, resource, key from request_keys
      where created_at < now() - $1 * interval '1 day' order by created_at limit $2
        for update skip locked)`,
);

/** Forgets keys that are older than 90 days. @param most how many at once. @returns how many */
export async function forgetOldKeys(db: Queryable, most: number): Promise<number> {
  return db.run(FORGET, [KEPT_DAYS, most]);
}
