import { setTimeout as sleep } from 'node:timers/promises';
import { sendSignal } from '../../dev/processes';
import type { DirectAccess } from './direct-access';
import type { ChaosSystem } from './system';

const LOOK_EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 5_000;
/** Longer than Temporal is ever frozen as a fault. */
const STUCK_AFTER_MS = 40_000;

export interface TemporalWatch {
  /** How often Temporal was killed because it was stuck. */
  kills(): number;
  stop(): Promise<void>;
}

/**
 * Kills Temporal's development server when it has answered nothing for 40 s; it is restarted. On a machine that is too
 * slow its SQLite may stay "interrupted (9)" for good after a statement was cancelled
 * (https://github.com/temporalio/temporal/pull/9198), which proves nothing about us.
 */
export function watchTemporal(
  { monitor, services }: Pick<ChaosSystem, 'monitor' | 'services'>,
  { temporal }: DirectAccess,
  say: (line: string) => void,
): TemporalWatch {
  const stopping = new AbortController();
  let kills = 0;

  const answers = async (): Promise<boolean> => {
    try {
      await temporal.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
        temporal.workflowService.describeNamespace({ namespace: services.temporalNamespace }),
      );
      return true;
    } catch {
      return false;
    }
  };

  async function watch(): Promise<void> {
    let silent = { pid: null as number | null, since: Date.now() };
    for (;;) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const pid = monitor.pid('temporal');
      if ((await answers()) || pid !== silent.pid) silent = { pid, since: Date.now() };
      if (pid === null || Date.now() - silent.since < STUCK_AFTER_MS) continue;
      say('Temporal is stuck: it is killed, and starts again');
      monitor.willKill(pid);
      sendSignal(pid, 'SIGKILL');
      kills++;
    }
  }

  const watching = watch();
  return {
    kills: () => kills,
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}
