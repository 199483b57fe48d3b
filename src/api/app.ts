import Router from '@koa/router';
import Koa from 'koa';
import type { Database } from '../db/database';
import type { createWaker } from '../db/wake';
import type { Logger } from '../logger';
import type { EventStreams } from './event-streams';
import type { HoldCap } from './hold-cap';
import type { ApiMetrics } from './metrics';
import { answer } from './middleware/answer';
import { createAuthenticator } from './middleware/authenticate';
import { createRateLimits } from './middleware/rate-limit';
import { serve } from './middleware/serve';
import { createOpenApi } from './openapi';
import type { Outcomes } from './outcomes';
import type { Route } from './route';
import { checkInRoutes } from './routes/check-ins';
import { mountDocs } from './routes/docs';
import { eventRoutes } from './routes/events';
import { healthRoutes } from './routes/health';
import { mountHome } from './routes/home';
import type { DevPages } from './routes/home/page';
import { paymentRoutes } from './routes/payments';
import { reservationRoutes } from './routes/reservations';
import { webhookRoutes } from './routes/webhooks';
import type { SeatMaps } from './seat-maps';

/** All that the API stands on; `main.ts` builds it from the settings, a test from its own parts. */
export interface ApiDeps {
  db: Database;
  log: Logger;
  metrics: ApiMetrics;
  maps: SeatMaps;
  streams: EventStreams;
  outcomes: Outcomes;
  holdCap: HoldCap;
  /** Tells the relays that a lane of the outbox has work. */
  wake: ReturnType<typeof createWaker>;
  /** Seconds, for events that set none. */
  defaultTtlSeconds: number;
  /** Open holds of one buyer at most; null: any number. */
  buyerCap: number | null;
  /** Payments are also written into the test provider's books. */
  testProvider: boolean;
  webhookSecrets: { stripe: readonly string[] | undefined; standard: readonly string[] | undefined };
  ticketKey: () => Promise<{ keyId: string; publicKeyPem: string }>;
  temporalAnswers: () => Promise<boolean>;
  rateLimit: number | 'off';
  trustedProxies: number;
  /** Linked on the start page. */
  devPages: DevPages;
}

function routesOf(deps: ApiDeps): Route[] {
  return [
    ...eventRoutes(deps),
    ...reservationRoutes(deps),
    ...checkInRoutes(deps),
    ...paymentRoutes(deps),
    ...webhookRoutes(deps),
    ...healthRoutes(deps),
  ];
}

/** The API as a Koa application; it reads no settings and opens nothing by itself. */
export function createApp(deps: ApiDeps): Koa {
  const app = new Koa();
  const router = new Router();
  const authenticate = createAuthenticator(deps.db);
  const limits = createRateLimits(deps.rateLimit, deps.trustedProxies);
  const routes = routesOf(deps);
  for (const route of routes) {
    router[route.method](route.path.replace(/\{(\w+)\}/g, ':$1'), serve(route, authenticate, limits));
  }
  mountHome(router, { db: deps.db, devPages: deps.devPages, limits });
  mountDocs(router, createOpenApi(routes));
  app.use(answer(deps.log, deps.metrics));
  app.use(router.routes()).use(router.allowedMethods());
  // A broken connection is the other side's affair; everything else was answered as a problem.
  app.on('error', (error: NodeJS.ErrnoException) => deps.log.debug({ code: error.code }, 'connection ended early'));
  return app;
}
