import type { HoldRequest, HoldResult } from '../db/holds';
import type { SeatName } from '../db/quotes';
import type { Inside } from './gate';

/** How many requests are checked together at most. */
const MOST_AT_ONCE = 100;
/** For this long after a refusal an event counts as crowded: most of its seats are taken. */
const CROWDED_MS = 1000;
const MOST_EVENTS = 10_000;
/** How often a request waits in vain before the database's own locks decide. */
const MOST_WAITS = 3;

interface HoldQueueDeps {
  /** Takes the seats, or returns why that is not possible. `inside` is for work by itself. */
  take: (request: HoldRequest, inside: Inside) => Promise<HoldResult>;
  /** For each request the seats that are taken, or null where only `take` can decide. */
  findUnavailable: (requests: readonly HoldRequest[]) => Promise<(SeatName[] | null)[]>;
}

/**
 * Checks single requests, but combines those that arrive while an answer is pending into one query.
 */
function gather(
  findUnavailable: HoldQueueDeps['findUnavailable'],
): (request: HoldRequest) => Promise<SeatName[] | null> {
  interface Asked {
    request: HoldRequest;
    resolve: (gone: SeatName[] | null) => void;
    reject: (error: unknown) => void;
  }
  const waiting: Asked[] = [];
  let asking = false;

  async function askAll(): Promise<void> {
    asking = true;
    // Lets other requests of the same turn of the event loop join this query.
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MOST_AT_ONCE);
      try {
        const gone = await findUnavailable(batch.map(({ request }) => request));
        batch.forEach(({ resolve }, index) => resolve(gone[index]!));
      } catch (error) {
        batch.forEach(({ reject }) => reject(error));
      }
    }
    asking = false;
  }

  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      if (!asking) void askAll();
    });
}

/**
 * Queues requests before they reach the database, so that a request that cannot win costs little
 * and delays nobody. Of the requests for one seat, one at a time tries to take it. The requests
 * behind it then check together, in one round trip, whether the seat is taken. For an event that
 * refused a hold a moment ago, every request checks first. The queue decides nothing: the database
 * does, each time.
 */
export function createHoldQueue({
  take,
  findUnavailable,
}: HoldQueueDeps): (request: HoldRequest, inside: Inside) => Promise<HoldResult> {
  const look = gather(findUnavailable);
  /**
   * By event and seat: a promise that settles when the request that is taking the seat has its
   * answer.
   */
  const underWay = new Map<string, Promise<unknown>>();
  const refusedAt = new Map<string, number>();

  function refused(event: string): void {
    if (refusedAt.size >= MOST_EVENTS) refusedAt.clear();
    refusedAt.set(event, performance.now());
  }
  const isCrowded = (event: string): boolean =>
    performance.now() - (refusedAt.get(event) ?? -Infinity) < CROWDED_MS;

  async function takeInTurn(
    request: HoldRequest,
    inside: Inside,
    keys: readonly string[],
  ): Promise<HoldResult> {
    const taking = take(request, inside);
    const answered = taking.catch(() => undefined);
    for (const key of keys) underWay.set(key, answered);
    try {
      return await taking;
    } finally {
      for (const key of keys) if (underWay.get(key) === answered) underWay.delete(key);
    }
  }

  return async function hold(request, inside) {
    const { seats } = request;
    const keys = seats.map(({ event, label }) => `${event} ${label}`);
    const events = [...new Set(seats.map(({ event }) => event))];
    const ahead = () => keys.map((key) => underWay.get(key)).find((one) => one !== undefined);
    let doubtful = events.some(isCrowded);
    for (let waits = 0; ; waits++) {
      const first = waits < MOST_WAITS ? ahead() : undefined;
      if (first) {
        await first;
        doubtful = true;
      }
      if (doubtful) {
        const taken = await look(request);
        if (taken) {
          for (const { event } of taken) refused(event);
          return { kind: 'taken', seats: taken };
        }
        doubtful = false;
      }
      if (waits < MOST_WAITS && ahead()) continue;
      const result = await takeInTurn(request, inside, keys);
      if (result.kind === 'taken') for (const { event } of result.seats) refused(event);
      return result;
    }
  };
}
