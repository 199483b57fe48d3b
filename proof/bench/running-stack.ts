import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings, readDevInfo } from '../product';
import { createPortPicker } from '../../dev/ports';
import type { Stack } from '../../dev/stack';

/** The number of API processes: the workers of the cluster primary, or one. */
export function apiProcesses(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return Math.max(1, children === '' ? 0 : children.split(/\s+/).length);
  } catch {
    return 1;
  }
}

/**
 * The system of `npm run dev`, found by its dev.json. Its processes can be measured and stopped for a moment (SIGSTOP);
 * starting and ending them is left to `npm run dev`.
 */
export async function findRunningStack(): Promise<Stack> {
  const { HOLDFAST_HOME: home } = readSettings(['HOLDFAST_HOME']);
  const read = () => {
    const info = readDevInfo(home);
    if (!info)
      throw new Error(
        `no system runs on ${home}: start npm run dev with RATE_LIMIT=off, or leave --running out`,
      );
    return info;
  };
  const { databaseUrl, temporalAddress, temporalNamespace, temporalUiUrl, mailUrl } = read();
  const noop = async (): Promise<void> => undefined;
  const pids = () => ({ ...read().pids, mail: 0 });
  return {
    services: {
      ...{
        home,
        databaseUrl,
        temporalAddress,
        temporalNamespace,
        temporalUiUrl,
        mailUrl,
        smtpUrl: '',
      },
      pids: () => ({ postgres: pids().postgres, temporal: pids().temporal, mail: 0 }),
      part: () => undefined,
      ports: createPortPicker({}, () => undefined),
      recordFolder: join(home, 'run'),
      stop: noop,
    },
    info: read,
    pids,
    part: () => undefined,
    workerMetricsUrls: [],
    logFolder: join(home, 'logs'),
    failed: new Promise(() => undefined),
    stop: noop,
  };
}
