import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readSender } from './domain/email-address';

/**
 * A setting with an invalid value. Its message is one line that names the setting and says what it
 * accepts.
 */
export class SettingsError extends Error {}

const port = z.coerce.number().int().min(0).max(65_535);
const seconds = (fallback: number, max: number) =>
  z.coerce.number().int().min(1).max(max).default(fallback);
const count = (fallback: number, max: number) =>
  z.coerce.number().int().min(1).max(max).default(fallback);
const countOrOff = (max: number) =>
  z.union([z.literal('off'), z.coerce.number().int().min(1).max(max)]);

function url(...protocols: string[]) {
  const allowed = protocols.map((protocol) => `${protocol}://`).join(' or ');
  return z.string().refine(
    (text) => {
      try {
        return protocols.includes(new URL(text).protocol.slice(0, -1));
      } catch {
        return false;
      }
    },
    { message: `must be a URL that begins with ${allowed}` },
  );
}

/**
 * To this driver `prefer`, `require` and `verify-ca` are other names for `verify-full`; it warns at
 * each start that a later version will weaken them. So the URL says what is meant.
 */
const databaseUrl = url('postgres', 'postgresql').transform((text) =>
  /[?&]uselibpqcompat=true(&|$)/.test(text)
    ? text
    : text.replace(/([?&]sslmode=)(prefer|require|verify-ca)(?=&|$)/g, '$1verify-full'),
);

/** 32 bytes as base64, base64url or hex. */
const key32 = z
  .string()
  .transform((text) => Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64'))
  .refine((bytes) => bytes.length === 32, { message: 'must be 32 bytes, as base64 or hex' });

/** One such key, or several separated by commas while keys are changed. */
const keys32 = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.tuple([key32], key32));

const webhookSecret = z
  .string()
  .regex(/^\S{8,}(,\S{8,})*$/, {
    message: 'must be one secret, or several separated by commas while rotating',
  })
  .transform((text) => text.split(','));

/**
 * A webhook secret that is itself base64 (Standard Webhooks: an optional `whsec_`, then base64). It
 * is checked at the start; otherwise a bad secret would only show when the first payment is
 * refused.
 */
const base64Secret = webhookSecret.refine(
  (secrets) => secrets.every((secret) => /^(whsec_)?[A-Za-z0-9+/]{8,}={0,2}$/.test(secret)),
  { message: 'must be base64, with or without whsec_ before it' },
);

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;

/** Origins of pages as browsers send them, or `*` for all. */
const origins = z
  .string()
  .refine((text) => text === '*' || text.split(',').every(isOrigin), {
    message: 'must be * or origins separated by commas, as https://shop.example without a path',
  })
  .transform((text): '*' | string[] => (text === '*' ? text : text.split(',')));

const WORKER_ROLES = ['reservations', 'documents', 'mail', 'webhooks', 'relay'] as const;

const roles = z
  .string()
  .default(WORKER_ROLES.join(','))
  .transform((text) => text.split(',').map((role) => role.trim()))
  .pipe(z.array(z.enum(WORKER_ROLES)).min(1));

/**
 * Every setting that a Holdfast process reads, with its rule. Each process reads the settings that
 * it needs.
 */
const settings = {
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .describe('`production` refuses settings that are only safe in development'),
  PORT: port.default(3000).describe('Port of the API'),
  HOST: z.string().min(1).default('0.0.0.0').describe('Address that the API listens on'),
  API_PROCESSES: count(1, 64).describe(
    'API processes that share the port; one event loop uses one processor',
  ),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Lowest level that is logged'),
  DATABASE_URL: databaseUrl
    .default('postgres://postgres:postgres@127.0.0.1:5432/holdfast')
    .describe('PostgreSQL'),
  DATABASE_DIRECT_URL: databaseUrl
    .optional()
    .describe('PostgreSQL past a pooler in transaction mode: for migrations, commands and LISTEN'),
  DATABASE_POOL: count(10, 200).describe(
    "Connections of one process; keep (processes × this) below the server's max_connections",
  ),
  HOLD_BATCH: count(32, 32).describe(
    'Holds of different seats that are committed together at most; 1: each by itself',
  ),
  PAYMENT_BATCH: count(32, 32).describe(
    'Payments of different reservations that are recorded together at most; 1: each by itself',
  ),
  DATABASE_PREPARED: z
    .enum(['on', 'off'])
    .default('on')
    .describe('`off` where a pooler cannot keep prepared statements (PgBouncer before 1.21)'),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, { message: 'must be host:port' })
    .default('127.0.0.1:7233')
    .describe("Temporal's frontend; the SDK's other TEMPORAL_… settings hold too"),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default').describe('Namespace in Temporal'),
  TEMPORAL_UI_URL: url('http', 'https')
    .optional()
    .describe("Temporal's pages: where /temporal links to, and which may call the payload codec"),
  SMTP_URL: url('smtp', 'smtps').default('smtp://127.0.0.1:1025').describe('Mail server'),
  MAIL_FROM: z
    .string()
    .refine((text) => readSender(text) !== null, {
      message: 'must be `Name <address>` or an address',
    })
    .default('Holdfast Tickets <tickets@holdfast.example>')
    .describe('Sender of mails'),
  HOLDFAST_HOME: z
    .string()
    .min(1)
    .default('.holdfast')
    .describe('Folder of the embedded stack; dev.json is in it'),
  HOLD_TTL_SECONDS: seconds(600, 604_800).describe('Length of a hold, for events that set none'),
  RATE_LIMIT: countOrOff(10_000_000)
    .default(6000)
    .describe(
      'Requests a minute of one key and of one address; `off` lifts these and every cap on open holds',
    ),
  MAX_OPEN_HOLDS_PER_CLIENT: count(5000, 10_000_000).describe('Open holds of one client at most'),
  MAX_OPEN_HOLDS_PER_BUYER: count(20, 100_000).describe('Open holds of one buyer at most'),
  MAX_LAPSED_HOLDS_PER_BUYER: countOrOff(100_000)
    .default('off')
    .describe(
      'Holds that one buyer of a client let end unpaid within an hour; then no more until it is over',
    ),
  MAX_OPEN_HOLDS_PER_ADDRESS: count(1000, 5000).describe(
    'Open holds that the pages of a client take from one address at most (publishable keys)',
  ),
  MAX_LAPSED_HOLDS_PER_ADDRESS: countOrOff(5000)
    .default('off')
    .describe(
      'Holds of pages that one address let end unpaid within an hour; then no more until it is over',
    ),
  MAX_EVENT_SHARE_PER_CLIENT: countOrOff(100)
    .default('off')
    .describe("Percent of an event's free seats that one client may hold"),
  SEAT_MAP_CACHE_MB: count(256, 65_536).describe(
    'Memory of one API process for seat maps, in megabytes; what was asked for longest ago goes first',
  ),
  DRAIN_SECONDS: z.coerce
    .number()
    .int()
    .min(0)
    .max(300)
    .default(8)
    .describe(
      'After SIGTERM the API answers on for so long, /readyz with 503, until load balancers have seen it',
    ),
  MAX_CONNECTIONS_PER_ADDRESS: count(1000, 1_000_000).describe(
    'Open connections of one address at most, where no proxy of ours is in front',
  ),
  MAX_STREAMS_PER_ADDRESS: count(500, 1_000_000).describe(
    'Listeners of live seat maps from one address at most',
  ),
  MAX_UNREAD_MB_PER_ADDRESS: count(128, 65_536).describe(
    'Megabytes of answers that one address may have asked for and not read yet',
  ),
  TRUSTED_PROXIES: z.coerce
    .number()
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe(
      'Number of our own proxies in front: that many entries at the end of X-Forwarded-For are trusted',
    ),
  CORS_ORIGINS: origins
    .optional()
    .describe(
      'Where pages may be that use a publishable key: origins, separated by commas, or `*`',
    ),
  STRIPE_API_KEY: z
    .string()
    .regex(/^(sk|rk)_\S+$/, { message: 'must be a Stripe secret or restricted key (sk_… or rk_…)' })
    .optional()
    .describe(
      'Refunds go through Stripe. Without it they go to the test provider; in production whoever took the money gives it back',
    ),
  STRIPE_ACCOUNT: z
    .string()
    .regex(/^acct_\w+$/, { message: 'must be the id of an account of Stripe (acct_…)' })
    .optional()
    .describe(
      'The connected account whose payments are ours; without it those of the endpoint itself',
    ),
  STRIPE_API_URL: url('http', 'https')
    .optional()
    .describe("Another place than Stripe's API: for tests"),
  STRIPE_WEBHOOK_SECRET: webhookSecret.optional().describe("Signs Stripe's webhooks"),
  STANDARD_WEBHOOK_SECRET: base64Secret
    .optional()
    .describe('Signs the Standard Webhooks of a payment provider'),
  TICKET_SIGNING_KEY: key32
    .optional()
    .describe('Ed25519 seed that signs ticket codes; without it the database keeps one'),
  PAYLOAD_ENCRYPTION_KEY: keys32
    .optional()
    .describe(
      'AES-256-GCM key for Temporal payloads, or several: the first encrypts; without it they (ids, never personal data) are in clear',
    ),
  PAYLOAD_CLEAR: z
    .enum(['accepted', 'refused'])
    .default('accepted')
    .describe(
      '`refused`: payloads that are not encrypted are not read, once every sender encrypts',
    ),
  WEBHOOK_SECRETS_KEY: key32
    .optional()
    .describe(
      'AES-256-GCM key for the secrets of webhook endpoints; production needs one to have endpoints',
    ),
  WEBHOOK_ALLOW_PRIVATE: z
    .enum(['on', 'off'])
    .default('off')
    .describe('`on`: webhooks are sent to private addresses too; not in production'),
  BROWSER_SANDBOX: z
    .enum(['off', 'required', 'preferred'])
    .default('preferred')
    .describe(
      "Chromium's own sandbox; `preferred`: used where the system allows it, which containers often do not",
    ),
  WORKER_ROLES: roles.describe('What the worker does'),
  WORKER_DEPLOYMENT_NAME: z
    .string()
    .regex(/^[\w-]{1,100}$/, { message: 'must be up to 100 characters of A-Z a-z 0-9 _ -' })
    .optional()
    .describe('Worker Versioning: the deployment that this worker belongs to'),
  WORKER_BUILD_ID: z
    .string()
    .regex(/^[\w.-]{1,100}$/, { message: 'must be up to 100 characters of A-Z a-z 0-9 _ . -' })
    .optional()
    .describe('Worker Versioning: the version of this worker, another for each build'),
  UNKNOWN_PAYMENTS: z
    .enum(['refunded', 'kept'])
    .default('refunded')
    .describe(
      '`kept`: payments for reservations that do not exist are not refunded, while a restore is under way',
    ),
  TICKET_PDF_DAYS: count(30, 3650).describe(
    'How long printed tickets are kept; then they are printed again when they are asked for',
  ),
  SALES: z
    .enum(['open', 'closed'])
    .default('open')
    .describe('`closed`: no new hold for anybody; what is held can still be paid and cancelled'),
  WORKER_CACHED_WORKFLOWS: count(1000, 100_000).describe(
    'Workflows kept in memory; the rest are replayed when needed',
  ),
  RELAY_STARTS_PER_SECOND: countOrOff(100_000)
    .optional()
    .describe(
      'Workflows that a relay starts a second at most in a burst on a busy machine, fewer the more holds come',
    ),
  RELAY_LEAST_STARTS_PER_SECOND: count(1, 100_000).describe(
    'Workflows that a relay starts a second at least, however many holds come',
  ),
  METRICS_PORT: port
    .optional()
    .describe('Port of a worker for /metrics, /livez and /readyz; without it there is none'),
  METRICS_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address that METRICS_PORT listens on'),
  SHOP_WINDOW: z
    .enum(['on', 'off'])
    .default('on')
    .describe('`off`: `/` is the start page, also where there is a SHOP_WINDOW_KEY'),
  SHOP_WINDOW_KEY: z
    .string()
    .regex(/^\S{1,200}$/, { message: 'must be an API key' })
    .optional()
    .describe('Publishable key of the shop window at `/`; without it there is none'),
  PAYMENT_URL: url('http', 'https')
    .optional()
    .describe('Where the shop window sends buyers to pay; without it to the test provider'),
  DEV_TEMPORAL_UI_URL: url('http', 'https')
    .optional()
    .describe('Link on the start page; set by npm run dev'),
  DEV_MAIL_URL: url('http', 'https')
    .optional()
    .describe('Link on the start page; set by npm run dev'),
};

export const SETTING_NAMES = Object.keys(settings) as readonly (keyof typeof settings)[];

type Settings = { [Name in keyof typeof settings]: z.output<(typeof settings)[Name]> };
export type SettingName = keyof Settings;

/**
 * Settings that hold a secret. Each may be given as NAME_FILE instead: the path of a file with the
 * value.
 */
const SECRET_NAMES: readonly SettingName[] = [
  'DATABASE_URL',
  'DATABASE_DIRECT_URL',
  'SMTP_URL',
  'STRIPE_API_KEY',
  'STRIPE_WEBHOOK_SECRET',
  'STANDARD_WEBHOOK_SECRET',
  'TICKET_SIGNING_KEY',
  'PAYLOAD_ENCRYPTION_KEY',
  'WEBHOOK_SECRETS_KEY',
];

/**
 * The text of a setting, from the environment or from the file that NAME_FILE names; undefined when
 * it is unset or empty.
 * @throws SettingsError when both are given, or the file cannot be read or is empty
 */
function textOf(name: SettingName, env: NodeJS.ProcessEnv): string | undefined {
  const text = env[name] || undefined;
  const file = SECRET_NAMES.includes(name) ? env[`${name}_FILE`] || undefined : undefined;
  if (file === undefined) return text;
  if (text !== undefined)
    throw new SettingsError(`Settings ${name} and ${name}_FILE are both given: give one of them`);
  let content;
  try {
    content = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new SettingsError(`Setting ${name}_FILE cannot be used: ${(error as Error).message}`);
  }
  if (content === '')
    throw new SettingsError(`Setting ${name}_FILE cannot be used: ${file} is empty`);
  return content;
}

/**
 * Reads the named settings from an environment; an empty value counts as unset.
 * @throws SettingsError with one line that names the first bad setting.
 */
export function readSettings<Name extends SettingName>(
  names: readonly Name[],
  env: NodeJS.ProcessEnv = process.env,
): Pick<Settings, Name> {
  const result: Partial<Record<Name, unknown>> = {};
  for (const name of names) {
    const parsed = settings[name].safeParse(textOf(name, env));
    if (!parsed.success) {
      throw new SettingsError(
        `Setting ${name} cannot be used: ${parsed.error.issues[0]?.message ?? 'bad value'}`,
      );
    }
    result[name] = parsed.data;
  }
  return result as Pick<Settings, Name>;
}

/**
 * Checks a value that comes from elsewhere as the setting of this name would be.
 * @throws SettingsError with one line that names it
 */
export function checkSetting(name: SettingName, text: string): void {
  readSettings([name], { [name]: text });
}

/**
 * An environment in which every secret that is given as NAME_FILE is under NAME, for child
 * processes.
 * @throws SettingsError as `readSettings` does for these files
 */
export function withSecretsFromFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const result = { ...env };
  for (const name of SECRET_NAMES) {
    const text = textOf(name, env);
    if (text !== undefined) result[name] = text;
    Reflect.deleteProperty(result, `${name}_FILE`);
  }
  return result;
}

/** The description of a setting: its name as it is given, its purpose, and its default. */
export interface SettingDescription {
  name: string;
  meaning: string;
  /** undefined: none. */
  fallback: string | undefined;
}

/** Describes the named settings, for the help of a command. */
export function describeSettings(names: readonly SettingName[]): SettingDescription[] {
  return names.map((name) => {
    const schema = settings[name];
    const fallback = schema.safeParse(undefined).data;
    return {
      name: SECRET_NAMES.includes(name) ? `${name}[_FILE]` : name,
      meaning: schema.description ?? '',
      fallback: fallback === undefined ? undefined : String(fallback),
    };
  });
}
