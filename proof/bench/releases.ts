import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { PROJECT } from '../../dev/steps';
import { makeHome } from '../home';
import { createDatabase } from '../product';
import { buildRelease, startRelease, type Release, type ReleaseSystem } from '../release';
import type { Bench, BenchEvent } from './case';
import { dropPendingStarts, readyForSale } from './fixtures';
import { HOUSEKEEPING_SCHEDULE_ID } from './product';

const SEATS_A_ROW = 100;

/** A system of a release, as a bench: what a case does with ours it can do with this one. */
export interface ReleaseBench extends Bench {
  commit: string;
  close: () => Promise<void>;
}

/** This release or the older one. */
export type Side = 'now' | 'before';

/**
 * Runs `work` on a system of a release that was started for it, with a PostgreSQL and a Temporal of its own: nothing is
 * left to do from a measurement before. Of each side one at a time.
 */
export type WithRelease = <Result>(
  bench: Bench,
  side: Side,
  work: (one: ReleaseBench) => Promise<Result>,
) => Promise<Result>;

/** Makes an event as an operator does: an older release knows its own tables alone. */
async function makeEvent(
  system: ReleaseSystem,
  db: Bench['db'],
  seats: number,
): Promise<BenchEvent> {
  const { apiUrl, keys } = system.info();
  const slug = `bench-${crypto.randomUUID()}`;
  const rows = Array.from({ length: Math.ceil(seats / SEATS_A_ROW) }, (_, index) => ({
    name: `R${index + 1}`,
    seats: Math.min(SEATS_A_ROW, seats - index * SEATS_A_ROW),
  }));
  const answer = await fetch(`${apiUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys.operator}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      slug,
      name: 'Benchmark',
      startsAt: new Date(Date.now() + 30 * 86_400_000).toISOString(),
      timeZone: 'Europe/Prague',
      currency: 'EUR',
      holdTtlSeconds: 3600,
      maxSeatsPerReservation: 10,
      categories: [{ code: 'standard', name: 'Standard', price: 1000 }],
      sections: [{ name: 'Stalls', category: 'standard', rows }],
    }),
  });
  if (answer.status !== 201)
    throw new Error(`no event was made: ${answer.status} ${await answer.text()}`);
  const labels = rows.flatMap(({ name, seats: inRow }) =>
    Array.from({ length: inRow }, (_, index) => `${name}-${index + 1}`),
  );
  return readyForSale(db, slug, labels);
}

/**
 * Tickets are not measured, so they are not printed: a print waits for this browser until its limit
 * and is tried again. (A worker that is stopped by a signal would be found hung, and started anew.) It
 * ends with the worker that started it, however that ends.
 */
function makeSilentBrowser(home: string): string {
  const path = join(home, 'silent-browser');
  writeFileSync(path, '#!/bin/sh\nwhile kill -0 $PPID; do sleep 1; done 2>&-\n', { mode: 0o755 });
  return path;
}

async function startBench(
  bench: Bench,
  release: Release,
  { name, home, signal }: { name: Side; home: string; signal: AbortSignal },
): Promise<ReleaseBench> {
  const system = await startRelease(release, {
    home,
    settings: { RATE_LIMIT: 'off', PUPPETEER_EXECUTABLE_PATH: makeSilentBrowser(home) },
    logFile: join(bench.stack.logFolder, `release-${name}.log`),
    signal,
  });
  const { apiUrl, databaseUrl, temporalAddress, temporalNamespace, keys } = system.info();
  const db = createDatabase({
    url: databaseUrl,
    pool: 4,
    prepared: true,
    applicationName: 'holdfast-bench',
    queryTimeoutMs: 120_000,
  });
  const connection = await Connection.connect({ address: temporalAddress });
  const temporal = new Client({ connection, namespace: temporalNamespace });
  await temporal.schedule.getHandle(HOUSEKEEPING_SCHEDULE_ID).pause('a benchmark runs');
  return {
    ...bench,
    commit: release.commit,
    apiUrl,
    keys,
    db,
    temporal,
    stack: { ...bench.stack, info: system.info, pids: () => ({ ...system.info().pids, mail: 0 }) },
    makeEvent: (seats) => makeEvent(system, db, seats),
    async quiesce() {
      await dropPendingStarts(db);
      await bench.quiesce();
    },
    withoutRelay: () => Promise.reject(new Error('a release is measured with its relay')),
    async close() {
      await Promise.all([db.close(), connection.close()]);
      await system.stop();
    },
  };
}

export interface Releases {
  run: WithRelease;
  /** Resolves once every system that was started has ended; they end with their work, or when `signal` is aborted. */
  ended(): Promise<void>;
}

/** @param ref of the older release, which is built at the first use */
export function createReleases(ref: string, signal: AbortSignal): Releases {
  let older: Release | undefined;
  const running = new Set<Promise<unknown>>();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  aborted.catch(() => undefined);

  const runOnce: WithRelease = async (bench, side, work) => {
    const before = (older ??= buildRelease(ref, bench.progress));
    const release = side === 'before' ? before : { commit: 'now', folder: PROJECT };
    const home = makeHome(`release-${side}`, bench.stack.services.home);
    const one = await startBench(bench, release, { name: side, home, signal });
    try {
      return await Promise.race([work(one), aborted]);
    } finally {
      await one.close();
      rmSync(home, { recursive: true, force: true });
    }
  };
  return {
    run(...parameters) {
      const result = runOnce(...parameters);
      running.add(result);
      void result.catch(() => undefined).then(() => running.delete(result));
      return result;
    },
    async ended() {
      await Promise.allSettled(running);
    },
  };
}
