import cluster from 'node:cluster';
import { isIPv6 } from 'node:net';
import type { Context } from 'koa';
import {
  RateLimiterCluster,
  RateLimiterMemory,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { Problem } from '../problem';

export interface RateLimits {
  /** Counts one request of this key. */
  key(client: string): Promise<void>;
  /** Counts one request from this address. */
  address(ctx: Context): Promise<void>;
}

/** The prefix of an IPv6 network that belongs to one subscriber counts as one address. */
function networkOf(address: string): string {
  return isIPv6(address) && !address.startsWith('::ffff:')
    ? address.split(':').slice(0, 4).join(':')
    : address;
}

/**
 * The address of the client. Only as many entries of X-Forwarded-For are trusted as there are
 * proxies of ours in front.
 */
function addressOf(ctx: Context, trustedProxies: number): string {
  if (trustedProxies > 0) {
    const chain = ctx
      .get('x-forwarded-for')
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean);
    const address = chain.at(-trustedProxies);
    if (address !== undefined) return address.slice(0, 64);
  }
  return ctx.req.socket.remoteAddress ?? 'unknown';
}

/** Processes that share a port count together, in the primary process. */
function createLimiter(keyPrefix: string, perMinute: number): RateLimiterAbstract {
  const options = { keyPrefix, points: perMinute, duration: 60 };
  return cluster.isWorker
    ? new RateLimiterCluster({ ...options, timeoutMs: 1000 })
    : new RateLimiterMemory(options);
}

/** @param perMinute requests a minute for one key and for one address; `off`: no limit */
export function createRateLimits(perMinute: number | 'off', trustedProxies: number): RateLimits {
  if (perMinute === 'off') return { key: async () => undefined, address: async () => undefined };
  const keys = createLimiter('keys', perMinute);
  const addresses = createLimiter('addresses', perMinute);
  const consume = async (limiter: RateLimiterAbstract, who: string) => {
    try {
      await limiter.consume(who);
    } catch (error) {
      // The primary process, which counts, did not answer. The request is served rather than
      // refused.
      if (!(error instanceof RateLimiterRes)) return;
      const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000));
      throw new Problem(
        'rate_limited',
        `At most ${perMinute} requests a minute: try again in ${seconds} s.`,
        {
          headers: { 'retry-after': String(seconds) },
        },
      );
    }
  };
  return {
    key: (client) => consume(keys, client),
    address: (ctx) => consume(addresses, networkOf(addressOf(ctx, trustedProxies))),
  };
}
