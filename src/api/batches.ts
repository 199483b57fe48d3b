/** How many batches are under way at once: while one commits, the next one looks. */
const AT_ONCE = 2;
/** So many wait before a second batch goes beside another. With fewer, two small ones cost more than one. */
const WORTH_A_SECOND = 4;

interface BatchesDeps<Request, Result> {
  /** How many requests a batch has at most; 1: each goes alone. */
  most: number;
  /** Whether a request may be part of a batch. */
  fits: (request: Request) => boolean;
  /** What no two requests of a batch may share. */
  claimsOf: (request: Request) => string[];
  /** Does all of them in one transaction, or says nothing of one where only the single call can decide. */
  together: (requests: readonly Request[]) => Promise<(Result | null)[]>;
  /** Notes the size of a batch. */
  observe: (size: number) => void;
}

/**
 * Sends requests to the database together. Nobody waits for a batch to fill: a request that finds no
 * other under way goes alone, at once, and those that come while a batch is under way are the next
 * one, sent when it is back or when they are many. What shares a claim with another goes alone, so
 * nothing is decided within a batch; the database says of each member that it is done, or nothing.
 * @returns does a request; `alone` does so for one by itself
 */
export function createBatches<Request, Result>({
  most,
  fits,
  claimsOf,
  together,
  observe,
}: BatchesDeps<Request, Result>) {
  interface Member {
    request: Request;
    resolve: (result: Result | null) => void;
    reject: (error: unknown) => void;
  }
  const waiting: Member[] = [];
  /** The claims of those who wait or are under way. */
  const claimed = new Set<string>();
  let underWay = 0;
  let someoneIsAlone = false;

  async function send(members: readonly Member[]): Promise<void> {
    observe(members.length);
    try {
      const results = await together(members.map(({ request }) => request));
      members.forEach(({ resolve }, index) => resolve(results[index]!));
    } catch (error) {
      for (const { reject } of members) reject(error);
    }
  }

  function sendNext(): void {
    const least = underWay === 0 ? 1 : WORTH_A_SECOND;
    if (underWay >= AT_ONCE || waiting.length < Math.min(least, most)) return;
    underWay++;
    void send(waiting.splice(0, most)).then(() => {
      underWay--;
      sendNext();
    });
  }

  function goWithOthers(request: Request): Promise<Result | null> {
    return new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      sendNext();
    });
  }

  return async function inBatch(
    request: Request,
    alone: (request: Request) => Promise<Result>,
  ): Promise<Result> {
    if (most === 1 || !fits(request)) return alone(request);
    if (underWay === 0 && waiting.length === 0 && !someoneIsAlone) {
      someoneIsAlone = true;
      try {
        return await alone(request);
      } finally {
        someoneIsAlone = false;
      }
    }
    const claims = claimsOf(request);
    if (claims.some((claim) => claimed.has(claim))) return alone(request);
    for (const claim of claims) claimed.add(claim);
    try {
      const result = await goWithOthers(request);
      if (result !== null) return result;
    } finally {
      for (const claim of claims) claimed.delete(claim);
    }
    return alone(request);
  };
}
