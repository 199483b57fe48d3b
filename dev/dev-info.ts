import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from './processes';

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

const devInfoFile = (home: string): string => join(home, 'dev.json');

/** Reads what a running `npm run dev` has written; null when none runs on this folder. */
export function readDevInfo(home: string): DevInfo | null {
  try {
    return JSON.parse(readFileSync(devInfoFile(home), 'utf8')) as DevInfo;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Replaces the file as a whole; its owner alone can read it. */
function writeDevInfo(home: string, info: DevInfo): void {
  writeAtomically(devInfoFile(home), `${JSON.stringify(info, null, 2)}\n`);
}

export function removeDevInfo(home: string): void {
  rmSync(devInfoFile(home), { force: true });
}

/** From `publish` to `withdraw` the file says what `describe` says; to be refreshed when that may have changed. */
export interface DevInfoPublisher {
  publish(home: string, describe: () => DevInfo): void;
  refresh(): void;
  withdraw(): void;
}

export function createDevInfoPublisher(): DevInfoPublisher {
  let published: { home: string; describe: () => DevInfo } | undefined;
  const refresh = (): void => {
    if (published) writeDevInfo(published.home, published.describe());
  };
  return {
    refresh,
    publish: (home, describe) => {
      published = { home, describe };
      refresh();
    },
    withdraw: () => {
      if (published) removeDevInfo(published.home);
      published = undefined;
    },
  };
}
