/** Payments, holds of named seats and admissions; holds whose seats we choose; all other work. */
export type Kind = 'sale' | 'choice' | 'rest';

/** Of so many that are let in, while all kinds wait. */
const WEIGHTS: Readonly<Record<Kind, number>> = { sale: 6, choice: 3, rest: 1 };
const KINDS = Object.keys(WEIGHTS) as Kind[];

/** One who has been let in. */
export interface Pass {
  /** Lets others in while it waits for something that is no work of ours; then it stands in line again. */
  pause: <Result>(wait: () => Promise<Result>) => Promise<Result>;
  leave: () => void;
}

export interface Gate {
  /** Lets a call of this client in when it is its turn. */
  enter(kind: Kind, client: string): Promise<Pass>;
}

interface Lane {
  running: number;
  /** At most; what is left is for the other kinds. */
  atOnce: number;
  /** How many were let in, over its weight: who has the least is next. */
  served: number;
  /** By client, who is next first. */
  waiting: Map<string, (() => void)[]>;
}

/**
 * Stands before the database's connections, so that neither one client nor one kind of call holds up the others: of
 * those who wait each kind has its share, and within a kind the clients take turns.
 * @param atOnce how many may be in
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

  const isOpen = (lane: Lane) => running < atOnce && lane.running < lane.atOnce;

  function admit(kind: Kind): void {
    running++;
    lanes[kind].running++;
    lanes[kind].served += 1 / WEIGHTS[kind];
  }

  function letNextIn(): void {
    for (;;) {
      const [next] = KINDS.filter(
        (kind) => lanes[kind].waiting.size > 0 && isOpen(lanes[kind]),
      ).sort((a, b) => lanes[a].served - lanes[b].served);
      if (next === undefined) return;
      const { waiting } = lanes[next];
      const [client, calls] = waiting.entries().next().value!;
      const start = calls.shift()!;
      // Behind all others who wait.
      waiting.delete(client);
      if (calls.length > 0) waiting.set(client, calls);
      admit(next);
      start();
    }
  }

  async function stand(kind: Kind, client: string): Promise<void> {
    const lane = lanes[kind];
    const isBusy = (one: Kind) => lanes[one].running > 0 || lanes[one].waiting.size > 0;
    if (!isBusy(kind)) {
      // Who was away has saved nothing up.
      const others = KINDS.filter(isBusy).map((one) => lanes[one].served);
      if (others.length > 0) lane.served = Math.max(lane.served, Math.min(...others));
    }
    if (lane.waiting.size === 0 && isOpen(lane)) {
      admit(kind);
      return;
    }
    await new Promise<void>((resolve) => {
      const calls = lane.waiting.get(client);
      if (calls) calls.push(resolve);
      else lane.waiting.set(client, [resolve]);
    });
  }

  function leave(kind: Kind): void {
    running--;
    lanes[kind].running--;
    letNextIn();
  }

  return {
    async enter(kind, client) {
      await stand(kind, client);
      return {
        async pause(wait) {
          leave(kind);
          try {
            return await wait();
          } finally {
            await stand(kind, client);
          }
        },
        leave: () => leave(kind),
      };
    },
  };
}
