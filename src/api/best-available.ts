import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlinePassed } from '../db/database';
import type { HoldRequest, HoldResult } from '../db/holds';
import type { MapSeat } from '../db/seat-map';
import {
  candidatesByCategory,
  chooseApart,
  chooseTogether,
  type Candidates,
} from '../domain/best-available';
import type { SeatMaps, SeatPicture } from './seat-maps';

/**
 * The greatest age of a picture while other requests choose too: the database decides, and seats
 * that it refuses are skipped.
 */
const CROWDED_PICTURE_MS = 500;
/** The same after a refusal: another process sells seats of the event too, so a newer picture is worth reading. */
const REFUSED_PICTURE_MS = 50;
/** The pause while all free seats are being taken by other requests, which may still fail. */
const LOOK_AGAIN_MS = 50;
const MOST_EVENTS = 200;
/**
 * For places without neighbours and single seats: by how many candidates more the random choice
 * spreads with each attempt.
 */
const SPREAD_PER_TRY = 8;
const SKIP_PER_TRY = 4;

export interface BestAvailableRequest extends Omit<HoldRequest, 'labels'> {
  leftMs: () => number;
}

interface Sale {
  picture: SeatPicture;
  /** When the picture was requested: it shows all that was committed before. */
  asOf: number;
  /**
   * Seats that requests of this process are taking (Infinity), or have taken or been refused, with
   * the time of that: newer than the picture.
   */
  claims: Map<number, number>;
  underWay: number;
  /** Where to start choosing, by category, quantity and manner: no seat before it was free. */
  hints: Map<string, number>;
}

interface BestAvailableDeps {
  maps: SeatMaps;
  /** Holds the seats, or returns why it could not. */
  take: (request: HoldRequest) => Promise<HoldResult>;
}

const candidatesOf = new WeakMap<readonly MapSeat[], Map<string, Candidates>>();

function candidates({ layout }: SeatPicture, category: string): Candidates {
  let known = candidatesOf.get(layout);
  if (!known) candidatesOf.set(layout, (known = candidatesByCategory(layout)));
  return known.get(category) ?? { seats: [], inLine: [] };
}

/**
 * Chooses seats for `bestAvailable` from the shared picture of the map, skipping seats that this
 * process is already taking. The database decides about each choice. A request whose choice was
 * taken by another tries the next best until its deadline, and is answered "too few" only if too few
 * were free at one moment.
 */
export function createBestAvailable({ maps, take }: BestAvailableDeps) {
  const sales = new Map<string, Sale>();

  /** A picture at most that old. */
  async function look(eventId: string, maxAgeMs: number): Promise<Sale> {
    const known = sales.get(eventId);
    if (known && performance.now() - known.asOf <= maxAgeMs) return known;
    const asOf = performance.now();
    const picture = await maps.read(eventId);
    let sale = sales.get(eventId);
    if (!sale) {
      sale = { picture, asOf, claims: new Map(), underWay: 0, hints: new Map() };
      sales.set(eventId, sale);
      for (const [id, { underWay }] of sales) {
        if (sales.size <= MOST_EVENTS) break;
        if (underWay === 0 && id !== eventId) sales.delete(id);
      }
    } else if (asOf > sale.asOf) {
      Object.assign(sale, { picture, asOf });
      for (const [seat, settledAt] of sale.claims) if (settledAt < asOf) sale.claims.delete(seat);
      sale.hints.clear();
    }
    return sale;
  }

  function choose(
    sale: Sale,
    category: string,
    quantity: number,
    attempt: number,
  ): number[] | null {
    const { picture, claims, hints } = sale;
    const among = candidates(picture, category);
    const isFree = (seat: number) => picture.letters[seat] === 'a' && !claims.has(seat);
    const hinted = (manner: string, find: (from: number) => ReturnType<typeof chooseApart>) => {
      const key = `${manner} ${quantity} ${category}`;
      const choice = find(hints.get(key) ?? 0);
      hints.set(key, choice?.from ?? among.seats.length);
      return choice?.seats ?? null;
    };
    const together =
      quantity > 1
        ? hinted('together', (from) => {
            const skip = attempt === 0 ? 0 : randomInt(SKIP_PER_TRY * attempt);
            return chooseTogether(among, isFree, quantity, { from, skip });
          })
        : null;
    return (
      together ??
      hinted('apart', (from) => {
        const spread = 1 + SPREAD_PER_TRY * attempt;
        const pick = (below: number) => (attempt === 0 ? 0 : randomInt(below));
        return chooseApart(among, isFree, quantity, { from, spread, pick });
      })
    );
  }

  /** Holds the chosen seats; meanwhile no other request of this process chooses them. */
  async function takeChosen(
    sale: Sale,
    request: BestAvailableRequest,
    seats: readonly number[],
  ): Promise<HoldResult> {
    const settle = (free: boolean) => {
      sale.underWay--;
      for (const seat of seats) {
        if (free) sale.claims.delete(seat);
        else sale.claims.set(seat, performance.now());
      }
      if (free) sale.hints.clear();
    };
    sale.underWay++;
    for (const seat of seats) sale.claims.set(seat, Infinity);
    const { layout } = sale.picture;
    let result: HoldResult;
    try {
      result = await take({ ...request, labels: seats.map((seat) => layout[seat]!.label) });
    } catch (error) {
      // It may have been committed: the next picture shows it.
      settle(false);
      throw error;
    }
    settle(result.kind !== 'held' && result.kind !== 'taken');
    if (result.kind !== 'taken') return result;
    // Perhaps only some of them are taken.
    const gone = new Set(result.seats);
    for (const seat of seats) if (!gone.has(layout[seat]!.label)) sale.claims.delete(seat);
    sale.hints.clear();
    return result;
  }

  const freeIn = (picture: SeatPicture, category: string): number =>
    candidates(picture, category).seats.reduce(
      (count, seat) => (picture.letters[seat] === 'a' ? count + 1 : count),
      0,
    );

  return async function holdBest(
    eventId: string,
    request: BestAvailableRequest,
    { quantity, category }: { quantity: number; category: string },
  ): Promise<HoldResult> {
    const begun = performance.now();
    let maxAgeMs = (sales.get(eventId)?.underWay ?? 0) > 0 ? CROWDED_PICTURE_MS : 0;
    for (let attempt = 0; ;) {
      if (request.leftMs() <= 0) throw new DeadlinePassed();
      const sale = await look(eventId, maxAgeMs);
      const seats = choose(sale, category, quantity, attempt);
      if (seats) {
        const result = await takeChosen(sale, request, seats);
        if (result.kind !== 'taken') return result;
        attempt++;
        maxAgeMs = REFUSED_PICTURE_MS;
        continue;
      }
      if (sale.asOf >= begun && freeIn(sale.picture, category) < quantity)
        return { kind: 'taken', seats: [] };
      // Some seats are free but being taken, or the picture is older than the request.
      if (sale.asOf >= begun) await delay(LOOK_AGAIN_MS);
      maxAgeMs = sale.asOf >= begun ? LOOK_AGAIN_MS : 0;
    }
  };
}
