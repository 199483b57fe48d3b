import type { HoldRequest, HoldResult } from '../db/holds';

/** Of requests that are looked at together. */
const MOST_AT_ONCE = 100;
/** For so long after a refusal an event counts as one where most seats are gone. */
const CROWDED_MS = 1000;
const MOST_EVENTS = 10_000;
/** After that often in vain, the database's own locks decide. */
const MOST_WAITS = 3;

interface HoldQueueDeps {
  /** Takes the seats, or says why not. */
  take: (request: HoldRequest) => Promise<HoldResult>;
  /** For each request the seats that are gone, or null where only `take` can say. */
  findUnavailable: (requests: readonly HoldRequest[]) => Promise<(string[] | null)[]>;
}

/** Asks about single requests, but those that come while an answer is awaited are asked about together. */
function gather(
  findUnavailable: HoldQueueDeps['findUnavailable'],
): (request: HoldRequest) => Promise<string[] | null> {
  interface Asked {
    request: HoldRequest;
    resolve: (gone: string[] | null) => void;
    reject: (error: unknown) => void;
  }
  const waiting: Asked[] = [];
  let asking = false;

  async function askAll(): Promise<void> {
    asking = true;
    // Whoever else is at the same point of the event loop comes along.
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
 * Brings order into a crowd before it reaches the database, so that whoever cannot win costs little and holds up nobody:
 * of those who want one seat one at a time takes it, and those behind him look together, in one round trip, whether
 * it is gone; as does everybody where seats were gone a moment ago. It decides nothing: the database does, each time.
 */
export function createHoldQueue({
  take,
  findUnavailable,
}: HoldQueueDeps): (request: HoldRequest) => Promise<HoldResult> {
  const look = gather(findUnavailable);
  /** By event and seat: settles when the request that is taking it has its answer. */
  const underWay = new Map<string, Promise<unknown>>();
  const refusedAt = new Map<string, number>();

  function refused(event: string): void {
    if (refusedAt.size >= MOST_EVENTS) refusedAt.clear();
    refusedAt.set(event, Date.now());
  }
  const isCrowded = (event: string): boolean =>
    Date.now() - (refusedAt.get(event) ?? -Infinity) < CROWDED_MS;

  async function takeInTurn(request: HoldRequest, keys: readonly string[]): Promise<HoldResult> {
    const taking = take(request);
    const answered = taking.catch(() => undefined);
    for (const key of keys) underWay.set(key, answered);
    try {
      return await taking;
    } finally {
      for (const key of keys) if (underWay.get(key) === answered) underWay.delete(key);
    }
  }

  return async function hold(request) {
    const { event, labels } = request;
    const keys = labels.map((label) => `${event} ${label}`);
    const ahead = () => keys.map((key) => underWay.get(key)).find((one) => one !== undefined);
    let doubtful = isCrowded(event);
    for (let waits = 0; ; waits++) {
      const first = waits < MOST_WAITS ? ahead() : undefined;
      if (first) {
        await first;
        doubtful = true;
      }
      if (doubtful) {
        const taken = await look(request);
        if (taken) {
          refused(event);
          return { kind: 'taken', seats: taken };
        }
        doubtful = false;
      }
      if (waits < MOST_WAITS && ahead()) continue;
      const result = await takeInTurn(request, keys);
      if (result.kind === 'taken') refused(event);
      return result;
    }
  };
}
