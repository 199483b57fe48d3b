import type Router from '@koa/router';
import type { Database } from '../../../db/database';
import { listUpcomingEvents, type UpcomingEvent } from '../../../db/upcoming-events';
import type { RateLimits } from '../../middleware/rate-limit';
import { Problem } from '../../problem';
import { HOME_POLICY, renderHome, type DevPages } from './page';

const EVENTS_SHOWN = 50;
/** Counting seats reads all of them, so one count serves every visitor for this long. */
const COUNTED_FOR_MS = 5000;

/** Caches a value for a while; callers that arrive during a read share it. */
function kept<Value>(read: () => Promise<Value>, forMs: number): () => Promise<Value> {
  let known: { value: Value; readAt: number } | undefined;
  let reading: Promise<Value> | undefined;
  const start = async (): Promise<Value> => {
    const readAt = performance.now();
    const value = await read();
    known = { value, readAt };
    return value;
  };
  return async () => {
    if (known && performance.now() - known.readAt < forMs) return known.value;
    reading ??= start().finally(() => (reading = undefined));
    return reading;
  };
}

export interface HomeDeps {
  db: Database;
  /** Pages of the services that `npm run dev` runs. */
  devPages: DevPages;
}

/** The start page: the next events and where the documents are. Not part of the OpenAPI document. */
export function mountHome(router: Router, limits: RateLimits, { db, devPages }: HomeDeps): void {
  const upcoming: () => Promise<UpcomingEvent[]> = kept(
    () => listUpcomingEvents(db, EVENTS_SHOWN),
    COUNTED_FOR_MS,
  );
  router.get('/', async (ctx) => {
    if (ctx.accepts('html') === false)
      throw new Problem('not_found', 'This page is only available as HTML.');
    await limits.address(ctx, 'reads');
    const events = await upcoming();
    ctx.set('content-security-policy', HOME_POLICY);
    ctx.set('cache-control', `public, max-age=${COUNTED_FOR_MS / 1000}`);
    ctx.vary('Accept');
    ctx.type = 'html';
    ctx.body = renderHome(events, devPages);
  });
}
