import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings, readDevInfo } from '../product';
import { createPortPicker } from '../../dev/ports';
import type { Stack } from '../../dev/stack';

/** How many processes of its own kind the API runs as: itself alone, or a primary's workers. */
export function apiProcesses(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return Math.max(1, children === '' ? 0 : children.split(/\s+/).length);
  } catch {
    return 1;
  }
}

/**
 * The system that `npm run dev` runs, as far as it can be used from outside: its parts can be looked at and stopped for a
 * moment, but they are somebody else's to end.
 */
export async function findRunningStack(): Promise<Stack> {
  const { HOLDFAST_HOME: home } = readSettings(['HOLDFAST_HOME']);
  const read = () => {
    const info = readDevInfo(home);
    if (!info)
      throw new Error(`no system runs on ${home}: start npm run dev with RATE_LIMIT=off, or leave --running out`);
    return info;
  };
  const { databaseUrl, temporalAddress, temporalNamespace, temporalUiUrl, mailUrl } = read();
  const nothing = async (): Promise<void> => undefined;
  const pids = () => ({ ...read().pids, mail: 0 });
  return {
    services: {
      ...{ home, databaseUrl, temporalAddress, temporalNamespace, temporalUiUrl, mailUrl, smtpUrl: '' },
      pids: () => ({ postgres: pids().postgres, temporal: pids().temporal, mail: 0 }),
      part: () => undefined,
      ports: createPortPicker({}, () => undefined),
      recordFolder: join(home, 'run'),
      stop: nothing,
    },
    info: read,
    pids,
    part: () => undefined,
    workerMetricsUrls: [],
    logFolder: join(home, 'logs'),
    failed: new Promise(() => undefined),
    stop: nothing,
  };
}
