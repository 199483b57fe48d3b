import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../db/database';
import type { Logger } from '../logger';
import { seeWorkers, type WorkersSeen } from '../db/workers';

const LOOK_EVERY_MS = 500;
const TEMPORAL_EVERY_MS = 2000;
const ATTRIBUTES_EVERY_MS = 15_000;
/** Temporal knows a search attribute everywhere only some seconds after it was made. */
const ATTRIBUTES_MISSING_FOR_MS = 10_000;
/** A look that takes longer is one that failed. */
const LOOK_LIMIT_MS = 2000;
/**
 * While all connections are in use, a look that got none says nothing of the database; not for
 * ever, though.
 */
const BUSY_TRUSTED_MS = 10_000;
const WORKER_SEEN_WITHIN_SECONDS = 15;

export interface Readiness {
  /** What was seen last; asking costs nothing and waits for nothing. */
  state(): {
    database: boolean;
    temporal: boolean;
    /** Of workers that are silent, while others go on. */
    silentRoles: readonly string[];
    missingAttributes: readonly string[];
  };
  /** Resolves after the first look at everything. */
  first: Promise<unknown>;
  stop(): void;
}

interface ReadinessDeps {
  db: Database;
  /** Whether Temporal answers; it may throw and take its time. */
  temporalAnswers: () => Promise<boolean>;
  /** Which of our search attributes Temporal lacks; it may throw and take its time. */
  missingAttributes: () => Promise<readonly string[]>;
  log: Pick<Logger, 'error'>;
}

const limited = <Value>(work: Promise<Value>, otherwise: Value): Promise<Value> => {
  const limit = new AbortController();
  return Promise.race([
    work.catch(() => otherwise),
    delay(LOOK_LIMIT_MS, otherwise, { signal: limit.signal }),
  ]).finally(() => limit.abort());
};

/**
 * Looks again and again, in the background, whether the database and Temporal are there and
 * reservations are worked, and whether Temporal would take them.
 */
export function createReadiness(deps: ReadinessDeps): Readiness {
  const { db, temporalAnswers, missingAttributes, log } = deps;
  const stopping = new AbortController();
  const seen = {
    database: false,
    worked: false,
    silentRoles: [] as readonly string[],
    temporal: false,
    databaseAt: -Infinity,
    missing: [] as readonly string[],
    missingSince: Infinity,
    completeAt: -Infinity,
  };

  async function lookAtDatabase(): Promise<void> {
    const look = { hasConnection: false };
    const looking = db.connected(async (connection) => {
      look.hasConnection = true;
      return seeWorkers(connection, WORKER_SEEN_WITHIN_SECONDS);
    });
    const workers = await limited<WorkersSeen | undefined>(looking, undefined);
    if (workers !== undefined) {
      const { reservations_worked: worked, silent_roles: silentRoles } = workers;
      Object.assign(seen, { database: true, worked, silentRoles, databaseAt: performance.now() });
      return;
    }
    const isBusy = !look.hasConnection && db.load().total > 0 && db.load().waiting > 0;
    if (!isBusy || performance.now() - seen.databaseAt > BUSY_TRUSTED_MS) seen.database = false;
    // No second question while the first one waits.
    await looking.catch(() => undefined);
  }

  async function lookAtTemporal(): Promise<void> {
    seen.temporal = await limited(temporalAnswers(), false);
    if (!seen.temporal || performance.now() - seen.completeAt < ATTRIBUTES_EVERY_MS) return;
    const missing = await limited<readonly string[] | undefined>(missingAttributes(), undefined);
    if (missing === undefined) return;
    if (missing.length === 0) {
      Object.assign(seen, { missing, missingSince: Infinity, completeAt: performance.now() });
      return;
    }
    seen.missingSince = Math.min(seen.missingSince, performance.now());
    if (performance.now() - seen.missingSince < ATTRIBUTES_MISSING_FOR_MS) return;
    if (seen.missing.length === 0)
      log.error(
        `Temporal lacks the search attributes ${missing.join(', ')}, so it refuses our workflows: run \`npm run migrate\` with TEMPORAL_ADDRESS`,
      );
    seen.missing = missing;
  }

  async function keepLooking(look: () => Promise<void>, everyMs: number): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      await look();
    }
  }

  const begin = async (look: () => Promise<void>, everyMs: number): Promise<void> => {
    const first = look();
    void first.then(() => keepLooking(look, everyMs));
    await limited(first, undefined);
  };
  return {
    state() {
      const temporal = seen.temporal && seen.worked;
      return {
        database: seen.database,
        temporal,
        // Without Temporal a worker that starts waits for it, and is silent for that reason.
        silentRoles: temporal ? seen.silentRoles : [],
        missingAttributes: seen.missing,
      };
    },
    first: Promise.all([
      begin(lookAtDatabase, LOOK_EVERY_MS),
      begin(lookAtTemporal, TEMPORAL_EVERY_MS),
    ]),
    stop: () => stopping.abort(),
  };
}
