import { isIPv4, isIPv6 } from 'node:net';
import { SettingsError } from './config';
import { faultsAreArmed } from './fault-points';

/**
 * The secrets of docker/trial-secrets, which docker-compose.yml uses. They are public, because they
 * are in the repository.
 */
const KNOWN_WEBHOOK_SECRETS = new Set([
  'whsec_c3RyaXBlLXdlYmhvb2stc2VjcmV0LTAx',
  'whsec_c3RhbmRhcmQtd2ViaG9vay1zZWNyZXQtMQ==',
]);
const KNOWN_DATABASE_PASSWORDS = new Set(['holdfast-trial', 'postgres-trial']);

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

function requireTls(
  setting: string,
  text: string,
  isSafe: (url: URL) => boolean,
  mend: string,
): void {
  const url = new URL(text);
  if (isOutside(url.hostname) && !isSafe(url)) {
    throw new SettingsError(
      `Setting ${setting} cannot be used in production: it sends unencrypted data to another network; ${mend}`,
    );
  }
}

interface ProductionSettings {
  NODE_ENV: string;
  DATABASE_URL: string;
  DATABASE_DIRECT_URL?: string | undefined;
  SMTP_URL?: string;
  STRIPE_WEBHOOK_SECRET?: readonly string[] | undefined;
  STANDARD_WEBHOOK_SECRET?: readonly string[] | undefined;
  DEV_TEMPORAL_UI_URL?: string | undefined;
  DEV_MAIL_URL?: string | undefined;
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
    throw new SettingsError(
      'Setting HOLDFAST_FAULTS cannot be used in production: it kills processes on purpose',
    );
  }
  for (const name of ['STRIPE_WEBHOOK_SECRET', 'STANDARD_WEBHOOK_SECRET'] as const) {
    if (settings[name]?.some((secret) => KNOWN_WEBHOOK_SECRETS.has(secret))) {
      throw new SettingsError(
        `Setting ${name} cannot be used in production: this secret is published in our repository; make your own`,
      );
    }
  }
  const isTls = ({ searchParams }: URL) =>
    /^(require|verify-ca|verify-full)$/.test(searchParams.get('sslmode') ?? '');
  for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL'] as const) {
    const text = settings[name];
    if (text === undefined) continue;
    if (KNOWN_DATABASE_PASSWORDS.has(decodeURIComponent(new URL(text).password))) {
      throw new SettingsError(
        `Setting ${name} cannot be used in production: its password is published in our repository; make your own`,
      );
    }
    requireTls(name, text, isTls, 'add ?sslmode=verify-full');
  }
  for (const name of ['DEV_TEMPORAL_UI_URL', 'DEV_MAIL_URL'] as const) {
    if (settings[name] !== undefined) {
      throw new SettingsError(
        `Setting ${name} cannot be used in production: it links a page without a password`,
      );
    }
  }
  if (settings.SMTP_URL !== undefined) {
    const isSafe = (url: URL) =>
      url.protocol === 'smtps:' || url.searchParams.get('requireTLS') === 'true';
    requireTls('SMTP_URL', settings.SMTP_URL, isSafe, 'use smtps:// or add ?requireTLS=true');
  }
  if (isOutside(temporal.address.replace(/:\d+$/, '')) && !temporal.tls) {
    throw new SettingsError(
      'Setting TEMPORAL_ADDRESS cannot be used in production: it sends unencrypted data to another network; set TEMPORAL_TLS or TEMPORAL_API_KEY',
    );
  }
}
