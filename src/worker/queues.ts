import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import {
  createDocumentQueue,
  createMailQueue,
  createRefundQueue,
  createReservationQueue,
  createWebhookQueue,
} from '../activities';
import { TASK_QUEUES } from '../contracts/reservation';
import type { readSettings } from '../config';
import type { Database } from '../db/database';
import { ticketSeed } from '../db/keys';
import { createBrowserPool } from '../documents/browser';
import { renderTickets } from '../documents/render-tickets';
import { signTicketCode, ticketKeyFromSeed } from '../domain/ticket-code';
import type { Logger } from '../logger';
import { createMailer } from '../mail/mailer';
import { secretBoxOf, webhookRulesOf } from '../webhooks/secrets';
import { createSender } from '../webhooks/send';
import { paymentSetupOf } from '../payments/setup';
import { createStripeProvider } from '../payments/stripe-provider';
import { createTestProvider } from '../payments/test-provider';
import { createActorDirectory } from '../temporal/actor-directory';
import { scheduleHousekeeping } from './housekeeping-schedule';
import { activitySlots, reservationsTuning, workflowSlots } from './tuning';

export interface WorkerPart {
  options: WorkerOptions;
  close(): Promise<void>;
}

type Settings = ReturnType<
  typeof readSettings<
    | 'DATABASE_POOL'
    | 'SMTP_URL'
    | 'MAIL_FROM'
    | 'HOLD_TTL_SECONDS'
    | 'NODE_ENV'
    | 'STRIPE_API_KEY'
    | 'STRIPE_API_URL'
    | 'STRIPE_ACCOUNT'
    | 'TICKET_SIGNING_KEY'
    | 'PAYLOAD_ENCRYPTION_KEY'
    | 'UNKNOWN_PAYMENTS'
    | 'TICKET_PDF_DAYS'
    | 'BROWSER_SANDBOX'
    | 'WORKER_ROLES'
    | 'WORKER_CACHED_WORKFLOWS'
    | 'WEBHOOK_SECRETS_KEY'
    | 'WEBHOOK_ALLOW_PRIVATE'
  >
>;

interface QueueDeps {
  settings: Settings;
  db: Database;
  client: Client;
  log: Logger;
}

/**
 * The workflow bundle from the build. When running from sources (in tests) the SDK makes the bundle
 * itself.
 * @param sealed with a payload key: the workflows' own failures are to be encrypted too
 */
export function workflowSource(
  sealed: boolean,
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath' | 'bundlerOptions'> {
  const codePath = join(__dirname, `../workflow-bundle${sealed ? '-sealed' : ''}.js`);
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  const workflowsPath = require.resolve('../workflows');
  return { workflowsPath, bundlerOptions: { preloadModules: [workflowsPath] } };
}

/** Refunds that one worker asks providers for at once. One that hangs keeps its place for 20 s, and delays refunds alone. */
const REFUNDS_AT_ONCE = 8;

async function reservationsParts({ settings, db, client, log }: QueueDeps): Promise<WorkerPart[]> {
  const { privateKey } = ticketKeyFromSeed(settings.TICKET_SIGNING_KEY ?? (await ticketSeed(db)));
  const schedule = scheduleHousekeeping(client, log);
  const providers = {
    test: createTestProvider(db),
    stripe: settings.STRIPE_API_KEY
      ? createStripeProvider(settings.STRIPE_API_KEY, {
          account: settings.STRIPE_ACCOUNT ?? null,
          baseUrl:
            settings.STRIPE_API_URL === undefined ? undefined : new URL(settings.STRIPE_API_URL),
        })
      : null,
  };
  const reservations: WorkerPart = {
    options: {
      taskQueue: TASK_QUEUES.reservations,
      ...workflowSource(settings.PAYLOAD_ENCRYPTION_KEY !== undefined),
      activities: createReservationQueue({
        db,
        sign: (ticket) => signTicketCode(privateKey, ticket),
        providers,
        testProvider: paymentSetupOf(settings).testProvider,
        defaultTtlSeconds: settings.HOLD_TTL_SECONDS,
        refundUnknown: settings.UNKNOWN_PAYMENTS === 'refunded',
        documentDays: settings.TICKET_PDF_DAYS,
        actors: createActorDirectory(client),
      }),
      ...reservationsTuning(settings),
    },
    close: async () => schedule.stop(),
  };
  const refunds: WorkerPart = {
    options: {
      taskQueue: TASK_QUEUES.refunds,
      activities: createRefundQueue({ db, providers }),
      ...activitySlots(REFUNDS_AT_ONCE),
    },
    close: () => Promise.resolve(),
  };
  return [reservations, refunds];
}

function documentsPart({ settings, db, log }: QueueDeps): WorkerPart {
  const keeper = createBrowserPool({
    sandbox: settings.BROWSER_SANDBOX,
    log: (message) => log.info(message),
  });
  return {
    options: {
      taskQueue: TASK_QUEUES.documents,
      activities: createDocumentQueue({ db, print: (sheet) => renderTickets(keeper, sheet) }),
      ...activitySlots(2),
    },
    close: () => keeper.close(),
  };
}

function mailPart({ settings, db }: QueueDeps): WorkerPart {
  const mailer = createMailer({ smtpUrl: settings.SMTP_URL, from: settings.MAIL_FROM });
  return {
    options: {
      taskQueue: TASK_QUEUES.mail,
      activities: createMailQueue({ db, mailer }),
      ...activitySlots(10),
    },
    close: async () => mailer.close(),
  };
}

/** Endpoints that one worker sends to at once; each has few deliveries on their way. */
const ENDPOINTS_AT_ONCE = 50;

function webhooksPart({ settings, db }: QueueDeps): WorkerPart[] {
  const secrets = secretBoxOf(settings);
  // Without a key there is no endpoint.
  if (!secrets) return [];
  return [
    {
      options: {
        taskQueue: TASK_QUEUES.webhooks,
        ...workflowSource(settings.PAYLOAD_ENCRYPTION_KEY !== undefined),
        activities: createWebhookQueue({
          db,
          secrets,
          send: createSender(webhookRulesOf(settings)),
          defaultTtlSeconds: settings.HOLD_TTL_SECONDS,
        }),
        maxCachedWorkflows: 100,
        ...activitySlots(ENDPOINTS_AT_ONCE),
        ...workflowSlots(10),
      },
      close: () => Promise.resolve(),
    },
  ];
}

/** What a worker with each role has to run; the role `relay` has no task queue. */
export async function createQueues(deps: QueueDeps): Promise<WorkerPart[]> {
  const { WORKER_ROLES: roles } = deps.settings;
  const parts: WorkerPart[] = [];
  if (roles.includes('reservations')) parts.push(...(await reservationsParts(deps)));
  if (roles.includes('documents')) parts.push(documentsPart(deps));
  if (roles.includes('mail')) parts.push(mailPart(deps));
  if (roles.includes('webhooks')) parts.push(...webhooksPart(deps));
  return parts;
}
