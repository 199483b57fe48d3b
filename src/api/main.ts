import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { answerHelp } from '../cli/help';
import { readSettings, SettingsError } from '../config';
import { createDatabase } from '../db/database';
import { countDemoKeys, ticketSeed } from '../db/keys';
import { MAX_MAILS_AN_HOUR } from '../db/mails';
import { createNotifier } from '../db/outbox-notifier';
import { isNotReady, isRefusedByDatabase, MIGRATIONS, requireSchema } from '../db/schema-state';
import { paymentSetupOf } from '../payments/setup';
import { ticketKeyFromSeed } from '../domain/ticket-code';
import { createLogger, type Logger } from '../logger';
import { whenThere } from '../patience';
import { refuseInProduction, requireWebhookKey } from '../production';
import { createTemporalClient, payloadCodecOf, temporalEndpoint } from '../temporal/connection';
import { missingSearchAttributes } from '../temporal/search-attributes';
import { secretBoxOf, webhookRulesOf } from '../webhooks/secrets';
import { startTracing } from '../tracing';
import { createApp } from './app';
import { answerBrokenRequests } from './broken-requests';
import { drain } from './drain';
import { createEventStreams } from './event-streams';
import { createFairShare } from './fair-share';
import { createFeedWatch } from './feed-watch';
import { createHoldCap } from './hold-cap';
import { createApiMetrics } from './metrics';
import { createOutcomes } from './outcomes';
import { createPageHolds } from './page-holds';
import { workflowPagesOf } from './pages';
import { EndedEarly, runProcesses } from './processes';
import { createReadiness } from './readiness';
import { createReservationTokens } from './reservation-tokens';
import type { ShopWindow } from './routes/pages';
import { createAssets } from './routes/pages/assets';
import { createSeatMaps } from './seat-maps';
import { createSessions, sessionSecret } from './sessions';
import { limitConnections } from './slow-readers';

const TEMPORAL_DEADLINE_MS = 2000;
const TIMEOUTS_CHECKED_EVERY_MS = 5000;

const USAGE = `Usage: npm run start:api

Runs one API process (API_PROCESSES: several) against the services that the settings name.`;

const SETTINGS = [
  ...(['NODE_ENV', 'PORT', 'HOST', 'API_PROCESSES', 'LOG_LEVEL'] as const),
  ...([
    'DATABASE_URL',
    'DATABASE_POOL',
    'DATABASE_PREPARED',
    'HOLD_BATCH',
    'PAYMENT_BATCH',
    'HOLD_TTL_SECONDS',
    'RATE_LIMIT',
    'SEAT_MAP_CACHE_MB',
    'DRAIN_SECONDS',
    'SALES',
    'MAX_CONNECTIONS_PER_ADDRESS',
    'MAX_STREAMS_PER_ADDRESS',
    'MAX_UNREAD_MB_PER_ADDRESS',
  ] as const),
  ...([
    'MAX_OPEN_HOLDS_PER_CLIENT',
    'MAX_OPEN_HOLDS_PER_BUYER',
    'MAX_OPEN_HOLDS_PER_ADDRESS',
    'MAX_LAPSED_HOLDS_PER_BUYER',
    'MAX_LAPSED_HOLDS_PER_ADDRESS',
    'MAX_EVENT_SHARE_PER_CLIENT',
  ] as const),
  ...([
    'TRUSTED_PROXIES',
    'CORS_ORIGINS',
    'STRIPE_API_KEY',
    'STRIPE_ACCOUNT',
    'STRIPE_WEBHOOK_SECRET',
    'STANDARD_WEBHOOK_SECRET',
  ] as const),
  ...([
    'TICKET_SIGNING_KEY',
    'PAYLOAD_ENCRYPTION_KEY',
    'PAYLOAD_CLEAR',
    'TEMPORAL_UI_URL',
    'DEV_TEMPORAL_UI_URL',
    'DEV_MAIL_URL',
    'SHOP_WINDOW',
    'SHOP_WINDOW_KEY',
    'PAYMENT_URL',
  ] as const),
  ...(['WEBHOOK_SECRETS_KEY', 'WEBHOOK_ALLOW_PRIVATE'] as const),
] as const;
type ApiSettings = ReturnType<typeof readSettings<(typeof SETTINGS)[number]>>;

const limitOf = (setting: number | 'off') => (setting === 'off' ? null : setting);

/** The shop window is there where it can sell: with a key, and not switched off. */
function shopWindowOf({
  SHOP_WINDOW: shown,
  SHOP_WINDOW_KEY: key,
  PAYMENT_URL: paymentUrl,
}: ApiSettings): ShopWindow | null {
  if (shown === 'off' || key === undefined) return null;
  return { key, paymentUrl: paymentUrl ?? null };
}

/** Aborted when this process is asked to stop, by a signal or because its parent ended. */
function untilAsked(): AbortSignal {
  const stopping = new AbortController();
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const)
    process.once(event, () => stopping.abort());
  return stopping.signal;
}

async function main(): Promise<void> {
  answerHelp(USAGE, [...SETTINGS, 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']);
  const settings = readSettings(SETTINGS);
  refuseInProduction(settings, temporalEndpoint());
  const log = createLogger('api', settings.LOG_LEVEL);
  if (settings.API_PROCESSES > 1 && cluster.isPrimary)
    await runProcesses(settings.API_PROCESSES, log, {
      stopping: untilAsked(),
      drainMs: settings.DRAIN_SECONDS * 1000,
    });
  else await serve(settings, log, untilAsked());
}

/**
 * One API process. It keeps no state that matters: any number may run, on one port or behind a load
 * balancer.
 */
async function serve(settings: ApiSettings, log: Logger, stopping: AbortSignal): Promise<void> {
  const tracing = await startTracing('holdfast-api', log);
  const db = createDatabase({
    url: settings.DATABASE_URL,
    pool: settings.DATABASE_POOL,
    prepared: settings.DATABASE_PREPARED === 'on',
    applicationName: 'holdfast-api',
  });
  const isMigrated = async () => {
    await requireSchema(db, MIGRATIONS);
    return true;
  };
  if (!(await whenThere('PostgreSQL', isMigrated, isNotReady, { log, stopped: stopping }))) return;
  if (settings.NODE_ENV === 'production' && (await countDemoKeys(db)) > 0) {
    throw new SettingsError(
      'There are demo API keys in this database: revoke them (npm run keys -- list, npm run keys -- revoke ID)',
    );
  }
  await requireWebhookKey(db, settings);
  const client = createTemporalClient(settings);
  const unlimited = settings.RATE_LIMIT === 'off';
  const metrics = createApiMetrics(db);
  const maps = createSeatMaps(db, settings.SEAT_MAP_CACHE_MB * 1_000_000);
  const streams = createEventStreams(
    { maps, metrics, log },
    unlimited ? null : settings.MAX_STREAMS_PER_ADDRESS,
  );
  const feedWatch = createFeedWatch(db, log);
  const readiness = createReadiness({
    db,
    async temporalAnswers() {
      await client.connection.withDeadline(Date.now() + TEMPORAL_DEADLINE_MS, () =>
        client.workflowService.describeNamespace({ namespace: client.options.namespace }),
      );
      return true;
    },
    missingAttributes: () =>
      client.connection.withDeadline(Date.now() + TEMPORAL_DEADLINE_MS, () =>
        missingSearchAttributes(client, client.options.namespace),
      ),
    log,
  });
  const signingSeed = async () => settings.TICKET_SIGNING_KEY ?? (await ticketSeed(db));
  const temporalUi = settings.TEMPORAL_UI_URL ?? settings.DEV_TEMPORAL_UI_URL;
  const app = createApp({
    db,
    log,
    metrics,
    maps,
    streams,
    feedWatch,
    webhooks: { secrets: secretBoxOf(settings), rules: webhookRulesOf(settings) },
    outcomes: createOutcomes(db),
    holdCap: createHoldCap(db, unlimited ? null : settings.MAX_OPEN_HOLDS_PER_CLIENT),
    fairShare: createFairShare(db, {
      sharePerClient: limitOf(settings.MAX_EVENT_SHARE_PER_CLIENT),
      lapsedPerBuyer: limitOf(settings.MAX_LAPSED_HOLDS_PER_BUYER),
    }),
    pageHolds: createPageHolds(db, {
      open: unlimited ? null : settings.MAX_OPEN_HOLDS_PER_ADDRESS,
      lapsed: limitOf(settings.MAX_LAPSED_HOLDS_PER_ADDRESS),
    }),
    notify: createNotifier(db),
    defaultTtlSeconds: settings.HOLD_TTL_SECONDS,
    buyerCap: unlimited ? null : settings.MAX_OPEN_HOLDS_PER_BUYER,
    mailsAnHour: unlimited ? null : MAX_MAILS_AN_HOUR,
    payments: paymentSetupOf(settings),
    webhookSecrets: {
      stripe: settings.STRIPE_WEBHOOK_SECRET,
      standard: settings.STANDARD_WEBHOOK_SECRET,
    },
    ticketKey: async () => ticketKeyFromSeed(await signingSeed()),
    tokens: createReservationTokens(signingSeed),
    sessions: createSessions(
      async () => sessionSecret(await signingSeed()),
      settings.NODE_ENV === 'production',
    ),
    workflowPages:
      temporalUi === undefined ? null : workflowPagesOf(temporalUi, client.options.namespace),
    readiness,
    stopping,
    // None of those who are in waits for a connection for long.
    callsAtOnce: settings.DATABASE_POOL,
    rateLimit: settings.RATE_LIMIT,
    unreadBytes: unlimited ? null : settings.MAX_UNREAD_MB_PER_ADDRESS * 1_000_000,
    trustedProxies: settings.TRUSTED_PROXIES,
    assets: createAssets(join(__dirname, '../../assets')),
    shopWindow: shopWindowOf(settings),
    pageOrigins: settings.CORS_ORIGINS ?? [],
    traced: tracing !== null,
    salesClosed: settings.SALES === 'closed',
    holdBatch: settings.HOLD_BATCH,
    paymentBatch: settings.PAYMENT_BATCH,
    payloadCodec: payloadCodecOf(settings),
    temporalUi: { url: settings.TEMPORAL_UI_URL, namespace: client.options.namespace },
    devPages: { temporalUiUrl: settings.DEV_TEMPORAL_UI_URL, mailUrl: settings.DEV_MAIL_URL },
  });

  const handle = app.callback();
  const server = createServer(
    { connectionsCheckingInterval: TIMEOUTS_CHECKED_EVERY_MS },
    (request, response) => void handle(request, response),
  );
  answerBrokenRequests(server);
  limitConnections(server, {
    connections: unlimited ? null : settings.MAX_CONNECTIONS_PER_ADDRESS,
    trustedProxies: settings.TRUSTED_PROXIES,
  });
  // RFC 9110, 10.1.1: an unknown expectation may be ignored.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  // Limits how long a client that sends its request slowly can hold a connection: half a minute.
  server.requestTimeout = 30_000;
  server.headersTimeout = 15_000;
  server.keepAliveTimeout = 65_000;
  server.maxHeadersCount = 100;
  await readiness.first;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.PORT, settings.HOST, resolve);
  });
  log.info({ port: settings.PORT }, 'api is listening');
  process.send?.('ready');

  if (!stopping.aborted)
    await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }));
  log.info('api is stopping');
  await drain(server, {
    graceMs: settings.DRAIN_SECONDS * 1000,
    endStreams() {
      streams.close();
      feedWatch.close();
    },
  });
  readiness.stop();
  await Promise.race([
    Promise.all([db.close(), client.connection.close(), tracing?.stop()]),
    delay(2000),
  ]);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const { code, message, stack } = error as NodeJS.ErrnoException;
    const isKnown =
      error instanceof SettingsError ||
      error instanceof EndedEarly ||
      /^E(ADDRINUSE|ADDRNOTAVAIL|ACCES)$/.test(code ?? '');
    const line = isRefusedByDatabase(error)
      ? `Setting DATABASE_URL cannot be used: ${message}`
      : code === 'EADDRINUSE'
        ? `Setting PORT cannot be used: the port is taken (${message})`
        : isKnown
          ? message
          : (stack ?? message);
    process.stderr.write(`${line}\n`);
    process.exit(1);
  },
);
