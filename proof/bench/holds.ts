import { randomUUID } from 'node:crypto';
import type { Database } from '../product';
import { summarise, type Summary } from '../report/statistics';
import type { Bench, BenchEvent } from './case';
import { countHeld } from './fixtures';
import type { LoadRequest, LoadResult } from './load/driver';

/** The hold request of one buyer for one seat. Ours and the baseline get the same bytes, but for the path. */
export interface BuyerRequest {
  id: string;
  seat: string;
  body: string;
}

/** Buyers, one for each of the seats named. */
export function makeBuyers(
  { slug }: Pick<BenchEvent, 'slug'>,
  seats: readonly string[],
): BuyerRequest[] {
  return seats.map((seat) => {
    const id = randomUUID();
    const buyer = { name: 'Ada Lovelace', email: `${id}@example.org` };
    return { id, seat, body: JSON.stringify({ event: slug, seats: [seat], buyer }) };
  });
}

const requestsOf = (path: string, buyers: readonly BuyerRequest[]): LoadRequest[] =>
  buyers.map(({ id, body }) => ({
    method: 'POST',
    path,
    headers: { 'Idempotency-Key': id },
    body,
  }));

export interface Pace {
  connections: number;
  everyMs?: number;
  groupsOf?: number;
}

/** The baseline gets our headers too: it does not read them, and the size on the wire is the same. */
const headersOf = ({ keys }: Bench): Record<string, string> => ({
  Authorization: `Bearer ${keys.client}`,
  'Content-Type': 'application/json',
});

/** Sends the buyers to ours. */
export function holdOurs(
  bench: Bench,
  buyers: readonly BuyerRequest[],
  pace: Pace,
): Promise<LoadResult> {
  const requests = requestsOf('/v1/reservations', buyers);
  return bench.load.run({ baseUrl: bench.apiUrl, headers: headersOf(bench), requests, ...pace });
}

/** Connections for holds at an even pace: more than are in use, unless something stalls. */
const PACED_CONNECTIONS = 64;
/** A hold every 100 ms: what a hold takes beside a burst is compared with this. */
const QUIET = { holds: 200, everyMs: 100 };

/** Sends the buyers to ours at an even pace; each gets a seat. @returns what a hold took, in milliseconds */
export async function holdPaced(
  bench: Bench,
  buyers: readonly BuyerRequest[],
  everyMs: number,
): Promise<Summary> {
  const result = await holdOurs(bench, buyers, { connections: PACED_CONNECTIONS, everyMs });
  expectStatuses(result, { 201: buyers.length });
  return summarise(result.ms);
}

/** The same at ten holds a second, then waits until the machine is quiet. @returns with the buyers, to be ended */
export async function holdQuietly(
  bench: Bench,
): Promise<{ p99Ms: number; buyers: readonly BuyerRequest[] }> {
  const event = await bench.makeEvent(scaled(bench, QUIET.holds, 50));
  const buyers = makeBuyers(event, event.labels);
  const { p99: p99Ms } = await holdPaced(bench, buyers, QUIET.everyMs);
  await bench.quiesce();
  return { p99Ms, buyers };
}

/** Sends the buyers to the baseline `koa`. */
export function holdKoa(
  bench: Bench,
  buyers: readonly BuyerRequest[],
  pace: Pace,
): Promise<LoadResult> {
  const requests = requestsOf('/hold', buyers);
  return bench.load.run({
    baseUrl: bench.baselineUrl,
    headers: headersOf(bench),
    requests,
    ...pace,
  });
}

/** Baseline `sql`: the transactions alone, through the driver. @returns how long they took, in milliseconds */
export async function holdSql(
  bench: Bench,
  buyers: readonly BuyerRequest[],
  atOnce: number,
): Promise<number> {
  const holds = buyers.map(({ id, body }) => [id, JSON.parse(body) as unknown]);
  const answer = await fetch(`${bench.baselineUrl}/sql`, {
    method: 'POST',
    body: JSON.stringify({ holds, atOnce }),
  });
  const { ms, held } = (await answer.json()) as { ms: number; held: number };
  if (held !== buyers.length)
    throw new Error(`the baseline sql held ${held} of ${buyers.length} seats`);
  return ms;
}

/** Baseline `koa-select`: one indexed SELECT for each seat that is named, over HTTP. */
export async function selectKoa(
  { load, baselineUrl }: Bench,
  event: BenchEvent,
  seats: readonly string[],
  connections: number,
): Promise<LoadResult> {
  const requests = seats.map((label) => ({ method: 'GET', path: `/seat/${event.id}/${label}` }));
  const result = await load.run({ baseUrl: baselineUrl, requests, connections });
  expectStatuses(result, { 200: seats.length });
  return result;
}

/**
 * Checks the result of buyers who wanted the same seats.
 * @returns how many seats were sold
 * @throws Error unless every seat that was asked for has exactly one winner, and the database says the same
 */
export async function expectOneWinnerEach(
  db: Database,
  event: BenchEvent,
  buyers: readonly BuyerRequest[],
  result: LoadResult,
): Promise<number> {
  const asked = new Set(buyers.map(({ seat }) => seat));
  expectStatuses(result, { 201: asked.size, 409: buyers.length - asked.size });
  const won = buyers.filter((_, index) => result.statuses[index] === 201).map(({ seat }) => seat);
  if (new Set(won).size !== won.length) throw new Error('a seat was sold twice');
  const held = await countHeld(db, event);
  if (held !== asked.size) throw new Error(`${held} of ${asked.size} seats are held`);
  return held;
}

/** @param expected how many answers have which status. @throws Error when the answers are others */
export function expectStatuses(
  { statuses }: LoadResult,
  expected: Readonly<Record<number, number>>,
): void {
  const counts = new Map<number, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  const same = Object.entries(expected).every(
    ([status, count]) => (counts.get(Number(status)) ?? 0) === count,
  );
  const total = Object.values(expected).reduce((sum, count) => sum + count, 0);
  if (!same || total !== statuses.length) {
    const got = [...counts].map(([status, count]) => `${count} × ${status}`).join(', ');
    throw new Error(`expected ${JSON.stringify(expected)}, got ${got}`);
  }
}

export const perSecond = (count: number, ms: number): number => (1000 * count) / ms;

/** A size, times the scale of the run. */
export const scaled = ({ scale }: Bench, size: number, least = 10): number =>
  Math.max(least, Math.round(size * scale));
