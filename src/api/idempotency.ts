import type { Context } from 'koa';
import { z } from 'zod';
import type { Caller } from '../db/keys';
import type { Queryable } from '../db/database';
import { isKeyKnown, type KeyedRequest } from '../db/request-keys';
import { fingerprintOf, IDEMPOTENCY_KEY, parseIdempotencyKey } from '../domain/idempotency-key';
import { Problem, type ProblemCode } from './problem';

/** The pattern of a key without its anchors. */
export const KEY_FORM = IDEMPOTENCY_KEY.source.slice(1, -1);

/** The header parameter of a call under a key, bare or quoted. */
export const keyParameter = (description: string, example: string) =>
  z
    .string()
    .regex(new RegExp(`^(?:${KEY_FORM}|"${KEY_FORM}")$`))
    .meta({ description, examples: [example] });

export const replayedHeader = z
  .boolean()
  .meta({ description: '`true` when the key was known, else absent', examples: [true] });

export const keyReused = () =>
  new Problem(
    'idempotency_key_reused',
    'This Idempotency-Key was used for another request: make a new key for a new one.',
  );

const invalidKey = () =>
  new Problem(
    'idempotency_key_invalid',
    'An Idempotency-Key is 8 to 128 characters of A-Z a-z 0-9 _ . - (a UUID is best).',
  );

/** What a call that needs a key can be refused for. */
export const KEY_PROBLEMS = [
  'idempotency_key_missing',
  'idempotency_key_invalid',
  'idempotency_key_reused',
] as const satisfies readonly ProblemCode[];

/** The request's key, or null without one. @throws Problem `idempotency_key_invalid` */
function keyOf(ctx: Context): string | null {
  const parsed = parseIdempotencyKey(ctx.get('idempotency-key'));
  if (parsed.kind === 'key') return parsed.key;
  if (parsed.kind === 'missing') return null;
  throw invalidKey();
}

/**
 * The request's key where it is optional, or null without the header. An empty header is no absent
 * one: the client meant to send a key.
 * @throws Problem `idempotency_key_invalid`
 */
export function optionalKey(ctx: Context): string | null {
  const key = keyOf(ctx);
  if (key === null && ctx.req.headers['idempotency-key'] !== undefined) throw invalidKey();
  return key;
}

/** The request's key. @throws Problem `idempotency_key_missing`, `idempotency_key_invalid` */
export function requiredKey(ctx: Context): string {
  const key = keyOf(ctx);
  if (key !== null) return key;
  throw new Problem(
    'idempotency_key_missing',
    'Send an Idempotency-Key header, a new UUID for each new thing that you ask for.',
  );
}

/** The call that a key is for. */
interface KeyedCall {
  caller: Caller;
  /** The route's operation id. */
  call: string;
  /** The id of what the call is made on; '' for none. */
  resource: string;
}

/** The call as `oncePerKey` takes it; null without a key. */
export function keyedRequest(
  key: string | null,
  { caller, call, resource }: KeyedCall,
  rawBody: unknown,
): KeyedRequest | null {
  if (key === null) return null;
  const fingerprint = fingerprintOf(key, rawBody ?? {});
  return { client: caller.client, call, resource, key, fingerprint };
}

/** Refuses a body that does not validate, if its key is known: it is another body. @throws Problem */
export async function refuseKnownKey(
  db: Queryable,
  key: string | null,
  { caller, call, resource }: KeyedCall,
): Promise<void> {
  // Text with this character is stored nowhere.
  if (resource.includes('\0')) return;
  if (key !== null && (await isKeyKnown(db, { client: caller.client, call, resource, key })))
    throw keyReused();
}
