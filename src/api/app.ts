import Router from '@koa/router';
import Koa, { type Next } from 'koa';
import type { Logger } from '../logger';
import { createCodeGuesses } from './code-guesses';
import { createCors, type PageOrigins } from './cors';
import { createGate } from './gate';
import type { ApiMetrics } from './metrics';
import { answer } from './middleware/answer';
import { createAuthenticator } from './middleware/authenticate';
import { createRateLimits } from './middleware/rate-limit';
import { serve } from './middleware/serve';
import { trace } from './middleware/trace';
import { mountStaffPages, type StaffPageDeps } from './pages';
import type { Access, Route } from './route';
import { allotmentRoutes } from './routes/allotments';
import { allowTemporalPages, CODEC_PATHS, codecRoutes, type CodecRouteDeps } from './routes/codec';
import { checkInRoutes, type CheckInRouteDeps } from './routes/check-ins';
import { changeRoutes } from './routes/changes';
import { codeRoutes } from './routes/codes';
import { mountDocs } from './routes/docs';
import { eventRoutes, type EventRouteDeps } from './routes/events';
import { feedRoutes, type FeedRouteDeps } from './routes/feed';
import { healthRoutes, type HealthRouteDeps } from './routes/health';
import { mountHome, type HomeDeps } from './routes/home';
import { mailRoutes } from './routes/mails';
import { mountTemporalPage, type TemporalPageDeps } from './routes/temporal';
import { noteRoutes } from './routes/notes';
import { outboxRoutes } from './routes/outbox';
import { mountPages, type PageDeps } from './routes/pages';
import { paymentRoutes } from './routes/payments';
import { refundRoutes, type RefundRouteDeps } from './routes/refunds';
import { reservationRoutes, type ReservationRouteDeps } from './routes/reservations';
import { testHelperRoutes } from './routes/test-helpers';
import { webhookEndpointRoutes, type WebhookEndpointRouteDeps } from './routes/webhook-endpoints';
import { createReceivers, webhookRoutes, type WebhookRouteDeps } from './routes/webhooks';
import type { Sessions } from './sessions';
import { createReaderGuard } from './slow-readers';

/**
 * The dependencies of the routes and of the application; `main.ts` builds them from the settings.
 */
export type ApiDeps = EventRouteDeps &
  Omit<ReservationRouteDeps, 'codeGuesses'> &
  CheckInRouteDeps &
  RefundRouteDeps &
  FeedRouteDeps &
  WebhookEndpointRouteDeps &
  WebhookRouteDeps &
  HealthRouteDeps &
  HomeDeps &
  CodecRouteDeps &
  TemporalPageDeps &
  PageDeps &
  StaffPageDeps & {
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
    pageOrigins: PageOrigins;
    /** Whether requests are parts of traces. */
    traced: boolean;
  };

function routesOf(deps: ApiDeps): Route[] {
  const codeGuesses = createCodeGuesses(deps.rateLimit);
  const receivers = createReceivers(deps);
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
    ...feedRoutes(deps),
    ...webhookEndpointRoutes(deps),
    ...outboxRoutes(deps),
    ...webhookRoutes(receivers),
    ...(deps.payments.testProvider
      ? testHelperRoutes({ ...deps, receivers, standardSecrets: deps.webhookSecrets.standard })
      : []),
    ...healthRoutes(deps),
    ...codecRoutes(deps),
  ];
}

/** The API as a Koa application. It reads no settings and opens no connections itself. */
export function createApp(deps: ApiDeps): Koa {
  const app = new Koa();
  const router = new Router();
  const limits = createRateLimits(deps.rateLimit, deps.trustedProxies);
  const authenticate = createAuthenticator(deps.db, limits, deps.trustedProxies, deps.sessions);
  const cors = createCors(deps.pageOrigins);
  const gate = createGate(deps.callsAtOnce);
  const routes = routesOf(deps);
  const accessOf = new Map<string, Access>();
  for (const route of routes) {
    const path = route.path.replace(/\{(\w+)\}/g, ':$1');
    router[route.method](path, serve(route, { ...deps, cors, authenticate, limits, gate }));
    accessOf.set(`${route.method} ${path}`, route.access);
  }
  mountPages(router, deps);
  mountHome(router, limits, deps);
  mountStaffPages(router, { ...deps, authenticate, limits });
  mountTemporalPage(router, limits, deps);
  mountDocs(router, routes);
  if (deps.traced) app.use(trace());
  app.use(answer({ ...deps, guardReader: createReaderGuard(deps) }));
  app.use(allowTemporalPages(deps.temporalUi.url));
  app.use(async (ctx, next: Next) => {
    const method = ctx.get('access-control-request-method');
    const isQuestion = ctx.method === 'OPTIONS' && method !== '' && ctx.get('origin') !== '';
    if (!isQuestion || ctx.path.startsWith(CODEC_PATHS)) {
      await next();
      return;
    }
    const [layer] = router.match(ctx.path, method).pathAndMethod;
    cors.preflight(ctx, accessOf.get(`${method.toLowerCase()} ${String(layer?.path)}`));
  });
  app.use(router.routes()).use(router.allowedMethods());
  // The client broke the connection. Every other error was answered as a problem.
  app.on('error', (error: NodeJS.ErrnoException) =>
    deps.log.debug({ code: error.code }, 'connection ended early'),
  );
  return app;
}
