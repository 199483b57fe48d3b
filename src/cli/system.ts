import { readSettings } from '../config';
import { readDevInfo } from './dev-info';

export interface System {
  apiUrl: string;
  databaseUrl: string;
  temporalAddress: string;
  temporalNamespace: string;
  /** A client's API key, if one is known. */
  clientKey: string | undefined;
}

const DATABASE_SETTINGS = [
  'DATABASE_DIRECT_URL',
  'DATABASE_DIRECT_URL_FILE',
  'DATABASE_URL',
  'DATABASE_URL_FILE',
];
const namesDatabase = (env: NodeJS.ProcessEnv): boolean =>
  DATABASE_SETTINGS.some((name) => Boolean(env[name]));

/**
 * For commands, which need session features: the connection that bypasses the pooler, if there is
 * one.
 */
export function directDatabaseUrl(env: NodeJS.ProcessEnv = process.env): string {
  const settings = readSettings(['DATABASE_URL', 'DATABASE_DIRECT_URL'], env);
  return settings.DATABASE_DIRECT_URL ?? settings.DATABASE_URL;
}

/**
 * Finds the system that a command is meant for: the system that the settings name; otherwise the
 * one that `npm run dev` runs (its `dev.json`); otherwise the defaults of the settings.
 */
export function findSystem(home: string, env: NodeJS.ProcessEnv = process.env): System {
  const dev = readDevInfo(home);
  const settings = readSettings(['PORT', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'], env);
  const own = env.PORT ? `http://127.0.0.1:${settings.PORT}` : undefined;
  return {
    apiUrl: env.HOLDFAST_URL ?? own ?? dev?.apiUrl ?? `http://127.0.0.1:${settings.PORT}`,
    databaseUrl: (namesDatabase(env) ? undefined : dev?.databaseUrl) ?? directDatabaseUrl(env),
    temporalAddress: env.TEMPORAL_ADDRESS
      ? settings.TEMPORAL_ADDRESS
      : (dev?.temporalAddress ?? settings.TEMPORAL_ADDRESS),
    temporalNamespace:
      env.TEMPORAL_NAMESPACE ?? dev?.temporalNamespace ?? settings.TEMPORAL_NAMESPACE,
    clientKey: env.HOLDFAST_KEY ?? dev?.keys.client,
  };
}
