import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The content of `$HOLDFAST_HOME/dev.json`: how to reach the system that `npm run dev` runs. */
export interface DevInfo {
  apiUrl: string;
  databaseUrl: string;
  temporalAddress: string;
  temporalNamespace: string;
  /**
   * Empty when a setting names the service, because then its page is unknown. The same holds for
   * `mailUrl`.
   */
  temporalUiUrl: string;
  mailUrl: string;
  keys: {
    client: string;
    client2: string;
    operator: string;
    scanner: string;
    publishable: string;
  };
  webhookSecrets: { stripe: string; standard: string };
  /** Process ids; 0 for a service that this stack does not run. */
  pids: { api: number; workers: number[]; postgres: number; temporal: number };
}

export const devInfoFile = (home: string): string => join(home, 'dev.json');

/** Reads the file of a running `npm run dev`; null when none runs with this folder. */
export function readDevInfo(home: string): DevInfo | null {
  try {
    return JSON.parse(readFileSync(devInfoFile(home), 'utf8')) as DevInfo;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Removes the file, if it exists. */
export function removeDevInfo(home: string): void {
  rmSync(devInfoFile(home), { force: true });
}
