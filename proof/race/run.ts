import { randomInt, randomUUID } from 'node:crypto';
import { createCaller, type ApiAnswer, type Caller } from './client';
import { OptionsError, type RaceOptions } from './options';

/** The outcome of one buyer's request. */
export interface Attempt {
  id: string;
  seat: string;
  /** `failed`: the answer was neither 201 nor 409, or there was none. */
  outcome: 'won' | 'lost' | 'failed';
  ms: number;
  retries: number;
  /** The reason of a failure. */
  reason?: string;
}

/** A requested seat that has not exactly one winner. */
interface BadSeat {
  seat: string;
  winners: string[];
}

interface Round {
  seats: string[];
  attempts: Attempt[];
  /** From the first request to the last answer. */
  ms: number;
  badSeats: BadSeat[];
}

export interface RaceResult {
  event: string;
  rounds: Round[];
  /** How many winning holds were released; null when they are kept. */
  released: number | null;
}

interface Progress {
  (line: string): void;
}

const MAX_EVENTS_LOOKED_AT = 100;
const CONNECT_AT_ONCE = 100;
const ADMIN_CONNECTIONS = 8;

function problemOf({ status, body }: ApiAnswer): string {
  const { code, detail } = (body ?? {}) as { code?: unknown; detail?: unknown };
  return [String(status), code, detail].filter((part) => typeof part === 'string').join(' ');
}

async function read<Body>(api: Caller, path: string): Promise<Body> {
  const answer = await api.call({ method: 'GET', path });
  if (answer.status !== 200) throw new OptionsError(`${path} answered ${problemOf(answer)}`);
  return answer.body as Body;
}

async function freeSeats(api: Caller, event: string): Promise<string[]> {
  const { data } = await read<{ data: { label: string; status: string }[] }>(
    api,
    `/v1/events/${encodeURIComponent(event)}/seats`,
  );
  return data.filter(({ status }) => status === 'available').map(({ label }) => label);
}

interface EventSummary {
  slug: string;
  startsAt: string;
  salesOpenAt: string | null;
  salesCloseAt: string | null;
}

const onSale = ({ startsAt, salesOpenAt, salesCloseAt }: EventSummary, now: number) =>
  (salesOpenAt === null || Date.parse(salesOpenAt) <= now) &&
  (salesCloseAt === null || now < Date.parse(salesCloseAt)) &&
  now < Date.parse(startsAt);

/** The event on sale with the most free seats, among the first hundred. */
async function roomiestEvent(api: Caller): Promise<string> {
  const { data } = await read<{ data: EventSummary[] }>(
    api,
    `/v1/events?limit=${MAX_EVENTS_LOOKED_AT}`,
  );
  let best = { slug: '', free: 0 };
  for (const event of data.filter((one) => onSale(one, Date.now()))) {
    const free = (await freeSeats(api, event.slug)).length;
    if (free > best.free) best = { slug: event.slug, free };
  }
  if (best.slug === '')
    throw new OptionsError('No event on sale has a free seat: run `npm run seed`, or name one');
  return best.slug;
}

function drawSeats(free: string[], count: number): string[] {
  for (let index = 0; index < count; index++) {
    const other = randomInt(index, free.length);
    [free[index], free[other]] = [free[other]!, free[index]!];
  }
  return free.slice(0, count);
}

async function buy(api: Caller, event: string, seat: string, index: number): Promise<Attempt> {
  const id = randomUUID();
  const body = {
    event,
    seats: [seat],
    buyer: { name: `Racer ${index + 1}`, email: `race-${id}@example.org` },
  };
  const sentAt = performance.now();
  try {
    const headers = { 'idempotency-key': id };
    const answer = await api.call({ method: 'POST', path: '/v1/reservations', body, headers });
    const { ms, retries } = answer;
    if (answer.status === 201) return { id, seat, outcome: 'won', ms, retries };
    if (answer.status === 409) return { id, seat, outcome: 'lost', ms, retries };
    return { id, seat, outcome: 'failed', ms, retries, reason: problemOf(answer) };
  } catch (error) {
    const ms = performance.now() - sentAt;
    return { id, seat, outcome: 'failed', ms, retries: 0, reason: (error as Error).message };
  }
}

function badSeatsOf(attempts: readonly Attempt[]): BadSeat[] {
  const winners = new Map<string, string[]>(attempts.map(({ seat }) => [seat, []]));
  for (const { seat, outcome, id } of attempts) if (outcome === 'won') winners.get(seat)!.push(id);
  return [...winners]
    .filter(([, ids]) => ids.length !== 1)
    .map(([seat, ids]) => ({ seat, winners: ids }));
}

async function race(buyers: readonly Caller[], event: string, seats: string[]): Promise<Round> {
  // All requests are sent in one turn of the event loop, so nothing else runs between the first and
  // the last.
  const wanted = buyers.map(() => seats[randomInt(seats.length)]!);
  const startedAt = performance.now();
  const attempts = await Promise.all(
    buyers.map((buyer, index) => buy(buyer, event, wanted[index]!, index)),
  );
  return { seats, attempts, ms: performance.now() - startedAt, badSeats: badSeatsOf(attempts) };
}

const winnersOf = ({ attempts }: Round): Attempt[] =>
  attempts.filter(({ outcome }) => outcome === 'won');

async function connectAll(buyers: readonly Caller[], progress: Progress): Promise<void> {
  // In batches, because the accept queue of the server is finite.
  for (let start = 0; start < buyers.length; start += CONNECT_AT_ONCE) {
    progress(
      `connecting ${Math.min(buyers.length, start + CONNECT_AT_ONCE)} of ${buyers.length} buyers`,
    );
    await Promise.all(buyers.slice(start, start + CONNECT_AT_ONCE).map((buyer) => buyer.connect()));
  }
}

/** A cancel that takes effect later is asked for again this often; the API waits for each a few seconds. */
const CANCEL_TRIES = 10;

/**
 * Cancels a hold. One that has ended meanwhile is free already.
 * @returns whether its seats are free now; those of a hold that cannot be cancelled are when its time ends, which
 * changes nothing of the race
 */
async function cancel(api: Caller, id: string): Promise<boolean> {
  for (let tries = 0; tries < CANCEL_TRIES; tries++) {
    const answer = await api
      .call({ method: 'POST', path: `/v1/reservations/${id}/cancel` })
      .catch(() => null);
    if (answer?.status !== 202) return answer?.status === 200 || answer?.status === 409;
  }
  return false;
}

/** Cancels the winners' holds. @returns how many of them are free */
async function release(
  api: Caller,
  winners: readonly Attempt[],
  progress: Progress,
): Promise<number> {
  const ids = winners.map(({ id }) => id);
  let released = 0;
  const waiting = [...ids];
  const work = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (await cancel(api, id)) released++;
      progress(`releasing the holds: ${released} of ${ids.length}`);
    }
  };
  await Promise.all(Array.from({ length: ADMIN_CONNECTIONS }, work));
  return released;
}

async function drawFreeSeats(
  admin: Caller,
  event: string,
  count: number,
  used: ReadonlySet<string>,
): Promise<string[]> {
  const free = (await freeSeats(admin, event)).filter((seat) => !used.has(seat));
  if (free.length < count) {
    throw new OptionsError(
      `${event} has ${free.length} fresh free seats, ${count} are needed for a round`,
    );
  }
  return drawSeats(free, count);
}

interface WarmUp {
  admin: Caller;
  buyers: readonly Caller[];
  event: string;
  seats: number;
  progress: Progress;
}

/**
 * Runs one round that is not counted, and cancels its holds. A server that has just started
 * compiles its code and opens its database connections during the first requests.
 */
async function warmUp({ admin, buyers, event, seats, progress }: WarmUp): Promise<void> {
  const drawn = await drawFreeSeats(admin, event, seats, new Set());
  await connectAll(buyers, progress);
  progress('warming up');
  await release(admin, winnersOf(await race(buyers, event, drawn)), progress);
}

/**
 * Races buyers for seats on a running server. Each buyer has a connection of its own, opened
 * beforehand, and all send at the same moment.
 * @throws OptionsError when the race is not possible with these options
 */
export async function runRace(
  options: RaceOptions,
  target: { apiUrl: string; key: string },
  progress: Progress,
): Promise<RaceResult> {
  const admin = createCaller(target.apiUrl, target.key, ADMIN_CONNECTIONS);
  const buyers = Array.from({ length: options.buyers }, () =>
    createCaller(target.apiUrl, target.key, 1),
  );
  try {
    const event = options.event ?? (await roomiestEvent(admin));
    await warmUp({ admin, buyers, event, seats: options.seats, progress });
    const used = new Set<string>();
    const rounds: Round[] = [];
    while (rounds.length < options.rounds) {
      const seats = await drawFreeSeats(admin, event, options.seats, used);
      seats.forEach((seat) => used.add(seat));
      await connectAll(buyers, progress);
      progress(`race ${rounds.length + 1} of ${options.rounds}`);
      rounds.push(await race(buyers, event, seats));
    }
    const won = rounds.flatMap(winnersOf);
    return { event, rounds, released: options.keep ? null : await release(admin, won, progress) };
  } finally {
    for (const caller of [admin, ...buyers]) caller.close();
  }
}
