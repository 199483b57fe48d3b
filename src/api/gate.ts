/**
 * `sale`: payments, holds of named seats, and admissions. `choice`: holds of `bestAvailable`. `rest`: all other calls.
 */
export type Kind = 'sale' | 'choice' | 'rest';

/** The share of each kind among the calls that are admitted, while calls of every kind wait. */
const WEIGHTS: Readonly<Record<Kind, number>> = { sale: 6, choice: 3, rest: 1 };
const KINDS = Object.keys(WEIGHTS) as Kind[];

/** A call that was admitted. */
export interface Pass {
  /** Gives its place to other calls while it waits for a result from elsewhere; then it queues again. */
  pause: <Result>(wait: () => Promise<Result>) => Promise<Result>;
  leave: () => void;
}

export interface Gate {
  /** Resolves when the call is admitted. */
  enter(kind: Kind, client: string): Promise<Pass>;
}

interface Lane {
  running: number;
  /** The most calls at once; the rest of the capacity is for the other kinds. */
  atOnce: number;
  /** The number of admitted calls divided by the weight: the kind with the lowest value is next. */
  served: number;
  /** By client; the client whose turn is next comes first. */
  waiting: Map<string, (() => void)[]>;
}

/**
 * The queue in front of the database connections. Neither a client nor a kind of call can block the others: each kind
 * has a share, the clients of a kind take turns, and no client has more than half of the capacity.
 * @param atOnce the capacity: how many calls run at once
 */
export function createGate(atOnce: number): Gate {
  const half = Math.max(1, Math.floor(atOnce / 2));
  const lanes = Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      { running: 0, atOnce: kind === 'sale' ? atOnce : half, served: 0, waiting: new Map() },
    ]),
  ) as Record<Kind, Lane>;
  let running = 0;
  /** Calls that run, by client. */
  const runningOf = new Map<string, number>();

  const isOpen = (lane: Lane) => running < atOnce && lane.running < lane.atOnce;

  const hasShare = (client: string) => (runningOf.get(client) ?? 0) < half;

  /** The next client of this lane whose call can be admitted. */
  function nextOf(lane: Lane): string | undefined {
    if (!isOpen(lane)) return undefined;
    for (const client of lane.waiting.keys()) if (hasShare(client)) return client;
    return undefined;
  }

  function admit(kind: Kind, client: string): void {
    running++;
    runningOf.set(client, (runningOf.get(client) ?? 0) + 1);
    lanes[kind].running++;
    lanes[kind].served += 1 / WEIGHTS[kind];
  }

  function letNextIn(): void {
    for (;;) {
      const [next] = KINDS.flatMap((kind) => {
        const client = nextOf(lanes[kind]);
        return client === undefined ? [] : [{ kind, client }];
      }).sort((a, b) => lanes[a.kind].served - lanes[b.kind].served);
      if (next === undefined) return;
      const { kind, client } = next;
      const { waiting } = lanes[kind];
      const calls = waiting.get(client)!;
      const start = calls.shift()!;
      // The client goes to the end of the queue.
      waiting.delete(client);
      if (calls.length > 0) waiting.set(client, calls);
      admit(kind, client);
      start();
    }
  }

  async function stand(kind: Kind, client: string): Promise<void> {
    const lane = lanes[kind];
    const isBusy = (one: Kind) => lanes[one].running > 0 || lanes[one].waiting.size > 0;
    if (!isBusy(kind)) {
      // A kind that was idle has no credit from that time.
      const others = KINDS.filter(isBusy).map((one) => lanes[one].served);
      if (others.length > 0) lane.served = Math.max(lane.served, Math.min(...others));
    }
    // Clients that wait have reached their share; otherwise they would run already.
    if (!lane.waiting.has(client) && isOpen(lane) && hasShare(client)) {
      admit(kind, client);
      return;
    }
    await new Promise<void>((resolve) => {
      const calls = lane.waiting.get(client);
      if (calls) calls.push(resolve);
      else lane.waiting.set(client, [resolve]);
    });
  }

  function leave(kind: Kind, client: string): void {
    running--;
    const left = runningOf.get(client)! - 1;
    if (left === 0) runningOf.delete(client);
    else runningOf.set(client, left);
    lanes[kind].running--;
    letNextIn();
  }

  return {
    async enter(kind, client) {
      await stand(kind, client);
      return {
        async pause(wait) {
          leave(kind, client);
          try {
            return await wait();
          } finally {
            await stand(kind, client);
          }
        },
        leave: () => leave(kind, client),
      };
    },
  };
}
