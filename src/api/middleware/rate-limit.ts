import cluster from 'node:cluster';
import type { Context } from 'koa';
import {
  RateLimiterCluster,
  RateLimiterMemory,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { networkOfRequest } from '../addresses';
import { Problem } from '../problem';

const ADDRESS_KINDS = ['reads', 'webhooks', 'guesses'] as const;
type AddressKind = (typeof ADDRESS_KINDS)[number];

export interface RateLimits {
  /** Counts one request of this key. */
  key(client: string): Promise<void>;
  /** Counts one request from this address. The kinds are counted separately. */
  address(ctx: Context, kind: AddressKind): Promise<void>;
  /** Takes one request of this kind back. */
  giveBack(ctx: Context, kind: AddressKind): Promise<void>;
}

/** Processes that share a port count together, in the primary process. */
export function createLimiter(keyPrefix: string, perMinute: number): RateLimiterAbstract {
  const options = { keyPrefix, points: perMinute, duration: 60 };
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

/** @param perMinute requests a minute for one key and for one address; `off`: no limit */
export function createRateLimits(perMinute: number | 'off', trustedProxies: number): RateLimits {
  const nothing = async () => undefined;
  if (perMinute === 'off') return { key: nothing, address: nothing, giveBack: nothing };
  const keys = createLimiter('keys', perMinute);
  const addresses = Object.fromEntries(
    ADDRESS_KINDS.map((kind) => [kind, createLimiter(kind, perMinute)]),
  ) as Record<AddressKind, RateLimiterAbstract>;
  const consume = async (limiter: RateLimiterAbstract, who: string) => {
    try {
      await limiter.consume(who);
    } catch (error) {
      // The primary process, which counts, did not answer. The request is served rather than
      // refused.
      if (!(error instanceof RateLimiterRes)) return;
      throw tryAgainLater(error, `At most ${perMinute} requests a minute`);
    }
  };
  return {
    key: (client) => consume(keys, client),
    address: (ctx, kind) => consume(addresses[kind], networkOfRequest(ctx, trustedProxies)),
    async giveBack(ctx, kind) {
      await addresses[kind].reward(networkOfRequest(ctx, trustedProxies)).catch(() => undefined);
    },
  };
}
