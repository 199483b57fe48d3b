import type { HoldRequest, HoldResult } from '../db/holds';
import { mailboxOf } from '../domain/email-address';

/** How many batches are under way at once: while one commits, the next one looks. */
const AT_ONCE = 2;
/** So many wait before a second batch goes beside another. With fewer, two small ones cost more than one. */
const WORTH_A_SECOND = 8;

interface HoldBatchesDeps {
  /** How many requests a batch has at most; 1: each goes alone. */
  most: number;
  /** Whether a request may be part of a batch. */
  fits: (request: HoldRequest) => boolean;
  /** Takes the seats of each, or says nothing of it where only `takeSeats` can decide. */
  takeTogether: (requests: readonly HoldRequest[]) => Promise<(HoldResult | null)[]>;
  /** Notes the size of a batch. */
  observe: (size: number) => void;
}

/**
 * Sends holds to the database together. Nobody waits for a batch to fill: a request that finds no
 * other under way goes alone, at once, and those that come while a batch is under way are the next
 * one, sent when it is back or when they are many. What shares a key, a buyer or a seat with another
 * goes alone, so nothing is decided within a batch; the database says of each member that it is
 * held, or nothing.
 * @returns takes seats; `alone` does so for one request
 */
export function createHoldBatches({ most, fits, takeTogether, observe }: HoldBatchesDeps) {
  interface Member {
    request: HoldRequest;
    resolve: (result: HoldResult | null) => void;
    reject: (error: unknown) => void;
  }
  const waiting: Member[] = [];
  /** The keys, buyers and seats of those who wait or are under way. */
  const claimed = new Set<string>();
  let underWay = 0;
  let someoneIsAlone = false;

  async function send(members: readonly Member[]): Promise<void> {
    observe(members.length);
    try {
      const results = await takeTogether(members.map(({ request }) => request));
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

  function together(request: HoldRequest): Promise<HoldResult | null> {
    return new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      sendNext();
    });
  }

  const claimsOf = ({ id, buyer, seats }: HoldRequest): string[] => [
    `key ${id}`,
    ...(buyer ? [`buyer ${mailboxOf(buyer.email)}`] : []),
    ...seats.map(({ event, label }) => `seat ${event} ${label}`),
  ];

  return async function hold(
    request: HoldRequest,
    alone: (request: HoldRequest) => Promise<HoldResult>,
  ): Promise<HoldResult> {
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
      const result = await together(request);
      if (result !== null) return result;
    } finally {
      for (const claim of claims) claimed.delete(claim);
    }
    return alone(request);
  };
}
