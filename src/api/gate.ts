/** Payments, holds of named seats and check-ins; holds by `bestAvailable`; lists; everything else. */
export type Kind = 'sale' | 'choice' | 'list' | 'rest';

/** The share of each kind while calls of all kinds wait. */
const WEIGHTS: Readonly<Record<Kind, number>> = { sale: 6, choice: 3, list: 1, rest: 1 };
const KINDS = Object.keys(WEIGHTS) as Kind[];

/** Does something in a place of its own. */
export type Inside = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** A call that has been let in. */
export interface Pass {
  /** Gives its place to others while it waits for something outside the process; then it queues again. */
  pause: <Result>(wait: () => Promise<Result>) => Promise<Result>;
  /**
   * Gives its place to others for good; what `work` has to do by itself then queues for a place with
   * `inside`. Others may wait for what it does.
   */
  aside: <Result>(work: (inside: Inside) => Promise<Result>) => Promise<Result>;
  leave: () => void;
}

/** For a call that needs no place, or keeps the one that it has. */
export const WITHOUT_GATE: Pick<Pass, 'pause' | 'aside'> = {
  pause: (wait) => wait(),
  aside: (work) => work((part) => part()),
};

export interface Gate {
  /**
   * Lets a call of this client in when it is its turn.
   * @param address of one of the client's pages, which take turns among themselves
   */
  enter(kind: Kind, client: string, address?: string): Promise<Pass>;
}

interface Lane {
  running: number;
  /** The most that run at once; the remaining places are for the other kinds. */
  atOnce: number;
  /** The number of calls let in, divided by the weight: the lane with the least is next. */
  served: number;
  /** The waiting calls by client, and of a client by address, each in the order of their turns. */
  waiting: Map<string, Map<string, (() => void)[]>>;
}

/** Puts an entry behind the others if something is left of it, and else away. */
function moveToEnd<Value>(entries: Map<string, Value>, name: string, isLeft: boolean): void {
  const value = entries.get(name)!;
  entries.delete(name);
  if (isLeft) entries.set(name, value);
}

/**
 * Limits the calls that use the database at once, so that neither one client nor one kind of call holds up the others.
 * Of the waiting calls each kind gets its share, within a kind the clients take turns, and within a client its
 * addresses. No client has more than half, however many addresses it has.
 * @param atOnce the most calls that run at once
 */
export function createGate(atOnce: number): Gate {
  const half = Math.max(1, Math.floor(atOnce / 2));
  // A page of 200 reservations is as much work for PostgreSQL as dozens of holds.
  const eighth = Math.max(1, Math.floor(atOnce / 8));
  const most: Readonly<Record<Kind, number>> = {
    sale: atOnce,
    choice: half,
    list: eighth,
    rest: half,
  };
  const lanes = Object.fromEntries(
    KINDS.map((kind) => [kind, { running: 0, atOnce: most[kind], served: 0, waiting: new Map() }]),
  ) as Record<Kind, Lane>;
  let running = 0;
  /** Running calls by client, of all kinds. */
  const runningOf = new Map<string, number>();

  const isOpen = (lane: Lane) => running < atOnce && lane.running < lane.atOnce;

  const hasShare = (client: string) => (runningOf.get(client) ?? 0) < half;

  /** The client whose turn it is in this lane, if one may be let in. */
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
      const addresses = waiting.get(client)!;
      const [address, calls] = addresses.entries().next().value!;
      const start = calls.shift()!;
      // The next turn of the address is behind those of the client's others, and the client's behind other clients'.
      moveToEnd(addresses, address, calls.length > 0);
      moveToEnd(waiting, client, addresses.size > 0);
      admit(kind, client);
      start();
    }
  }

  async function stand(kind: Kind, client: string, address: string): Promise<void> {
    const lane = lanes[kind];
    const isBusy = (one: Kind) => lanes[one].running > 0 || lanes[one].waiting.size > 0;
    if (!isBusy(kind)) {
      // An idle lane saves up no share.
      const others = KINDS.filter(isBusy).map((one) => lanes[one].served);
      if (others.length > 0) lane.served = Math.max(lane.served, Math.min(...others));
    }
    // Other waiting clients have reached their limit, otherwise they would run.
    if (!lane.waiting.has(client) && isOpen(lane) && hasShare(client)) {
      admit(kind, client);
      return;
    }
    await new Promise<void>((resolve) => {
      const addresses = lane.waiting.get(client) ?? new Map<string, (() => void)[]>();
      lane.waiting.set(client, addresses);
      const calls = addresses.get(address);
      if (calls) calls.push(resolve);
      else addresses.set(address, [resolve]);
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
    async enter(kind, client, address = '') {
      let hasPlace = false;
      const stepIn = async () => {
        await stand(kind, client, address);
        hasPlace = true;
      };
      const stepOut = () => {
        if (!hasPlace) return;
        hasPlace = false;
        leave(kind, client);
      };
      await stepIn();
      return {
        async pause(wait) {
          stepOut();
          try {
            return await wait();
          } finally {
            await stepIn();
          }
        },
        aside(work) {
          stepOut();
          return work(async (part) => {
            await stepIn();
            try {
              return await part();
            } finally {
              stepOut();
            }
          });
        },
        leave: stepOut,
      };
    },
  };
}
