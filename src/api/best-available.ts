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
 * The age of a picture that is good enough while other requests choose too: the database decides, and
 * seats that it refuses are skipped.
 */
const CROWDED_PICTURE_MS = 500;
/** After a refusal: another process chooses as well, so a newer picture is worth its cost. */
const REFUSED_PICTURE_MS = 50;
/** The pause while other requests are taking all free seats. Their holds may still fail. */
const LOOK_AGAIN_MS = 50;
const MOST_EVENTS = 200;
/**
 * For single seats and places of general admission: each further try chooses among this many more
 * seats.
 */
const SPREAD_PER_TRY = 8;
const SKIP_PER_TRY = 4;

export interface BestAvailableRequest extends Omit<HoldRequest, 'labels'> {
  leftMs: () => number;
}

interface Sale {
  picture: SeatPicture;
  /** When the picture was requested: it contains all that was committed before. */
  asOf: number;
  /**
   * Seats that this process has claimed since the picture, or that were refused: by index, with the
   * time. Infinity: the claim is under way.
   */
  claims: Map<number, number>;
  underWay: number;
  /** The first seat worth looking at, by category, quantity and manner: no seat before it is free. */
  hints: Map<string, number>;
}

interface BestAvailableDeps {
  maps: SeatMaps;
  /** Holds the seats. The result says why it could not. */
  take: (request: HoldRequest) => Promise<HoldResult>;
}

const candidatesOf = new WeakMap<readonly MapSeat[], Map<string, Candidates>>();

function candidates({ layout }: SeatPicture, category: string): Candidates {
  let known = candidatesOf.get(layout);
  if (!known) candidatesOf.set(layout, (known = candidatesByCategory(layout)));
  return known.get(category) ?? { seats: [], inLine: [] };
}

/**
 * Chooses the seats of `bestAvailable` from the shared picture of the map. Seats that another request
 * of this process is taking are skipped. The database decides about each choice. After a refusal the
 * request tries the next best seats until its time is over. It is refused as "too few" only if too few
 * seats were free at one moment.
 */
export function createBestAvailable({ maps, take }: BestAvailableDeps) {
  const sales = new Map<string, Sale>();

  /** Reads the picture anew if it is older than `maxAgeMs`. */
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

  /** Holds the chosen seats. Other requests of this process skip them meanwhile. */
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
      // The hold may be committed; the next picture shows it.
      settle(false);
      throw error;
    }
    settle(result.kind !== 'held' && result.kind !== 'taken');
    if (result.kind !== 'taken') return result;
    // The other chosen seats are still free.
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
      // Free seats are being taken, or the picture is old.
      if (sale.asOf >= begun) await delay(LOOK_AGAIN_MS);
      maxAgeMs = sale.asOf >= begun ? LOOK_AGAIN_MS : 0;
    }
  };
}
