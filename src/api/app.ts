import Router from '@koa/router';
import Koa from 'koa';
import type { Logger } from '../logger';
import { createCodeGuesses } from './code-guesses';
import { createGate } from './gate';
import type { ApiMetrics } from './metrics';
import { answer } from './middleware/answer';
import { createAuthenticator } from './middleware/authenticate';
import { createRateLimits } from './middleware/rate-limit';
import { serve } from './middleware/serve';
import { createOpenApi } from './openapi';
import { mountPages, type PageDeps } from './pages';
import type { Route } from './route';
import { allotmentRoutes } from './routes/allotments';
import { checkInRoutes, type CheckInRouteDeps } from './routes/check-ins';
import { changeRoutes } from './routes/changes';
import { codeRoutes } from './routes/codes';
import { mountDocs } from './routes/docs';
import { eventRoutes, type EventRouteDeps } from './routes/events';
import { healthRoutes, type HealthRouteDeps } from './routes/health';
import { mountHome, type HomeDeps } from './routes/home';
import { mailRoutes } from './routes/mails';
import { noteRoutes } from './routes/notes';
import { outboxRoutes } from './routes/outbox';
import { paymentRoutes } from './routes/payments';
import { refundRoutes, type RefundRouteDeps } from './routes/refunds';
import { reservationRoutes, type ReservationRouteDeps } from './routes/reservations';
import { webhookRoutes, type WebhookRouteDeps } from './routes/webhooks';
import type { Sessions } from './sessions';
import { createReaderGuard } from './slow-readers';

/**
 * The dependencies of the routes and of the application; `main.ts` builds them from the settings.
 */
export type ApiDeps = EventRouteDeps &
  Omit<ReservationRouteDeps, 'codeGuesses'> &
  CheckInRouteDeps &
  RefundRouteDeps &
  WebhookRouteDeps &
  HealthRouteDeps &
  HomeDeps &
  PageDeps & {
    sessions: Sessions;
    log: Logger;
    metrics: ApiMetrics;
    /** Calls that may use the database at once. */
    callsAtOnce: number;
    /** Requests a minute. */
    rateLimit: number | 'off';
    /** Of answers that one address has not read, in bytes; null: any number. */
    unreadBytes: number | null;
    trustedProxies: number;
  };

function routesOf(deps: ApiDeps): Route[] {
  const codeGuesses = createCodeGuesses(deps.rateLimit);
  return [
    ...eventRoutes(deps),
    ...allotmentRoutes(deps),
    ...reservationRoutes({ ...deps, codeGuesses }),
    ...changeRoutes({ ...deps, codeGuesses }),
    ...codeRoutes(deps),
    ...checkInRoutes(deps),
    ...paymentRoutes(deps),
    ...refundRoutes(deps),
    ...mailRoutes(deps),
    ...noteRoutes(deps),
    ...outboxRoutes(deps),
    ...webhookRoutes(deps),
    ...healthRoutes(deps),
  ];
}

/** The API as a Koa application. It reads no settings and opens no connections itself. */
export function createApp(deps: ApiDeps): Koa {
  const app = new Koa();
  const router = new Router();
  const limits = createRateLimits(deps.rateLimit, deps.trustedProxies);
  const authenticate = createAuthenticator(deps.db, limits, deps.sessions);
  const gate = createGate(deps.callsAtOnce);
  const routes = routesOf(deps);
  for (const route of routes) {
    router[route.method](
      route.path.replace(/\{(\w+)\}/g, ':$1'),
      serve(route, { ...deps, authenticate, limits, gate }),
    );
  }
  mountHome(router, limits, deps);
  mountPages(router, { ...deps, authenticate, limits });
  mountDocs(router, createOpenApi(routes));
  app.use(answer({ ...deps, guardReader: createReaderGuard(deps) }));
  app.use(router.routes()).use(router.allowedMethods());
  // The client broke the connection. Every other error was answered as a problem.
  app.on('error', (error: NodeJS.ErrnoException) =>
    deps.log.debug({ code: error.code }, 'connection ended early'),
  );
  return app;
}
