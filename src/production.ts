import { isIPv4, isIPv6 } from 'node:net';
import { SettingsError } from './config';
import type { Queryable } from './db/database';
import { haveEndpoints } from './db/webhook-endpoints';
import { faultsAreArmed } from './fault-points';
import { secretBoxOf } from './webhooks/secrets';

/**
 * The secrets of docker/trial-secrets, which docker-compose.yml uses. They are public, because they
 * are in the repository.
 */
const KNOWN_WEBHOOK_SECRETS = new Set([
  'whsec_c3RyaXBlLXdlYmhvb2stc2VjcmV0LTAx',
  'whsec_c3RhbmRhcmQtd2ViaG9vay1zZWNyZXQtMQ==',
]);
const KNOWN_DATABASE_PASSWORDS = new Set(['holdfast-trial', 'postgres-trial']);
/** What providers and `openssl rand` make is longer, and has no words in it. */
const SECRET_CHARACTERS = 24;
const DIFFERENT_CHARACTERS = 10;
const WORDS =
  /passw|secret|change-?me|webhook|example|holdfast|default|qwerty|abcdef|012345|123456/i;

/** Whether a webhook's secret could be guessed: it is short, repeats itself, or is made of words. */
function isWeak(secret: string): boolean {
  const text = secret.replace(/^whsec_/, '');
  const readings = [text, Buffer.from(text, 'base64').toString('latin1')];
  return (
    text.length < SECRET_CHARACTERS ||
    new Set(text).size < DIFFERENT_CHARACTERS ||
    readings.some((reading) => WORDS.test(reading))
  );
}

/**
 * Whether traffic to this host leaves our own network, because the host has a public name or
 * address.
 */
export function isOutside(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (isIPv6(name)) return !/^(::1$|f[cd]|fe80)/.test(name);
  if (isIPv4(name)) return !/^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(name);
  // A name without a dot belongs to the container network or the cluster.
  return name.includes('.') && !/\.(internal|local|localhost|svc|cluster\.local)$/.test(name);
}

const refuse = (setting: string, reason: string): never => {
  throw new SettingsError(`Setting ${setting} cannot be used in production: ${reason}`);
};

const IN_CLEAR = 'it sends unencrypted data to another network';

/**
 * Checks a database's URL as the driver reads it: parameters win over what stands before them, and
 * of two with one name the last.
 */
function checkDatabaseUrl(setting: string, text: string): void {
  const { hostname, password, searchParams } = new URL(text);
  for (const name of new Set(searchParams.keys())) {
    if (searchParams.getAll(name).length > 1)
      refuse(setting, `it has the parameter ${name} twice; give it once`);
  }
  const host = searchParams.get('host') || decodeURIComponent(hostname);
  if (searchParams.get('host') && hostname !== '' && host !== hostname)
    refuse(setting, 'it names two hosts, one of them as a parameter; name one');
  if (KNOWN_DATABASE_PASSWORDS.has(searchParams.get('password') || decodeURIComponent(password)))
    refuse(setting, 'its password is published in our repository; make your own');
  const mode = searchParams.get('sslmode') ?? '';
  // With uselibpqcompat `require` encrypts and trusts whoever answers.
  const isSafe =
    searchParams.get('uselibpqcompat') === 'true'
      ? mode === 'verify-full'
      : /^(require|verify-ca|verify-full)$/.test(mode);
  if (isOutside(host) && !isSafe) refuse(setting, `${IN_CLEAR}; add ?sslmode=verify-full`);
}

interface ProductionSettings {
  NODE_ENV: string;
  DATABASE_URL: string;
  DATABASE_DIRECT_URL?: string | undefined;
  RATE_LIMIT?: number | 'off';
  WORKER_ROLES?: readonly string[];
  SMTP_URL?: string;
  STRIPE_WEBHOOK_SECRET?: readonly string[] | undefined;
  STANDARD_WEBHOOK_SECRET?: readonly string[] | undefined;
  STRIPE_API_URL?: string | undefined;
  WEBHOOK_ALLOW_PRIVATE?: 'on' | 'off';
  DEV_TEMPORAL_UI_URL?: string | undefined;
  DEV_MAIL_URL?: string | undefined;
  SHOP_WINDOW?: 'on' | 'off';
  SHOP_WINDOW_KEY?: string | undefined;
  PAYMENT_URL?: string | undefined;
}

/**
 * Refuses settings that are safe in development only: published secrets, armed fault points, and
 * passwords or tickets sent unencrypted over public networks. (Demo keys are checked once the
 * database is open.)
 * @param temporal the address of Temporal, and whether the connection is encrypted
 * @throws SettingsError with one line that names the setting
 */
export function refuseInProduction(
  settings: ProductionSettings,
  temporal: { address: string; tls: boolean },
): void {
  if (settings.NODE_ENV !== 'production') return;
  if (faultsAreArmed()) {
    refuse('HOLDFAST_FAULTS', 'it kills processes on purpose');
  }
  // As root Chromium has no sandbox, and a page that breaks out of it has the machine.
  if (settings.WORKER_ROLES?.includes('documents') && process.getuid?.() === 0)
    refuse('WORKER_ROLES', 'documents are not printed as root; run the worker as another user');
  if (settings.RATE_LIMIT === 'off')
    refuse('RATE_LIMIT', 'without it anybody can hold every seat; give a number');
  for (const name of ['STRIPE_WEBHOOK_SECRET', 'STANDARD_WEBHOOK_SECRET'] as const) {
    if (settings[name]?.some((secret) => KNOWN_WEBHOOK_SECRETS.has(secret)))
      refuse(name, 'this secret is published in our repository; make your own');
    if (settings[name]?.some(isWeak))
      refuse(
        name,
        `it can be guessed; take the provider's, or make one of ${SECRET_CHARACTERS} random characters or more`,
      );
  }
  for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL'] as const) {
    const text = settings[name];
    if (text !== undefined) checkDatabaseUrl(name, text);
  }
  if (settings.WEBHOOK_ALLOW_PRIVATE === 'on')
    refuse('WEBHOOK_ALLOW_PRIVATE', 'whoever has a key could reach your own network');
  if (settings.STRIPE_API_URL !== undefined) {
    refuse('STRIPE_API_URL', 'refunds would not reach Stripe');
  }
  for (const name of ['DEV_TEMPORAL_UI_URL', 'DEV_MAIL_URL'] as const) {
    if (settings[name] !== undefined) {
      refuse(name, 'it links a page without a password');
    }
  }
  if (settings.SHOP_WINDOW === 'on' && settings.SHOP_WINDOW_KEY !== undefined) {
    if (settings.PAYMENT_URL === undefined)
      refuse('SHOP_WINDOW', 'nobody could pay there; set PAYMENT_URL, or SHOP_WINDOW=off');
    else if (settings.PAYMENT_URL.startsWith('http:')) refuse('PAYMENT_URL', IN_CLEAR);
  }
  if (settings.SMTP_URL !== undefined) {
    const { hostname, protocol, searchParams } = new URL(settings.SMTP_URL);
    const isSafe = protocol === 'smtps:' || searchParams.get('requireTLS') === 'true';
    if (isOutside(hostname) && !isSafe)
      refuse('SMTP_URL', `${IN_CLEAR}; use smtps:// or add ?requireTLS=true`);
  }
  if (isOutside(temporal.address.replace(/:\d+$/, '')) && !temporal.tls)
    refuse('TEMPORAL_ADDRESS', `${IN_CLEAR}; set TEMPORAL_TLS or TEMPORAL_API_KEY`);
}

/**
 * Once there are webhook endpoints, their secrets must be readable.
 * @throws SettingsError when the key that they are encrypted with is missing
 */
export async function requireWebhookKey(
  db: Queryable,
  settings: Parameters<typeof secretBoxOf>[0],
): Promise<void> {
  if (secretBoxOf(settings) === null && (await haveEndpoints(db)))
    throw new SettingsError(
      'Setting WEBHOOK_SECRETS_KEY is needed: there are webhook endpoints, and their secrets are encrypted with it',
    );
}
