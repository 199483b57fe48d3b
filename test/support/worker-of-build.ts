import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { TestSystem } from './system';

/**
 * Starts a worker of another build of the workflows, as `changedWorkflows` makes one, beside or instead
 * of today's. It says `ready` on its channel.
 * @param settings beside the addresses of the system
 */
export function startWorkerOf(
  folder: string,
  { info, stack }: TestSystem,
  settings: NodeJS.ProcessEnv,
): ChildProcess {
  const { databaseUrl, temporalAddress, temporalNamespace } = info;
  return spawn(process.execPath, [join(folder, 'src/worker/main.js')], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: temporalNamespace,
      SMTP_URL: stack.services.smtpUrl,
      ...settings,
    },
  });
}
