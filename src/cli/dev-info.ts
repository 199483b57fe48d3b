import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The content of `$HOLDFAST_HOME/dev.json`: how to reach the system that `npm run dev` keeps running. */
export interface DevInfo {
  apiUrl: string;
  databaseUrl: string;
  temporalAddress: string;
  temporalNamespace: string;
  /** Empty, like `mailUrl`, when the service was named by a setting: we do not know its page then. */
  temporalUiUrl: string;
  mailUrl: string;
  keys: { client: string; client2: string; operator: string; scanner: string };
  webhookSecrets: { stripe: string; standard: string };
  /** Process ids; 0 for a service that is not ours. */
  pids: { api: number; workers: number[]; postgres: number; temporal: number };
}

export const devInfoFile = (home: string): string => join(home, 'dev.json');

/** Reads what a running `npm run dev` has written; null when none runs on this folder. */
export function readDevInfo(home: string): DevInfo | null {
  try {
    return JSON.parse(readFileSync(devInfoFile(home), 'utf8')) as DevInfo;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Removes the file, if it is there. */
export function removeDevInfo(home: string): void {
  rmSync(devInfoFile(home), { force: true });
}
