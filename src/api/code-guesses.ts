import { RateLimiterRes } from 'rate-limiter-flexible';
import { createLimiter, tryAgainLater } from './middleware/rate-limit';

/** Wrong promo codes, a minute. */
const PER_CLIENT = 60;
const PER_RESERVATION = 10;

/** Limits how many promo codes can be tried: only wrong ones count, and after too many none is looked at. */
export interface CodeGuesses {
  /** Before a code is looked at. @throws Problem `rate_limited` after too many wrong ones */
  admit(client: string, reservation?: string): Promise<void>;
  /** Counts a wrong one. */
  count(client: string, reservation?: string): Promise<void>;
}

/** @param rateLimit `off`: no limit */
export function createCodeGuesses(rateLimit: number | 'off'): CodeGuesses {
  const nothing = async () => undefined;
  if (rateLimit === 'off') return { admit: nothing, count: nothing };
  const clients = createLimiter('codes', PER_CLIENT);
  const reservations = createLimiter('codes-of-reservation', PER_RESERVATION);
  const each = (client: string, reservation: string | undefined) => [
    { limiter: clients, who: client, limit: PER_CLIENT },
    ...(reservation === undefined
      ? []
      : [{ limiter: reservations, who: `${client} ${reservation}`, limit: PER_RESERVATION }]),
  ];
  // Where the process that counts does not answer, the request is served rather than refused.
  const quietly = async (work: Promise<RateLimiterRes | null>) =>
    work.catch((error: unknown) => (error instanceof RateLimiterRes ? error : null));
  return {
    async admit(client, reservation) {
      for (const { limiter, who, limit } of each(client, reservation)) {
        const known = await quietly(limiter.get(who));
        if (known && known.consumedPoints >= limit)
          throw tryAgainLater(known, 'Too many codes that are not valid');
      }
    },
    async count(client, reservation) {
      for (const { limiter, who } of each(client, reservation)) await quietly(limiter.consume(who));
    },
  };
}
