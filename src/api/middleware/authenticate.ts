import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import { isUnavailable, type Database } from '../../db/database';
import { findCallerById, findCallers, hashKey, type Caller } from '../../db/keys';
import { networkOfRequest } from '../addresses';
import type { ApiCaller } from '../caller';
import { Problem } from '../problem';
import type { Access } from '../route';
import { pageOf, requireSameOrigin, type SessionPage, type Sessions } from '../sessions';
import type { RateLimits } from './rate-limit';

const CACHE_MS = 5000;
const CACHE_ENTRIES = 10_000;
const CHALLENGE = { 'www-authenticate': 'Bearer realm="holdfast"' };
/** Who calls a public route without a key. */
export const NOBODY: ApiCaller = {
  ...{ keyId: 0, client: '', role: 'client', eventId: null, longHolds: false },
  address: '',
  limitedAs: '',
  reservationToken: null,
};

export interface Authenticator {
  /**
   * The caller behind the request's key.
   * @param options.withoutDatabase a key that was valid when the database last answered will do
   * @param options.knowsKeys on a public route: whether a key that is sent is looked at
   * @throws Problem `unauthorized`, `forbidden`, or `rate_limited`: where a key is needed, every call of it counts
   */
  (
    ctx: Context,
    access: Access,
    options?: { withoutDatabase?: boolean; knowsKeys?: boolean },
  ): Promise<ApiCaller>;
  /** The caller behind a key, for signing in; null when there is none. */
  byKey(ctx: Context, key: string): Promise<Caller | null>;
  /** The caller behind the session of a page. @throws Problem when there is none, or another site asks */
  bySession(ctx: Context, page: SessionPage): Promise<Caller>;
}

type FoundCaller = Caller & { hash: Buffer };

/**
 * Looks up keys together: those that come while a query runs wait for the next one. So any number of
 * guesses at once costs one query at a time, and a good key among them waits for two at most.
 */
function createLookup(db: Database): (hash: Buffer) => Promise<FoundCaller | null> {
  let next: { hashes: Buffer[]; found: Promise<FoundCaller[]> } | null = null;
  let running: Promise<unknown> = Promise.resolve();
  return async (hash) => {
    if (next === null) {
      const hashes: Buffer[] = [];
      const found = running.then(() => {
        next = null;
        return findCallers(db, hashes);
      });
      next = { hashes, found };
      running = found.catch(() => undefined);
    }
    const { hashes, found } = next;
    hashes.push(hash);
    return (await found).find((caller) => timingSafeEqual(caller.hash, hash)) ?? null;
  };
}

/**
 * Looks up keys by their hash. A key that was found is cached for five seconds, so a revoked key
 * ends within that time. A key that was not found is not cached, so guesses cannot fill the memory,
 * and counts for its address; a good key is never refused for the guesses that come from beside it.
 */
export function createAuthenticator(
  db: Database,
  limits: Pick<RateLimits, 'key' | 'address'>,
  trustedProxies: number,
  sessions: Sessions,
): Authenticator {
  const lookUp = createLookup(db);
  const known = new Map<string, { caller: Caller; until: number }>();
  const signedIn = new Map<number, { caller: Caller; until: number }>();

  async function identify(
    ctx: Context,
    key: string,
    withoutDatabase: boolean,
  ): Promise<Caller | null> {
    const hash = hashKey(key);
    const id = hash.toString('latin1');
    const cached = known.get(id);
    if (cached && cached.until > performance.now()) return cached.caller;
    let found;
    try {
      found = await lookUp(hash);
    } catch (error) {
      if (withoutDatabase && cached && isUnavailable(error)) return cached.caller;
      throw error;
    }
    if (!found) {
      known.delete(id);
      await limits.address(ctx, 'guesses');
      return null;
    }
    const { hash: _, ...caller } = found;
    if (known.size >= CACHE_ENTRIES) known.clear();
    known.set(id, { caller, until: performance.now() + CACHE_MS });
    return caller;
  }

  async function bySession(ctx: Context, page: SessionPage): Promise<Caller> {
    requireSameOrigin(ctx);
    const session = await sessions.read(ctx, page);
    const cached = session && signedIn.get(session.keyId);
    if (cached && cached.until > performance.now()) return cached.caller;
    if (!session) await limits.address(ctx, 'guesses');
    const caller = session && (await findCallerById(db, session.keyId));
    if (!caller)
      throw new Problem('unauthorized', 'Sign in: there is no session here, or it has ended.', {
        headers: CHALLENGE,
      });
    if (signedIn.size >= CACHE_ENTRIES) signedIn.clear();
    signedIn.set(caller.keyId, { caller, until: performance.now() + CACHE_MS });
    return caller;
  }

  async function byHeader(ctx: Context, withoutDatabase: boolean): Promise<Caller> {
    const key = /^Bearer +(\S{1,200}) *$/i.exec(ctx.get('authorization'))?.[1];
    if (key === undefined) await limits.address(ctx, 'guesses');
    const caller = key === undefined ? null : await identify(ctx, key, withoutDatabase);
    if (!caller) {
      throw new Problem(
        'unauthorized',
        'Send a valid API key in the header Authorization: Bearer KEY.',
        { headers: CHALLENGE },
      );
    }
    return caller;
  }

  function apiCaller(ctx: Context, caller: Caller): ApiCaller {
    const { client, role } = caller;
    if (role !== 'publishable')
      return { ...caller, address: '', limitedAs: client, reservationToken: null };
    const address = networkOfRequest(ctx, trustedProxies);
    return {
      ...caller,
      address,
      limitedAs: `${client} at ${address}`,
      reservationToken: ctx.get('reservation-token') || null,
    };
  }

  const authenticate = async (
    ctx: Context,
    access: Access,
    {
      withoutDatabase = false,
      knowsKeys = false,
    }: { withoutDatabase?: boolean; knowsKeys?: boolean } = {},
  ): Promise<ApiCaller> => {
    const isOpen = access === 'public' || access === 'provider';
    if (isOpen && !(knowsKeys && /^Bearer /i.test(ctx.get('authorization')))) return NOBODY;
    const page = pageOf(ctx);
    const found = page ? await bySession(ctx, page) : await byHeader(ctx, withoutDatabase);
    const caller = apiCaller(ctx, found);
    // A call that the role forbids counts too: to refuse it costs something.
    if (!isOpen) await limits.key(ctx, caller);
    if (!isOpen && caller.role !== 'operator' && !access.includes(caller.role)) {
      throw new Problem(
        'forbidden',
        `A key of the role ${caller.role} has no permission for that; use one of the role ${access.join(' or ')}.`,
      );
    }
    return caller;
  };
  return Object.assign(authenticate, {
    byKey: (ctx: Context, key: string) => identify(ctx, key, false),
    bySession,
  });
}
