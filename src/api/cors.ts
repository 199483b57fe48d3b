import type { Context } from 'koa';
import { Problem } from './problem';
import type { Access } from './route';

/** Where pages may be that use a publishable key: origins, or any. */
export type PageOrigins = readonly string[] | '*';

const REQUEST_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, Reservation-Token, If-Match, If-None-Match, X-Request-Id';
const ANSWER_HEADERS =
  'ETag, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed, Date';
/** How long a browser remembers the answer to a preflight, in seconds. */
const REMEMBERED = '600';

/** Whether a page of another origin has sent the request. Our own pages are served from here. */
function isFromAnotherOrigin(ctx: Context): boolean {
  const origin = ctx.get('origin');
  if (origin === '' || ctx.get('sec-fetch-site') === 'same-origin') return false;
  try {
    return new URL(origin).host !== ctx.get('host');
  } catch {
    return true;
  }
}

/**
 * Refuses a key that gives more than a page may have, before it is looked up: whoever put it there
 * learns so at the first try. Roles of keys show in their text.
 * @throws Problem `key_not_for_browsers`
 */
export function refuseKeyInPage(ctx: Context): void {
  const key = /^Bearer +(\S+)/i.exec(ctx.get('authorization'))?.[1];
  if (key === undefined || key.startsWith('pk_') || !isFromAnotherOrigin(ctx)) return;
  throw new Problem(
    'key_not_for_browsers',
    'This request has an Origin, so a page has sent it, where everybody can read this key: revoke the key, and let pages use a publishable one (pk_…).',
  );
}

export interface Cors {
  /** Says whether the page that asked may read the answer. */
  allow(ctx: Context, access: Access): void;
  /** Answers a browser's question whether a page may make a call. @param methods that the path has, by method */
  preflight(ctx: Context, access: Access | undefined): void;
}

/** Lets any page read an answer that has no secret. */
export function allowEverybody(ctx: Context): void {
  ctx.set('access-control-allow-origin', '*');
  ctx.set('access-control-expose-headers', ANSWER_HEADERS);
}

/** Public calls are for pages of every origin, those that a publishable key may make for `origins`. */
export function createCors(origins: PageOrigins): Cors {
  function allow(ctx: Context, access: Access): void {
    if (access === 'provider') return;
    if (access === 'public' || (origins === '*' && access.includes('publishable'))) {
      allowEverybody(ctx);
      return;
    }
    if (!access.includes('publishable')) return;
    ctx.vary('Origin');
    const origin = ctx.get('origin');
    if (!origins.includes(origin)) return;
    ctx.set('access-control-allow-origin', origin);
    ctx.set('access-control-expose-headers', ANSWER_HEADERS);
  }

  return {
    allow,
    preflight(ctx, access) {
      ctx.status = 204;
      ctx.vary('Access-Control-Request-Method');
      if (access === undefined) return;
      allow(ctx, access);
      ctx.remove('access-control-expose-headers');
      if (!ctx.res.hasHeader('access-control-allow-origin')) return;
      ctx.set('access-control-allow-methods', ctx.get('access-control-request-method'));
      ctx.set('access-control-allow-headers', REQUEST_HEADERS);
      ctx.set('access-control-max-age', REMEMBERED);
    },
  };
}
