import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Statement } from '../../product';
import { sendSignal } from '../../../dev/processes';
import { insertEvent } from '../../bench/fixtures';
import type { BenchEvent } from '../../bench/case';
import { expectStatuses, makeBuyers } from '../../bench/holds';
import type { LoadRequest } from '../../bench/load/driver';
import type { Meter, Spent } from './meter';
import type { MeasuredSystem } from './system';

/** As under load: a request that is alone costs more. */
const CONNECTIONS = 40;
const POLL_MS = 50;
const TIMEOUT_MS = 900_000;

/** What each measurement works with. */
export interface Run {
  system: MeasuredSystem;
  meter: Meter;
  progress: (line: string) => void;
}

/** A request for a hold, with the reservation's id. */
export interface HoldRequest {
  id: string;
  request: LoadRequest;
}

export const makeEvent = ({ system }: Run, seats: number): Promise<BenchEvent> =>
  insertEvent(system.db, seats);

/** One hold request for each seat that is named. */
export function holdRequests(
  { system }: Run,
  event: BenchEvent,
  seats: readonly string[],
): HoldRequest[] {
  const common = {
    Authorization: `Bearer ${system.stack.info().keys.client}`,
    'Content-Type': 'application/json',
  };
  return makeBuyers(event, seats).map(({ id, body }) => ({
    id,
    request: {
      method: 'POST',
      path: '/v1/reservations',
      headers: { ...common, 'Idempotency-Key': id },
      body,
    },
  }));
}

/**
 * Sends requests one after the other on each connection.
 * @param expected how many answers have which status
 * @throws Error when the answers are others
 */
export async function send(
  { system }: Run,
  requests: LoadRequest[],
  expected: Readonly<Record<number, number>>,
  connections = CONNECTIONS,
): Promise<void> {
  const result = await system.load.run({
    baseUrl: system.stack.info().apiUrl,
    requests,
    connections,
  });
  expectStatuses(result, expected);
}

/** @throws Error when it takes more than fifteen minutes */
export async function until(done: () => Promise<boolean>): Promise<void> {
  const began = Date.now();
  while (!(await done())) {
    if (Date.now() - began > TIMEOUT_MS)
      throw new Error('the system was not idle after fifteen minutes');
    await sleep(POLL_MS);
  }
}

export async function count({ system }: Run, statement: Statement): Promise<number> {
  const [row] = await system.db.rows<{ n: number }>(statement);
  return row!.n;
}

const COUNT_STARTS = sql('count_starts', `select count(*) as n from outbox where kind = 'start'`);

/** Waits until every hold has its actor. */
export async function untilStarted(run: Run): Promise<void> {
  await until(async () => (await count(run, COUNT_STARTS)) === 0);
  await sleep(1_000); // The last ones are started, not yet adopted.
}

/** Stops a worker (SIGSTOP), so that work for it waits and costs nothing. @returns a function that lets it go on */
export function freeze({ system }: Run, role: 'relay' | 'documents' | 'mail'): () => void {
  const pid = system.pidOf(role);
  sendSignal(pid, 'SIGSTOP');
  return () => sendSignal(pid, 'SIGCONT');
}

export const each = (spent: Spent, items: number): Spent =>
  Object.fromEntries(Object.entries(spent).map(([role, ms]) => [role, ms / items])) as Spent;
