import { z } from 'zod';

/** A setting that cannot be used. Its message is one line that names the setting and says what it takes. */
export class SettingsError extends Error {}

const port = z.coerce.number().int().min(0).max(65_535);
const seconds = (fallback: number, max: number) => z.coerce.number().int().min(1).max(max).default(fallback);
const count = (fallback: number, max: number) => z.coerce.number().int().min(1).max(max).default(fallback);

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

/** 32 bytes as base64, base64url or hex. */
const key32 = z
  .string()
  .transform((text) => Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64'))
  .refine((bytes) => bytes.length === 32, { message: 'must be 32 bytes, as base64 or hex' });

const webhookSecret = z
  .string()
  .regex(/^\S{8,}(,\S{8,})*$/, { message: 'must be one secret, or several separated by commas while rotating' })
  .transform((text) => text.split(','));

/**
 * A webhook secret that is itself base64 (Standard Webhooks: an optional `whsec_` and base64 behind it). Checked at the
 * start, because a bad one would otherwise only show when the first payment is refused.
 */
const base64Secret = webhookSecret.refine(
  (secrets) => secrets.every((secret) => /^(whsec_)?[A-Za-z0-9+/]{8,}={0,2}$/.test(secret)),
  { message: 'must be base64, with or without whsec_ before it' },
);

const WORKER_ROLES = ['reservations', 'documents', 'mail', 'relay'] as const;

const roles = z
  .string()
  .default(WORKER_ROLES.join(','))
  .transform((text) => text.split(',').map((role) => role.trim()))
  .pipe(z.array(z.enum(WORKER_ROLES)).min(1));

/** Every setting that a Holdfast process reads, with its rule. Groups are combined by what a process needs. */
const settings = {
  NODE_ENV: z.string().default('development'),
  PORT: port.default(3000),
  HOST: z.string().min(1).default('0.0.0.0'),
  /** Processes that share the port: one event loop uses one processor. */
  API_PROCESSES: count(1, 64),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DATABASE_URL: url('postgres', 'postgresql').default('postgres://postgres:postgres@127.0.0.1:5432/holdfast'),
  /** Past a pooler in transaction mode, for what needs a session: migrations, commands, and the relay's LISTEN. */
  DATABASE_DIRECT_URL: url('postgres', 'postgresql').optional(),
  /** Connections a process may open. Keep (processes × this) below the server's max_connections. */
  DATABASE_POOL: count(10, 200),
  /** `off` where a pooler in transaction mode cannot keep prepared statements (PgBouncer before 1.21). */
  DATABASE_PREPARED: z.enum(['on', 'off']).default('on'),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, { message: 'must be host:port' })
    .default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  SMTP_URL: url('smtp', 'smtps').default('smtp://127.0.0.1:1025'),
  MAIL_FROM: z.string().min(3).default('Holdfast Tickets <tickets@holdfast.example>'),
  HOLDFAST_HOME: z.string().min(1).default('.holdfast'),
  HOLD_TTL_SECONDS: seconds(600, 604_800),
  /** Requests a minute for one key and for one address; `off` lifts these and every cap on open holds. */
  RATE_LIMIT: z.union([z.literal('off'), z.coerce.number().int().min(1).max(10_000_000)]).default(6000),
  MAX_OPEN_HOLDS_PER_CLIENT: count(5000, 10_000_000),
  MAX_OPEN_HOLDS_PER_BUYER: count(20, 100_000),
  /** How many proxies of ours stand in front: that many entries at the end of X-Forwarded-For are believed. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  STRIPE_API_KEY: z
    .string()
    .regex(/^(sk|rk)_\S+$/, { message: 'must be a Stripe secret or restricted key (sk_… or rk_…)' })
    .optional(),
  STRIPE_WEBHOOK_SECRET: webhookSecret.optional(),
  STANDARD_WEBHOOK_SECRET: base64Secret.optional(),
  /** Ed25519 seed that signs ticket codes; without it the database keeps one. */
  TICKET_SIGNING_KEY: key32.optional(),
  /** AES-256-GCM key for Temporal payloads; without it payloads (ids, never personal data) are in clear. */
  PAYLOAD_ENCRYPTION_KEY: key32.optional(),
  /**
   * The browser's own sandbox: `required`, `off`, or `preferred` (used where the system allows it; containers often do
   * not). It prints only pages of ours, without a network.
   */
  BROWSER_SANDBOX: z.enum(['off', 'required', 'preferred']).default('preferred'),
  WORKER_ROLES: roles,
  /** Workflows a worker keeps in memory; the rest are replayed when needed. */
  WORKER_CACHED_WORKFLOWS: count(1000, 100_000),
  /** Where a worker serves /metrics; unset: it serves none. */
  METRICS_PORT: port.optional(),
};

export const SETTING_NAMES = Object.keys(settings) as readonly (keyof typeof settings)[];

type Settings = { [Name in keyof typeof settings]: z.output<(typeof settings)[Name]> };

/**
 * Reads the named settings from an environment; an empty value counts as unset.
 * @throws SettingsError with one line that names the first bad setting.
 */
export function readSettings<Name extends keyof Settings>(
  names: readonly Name[],
  env: NodeJS.ProcessEnv = process.env,
): Pick<Settings, Name> {
  const result: Partial<Record<Name, unknown>> = {};
  for (const name of names) {
    const text = env[name];
    const parsed = settings[name].safeParse(text === '' ? undefined : text);
    if (!parsed.success) {
      throw new SettingsError(`Setting ${name} cannot be used: ${parsed.error.issues[0]?.message ?? 'bad value'}`);
    }
    result[name] = parsed.data;
  }
  return result as Pick<Settings, Name>;
}
