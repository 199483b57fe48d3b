import cluster from 'node:cluster';
import type { Context } from 'koa';
import {
  RateLimiterCluster,
  RateLimiterMemory,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import type { Caller } from '../../db/keys';
import { networkOfRequest } from '../addresses';
import { Problem } from '../problem';

const WINDOW_SECONDS = 60;
const ADDRESS_KINDS = ['reads', 'webhooks', 'guesses', 'pages'] as const;
type AddressKind = (typeof ADDRESS_KINDS)[number];

export interface RateLimits {
  /** Counts one request of this client, by its server or by its pages. A page counts for its address too. */
  key(ctx: Context, caller: Pick<Caller, 'client' | 'role'>): Promise<void>;
  /** Counts one request from this address. The kinds are counted separately. */
  address(ctx: Context, kind: AddressKind): Promise<void>;
}

/** Processes that share a port count together, in the primary process. */
export function createLimiter(keyPrefix: string, perMinute: number): RateLimiterAbstract {
  const options = { keyPrefix, points: perMinute, duration: WINDOW_SECONDS };
  return cluster.isWorker
    ? new RateLimiterCluster({ ...options, timeoutMs: 1000 })
    : new RateLimiterMemory(options);
}

/** Answers that a limit is reached. @param what says which */
export function tryAgainLater({ msBeforeNext }: RateLimiterRes, what: string): Problem {
  const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return new Problem('rate_limited', `${what}: try again in ${seconds} s.`, {
    headers: { 'retry-after': String(seconds) },
  });
}

/** How often an address's share fits into that of all pages of a client: one page cannot use it up. */
const PAGES_OF_CLIENT = 10;

/** What an answer says about a limit that counted its request. */
interface Usage {
  quota: number;
  remaining: number;
  resetSeconds: number;
}

const usageOf = ({ remainingPoints, msBeforeNext }: RateLimiterRes, quota: number): Usage => ({
  quota,
  remaining: Math.max(0, remainingPoints),
  resetSeconds: Math.ceil(msBeforeNext / 1000),
});

/**
 * Keeps `RateLimit-Policy` and `RateLimit` of an answer, structured fields of
 * draft-ietf-httpapi-ratelimit-headers, in step with the limits that have counted its request.
 */
function tell(ctx: Context, policy: string, usage: Usage): void {
  const limits = (ctx.state.rateLimits ??= new Map()) as Map<string, Usage>;
  limits.set(policy, usage);
  const items = (parameters: (usage: Usage) => string) =>
    [...limits].map(([name, one]) => `"${name}";${parameters(one)}`).join(', ');
  ctx.set(
    'ratelimit-policy',
    items(({ quota }) => `q=${quota};w=${WINDOW_SECONDS}`),
  );
  ctx.set(
    'ratelimit',
    items(({ remaining, resetSeconds }) => `r=${remaining};t=${resetSeconds}`),
  );
}

/** @param perMinute requests a minute for one key and for one address; `off`: no limit */
export function createRateLimits(perMinute: number | 'off', trustedProxies: number): RateLimits {
  const nothing = async () => undefined;
  if (perMinute === 'off') return { key: nothing, address: nothing };
  const ofPages = perMinute * PAGES_OF_CLIENT;
  const keys = createLimiter('keys', perMinute);
  const pages = createLimiter('pages-of-client', ofPages);
  const addresses = Object.fromEntries(
    ADDRESS_KINDS.map((kind) => [kind, createLimiter(kind, perMinute)]),
  ) as Record<AddressKind, RateLimiterAbstract>;

  async function consume(
    ctx: Context,
    { policy, limiter, quota }: { policy: string; limiter: RateLimiterAbstract; quota: number },
    who: string,
  ): Promise<void> {
    try {
      tell(ctx, policy, usageOf(await limiter.consume(who), quota));
    } catch (error) {
      // The primary process, which counts, did not answer. The request is served rather than
      // refused.
      if (!(error instanceof RateLimiterRes)) return;
      tell(ctx, policy, usageOf(error, quota));
      throw tryAgainLater(error, `At most ${quota} requests a minute`);
    }
  }

  const address: RateLimits['address'] = (ctx, kind) =>
    consume(
      ctx,
      { policy: kind, limiter: addresses[kind], quota: perMinute },
      networkOfRequest(ctx, trustedProxies),
    );
  return {
    address,
    async key(ctx, { client, role }) {
      if (role !== 'publishable') {
        await consume(ctx, { policy: 'key', limiter: keys, quota: perMinute }, client);
        return;
      }
      // The address first: one that is over its limit uses nothing of the others'.
      await address(ctx, 'pages');
      await consume(ctx, { policy: 'key', limiter: pages, quota: ofPages }, client);
    },
  };
}
