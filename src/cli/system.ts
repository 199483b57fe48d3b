import { readSettings } from '../config';
import { readDevInfo } from '../dev/dev-info';

export interface System {
  apiUrl: string;
  databaseUrl: string;
  temporalAddress: string;
  temporalNamespace: string;
  /** A client's API key, where one is known. */
  clientKey: string | undefined;
}

/**
 * Finds the system that a command is meant for: the one that the settings name, else the one that `npm run dev` runs
 * (its `dev.json`), else the settings' defaults.
 */
export function findSystem(home: string, env: NodeJS.ProcessEnv = process.env): System {
  const dev = readDevInfo(home);
  const settings = readSettings(['PORT', 'DATABASE_URL', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'], env);
  const own = env.PORT ? `http://127.0.0.1:${settings.PORT}` : undefined;
  return {
    apiUrl: env.HOLDFAST_URL ?? own ?? dev?.apiUrl ?? `http://127.0.0.1:${settings.PORT}`,
    databaseUrl: env.DATABASE_URL ? settings.DATABASE_URL : (dev?.databaseUrl ?? settings.DATABASE_URL),
    temporalAddress: env.TEMPORAL_ADDRESS
      ? settings.TEMPORAL_ADDRESS
      : (dev?.temporalAddress ?? settings.TEMPORAL_ADDRESS),
    temporalNamespace: env.TEMPORAL_NAMESPACE ?? dev?.temporalNamespace ?? settings.TEMPORAL_NAMESPACE,
    clientKey: env.HOLDFAST_KEY ?? dev?.keys.client,
  };
}
