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
 * While others are choosing too, a picture may be so old: the database decides, and what it refuses
 * is passed over.
 */
const CROWDED_PICTURE_MS = 500;
/** After a refusal somebody elsewhere chooses as well, so a newer picture is worth its price. */
const REFUSED_PICTURE_MS = 50;
/** Between two looks while everything that is free is being taken by others, who may yet fail. */
const LOOK_AGAIN_MS = 50;
const MOST_EVENTS = 200;
/**
 * General admission places need no neighbours, and of single seats a choice is made among so many
 * more at each try.
 */
const SPREAD_PER_TRY = 8;
const SKIP_PER_TRY = 4;

export interface BestAvailableRequest extends Omit<HoldRequest, 'labels'> {
  leftMs: () => number;
}

interface Sale {
  picture: SeatPicture;
  /** When the picture was asked for: whatever was committed before is in it. */
  asOf: number;
  /**
   * Seats that somebody here takes (Infinity) or took, or that were refused, and when: newer than
   * the picture.
   */
  claims: Map<number, number>;
  underWay: number;
  /** Where choosing begins, by category, quantity and manner: nothing before it was free. */
  hints: Map<string, number>;
}

interface BestAvailableDeps {
  maps: SeatMaps;
  /** Takes the seats, or says why not. */
  take: (request: HoldRequest) => Promise<HoldResult>;
}

const candidatesOf = new WeakMap<readonly MapSeat[], Map<string, Candidates>>();

function candidates({ layout }: SeatPicture, category: string): Candidates {
  let known = candidatesOf.get(layout);
  if (!known) candidatesOf.set(layout, (known = candidatesByCategory(layout)));
  return known.get(category) ?? { seats: [], inLine: [] };
}

/**
 * Chooses seats for buyers who leave that to us, from the shared picture of the map, passing over
 * what is being taken already in this process. The database decides about each choice. All of a
 * crowd get what there is: whoever is too late for one choice tries the next best while there is
 * time, and none is told "too few" unless it was so at one moment.
 */
export function createBestAvailable({ maps, take }: BestAvailableDeps) {
  const sales = new Map<string, Sale>();

  /** A picture that is not older than that. */
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

  /** Takes what was chosen; nobody else here chooses it meanwhile. */
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
      // Perhaps it was committed; the next picture shows it.
      settle(false);
      throw error;
    }
    settle(result.kind !== 'held' && result.kind !== 'taken');
    if (result.kind !== 'taken') return result;
    // Only some of them may be gone.
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
      // Some are free but being taken, or the picture is an old one.
      if (sale.asOf >= begun) await delay(LOOK_AGAIN_MS);
      maxAgeMs = sale.asOf >= begun ? LOOK_AGAIN_MS : 0;
    }
  };
}
