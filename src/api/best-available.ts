import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlinePassed } from '../db/database';
import type { HoldRequest, HoldResult } from '../db/holds';
import type { SeatName, WantedSeat } from '../db/quotes';
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

export interface BestAvailableRequest extends Omit<HoldRequest, 'seats'> {
  leftMs: () => number;
}

/** Seats of a category that are left to us: as many as there are price types. */
export interface Wish {
  eventId: string;
  /** The event's slug. */
  event: string;
  category: string;
  /** Of each seat, in map order; null: the event's first. */
  priceTypes: (string | null)[];
  /** The allotment that the seats are taken from; null: the open sale. */
  allotment?: string | null;
}

/** A line of an order: seats by name, or a wish. */
export type OrderLine = WantedSeat[] | Wish;

const isWish = (line: OrderLine): line is Wish => !Array.isArray(line);

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

/** What was chosen for one wish. */
interface Choice {
  wish: Wish;
  sale: Sale;
  /** Places in the map. */
  seats: number[];
}

const nameOf = ({ event, label }: { event: string; label: string }): string => `${event} ${label}`;

/** The seats of an order, line by line. */
const seatsOf = (lines: readonly OrderLine[], choices: readonly Choice[]): WantedSeat[] =>
  lines.flatMap((line) => {
    if (!isWish(line)) return line;
    const { sale, seats } = choices.find(({ wish }) => wish === line)!;
    return [...seats]
      .sort((a, b) => a - b)
      .map((seat, index) => ({
        event: line.event,
        label: sale.picture.layout[seat]!.label,
        priceType: line.priceTypes[index]!,
        allotment: line.allotment ?? null,
      }));
  });

const wasRefused = ({ wish, sale, seats }: Choice, gone: readonly SeatName[]): boolean => {
  const names = new Set(gone.map(nameOf));
  return seats.some((seat) =>
    names.has(nameOf({ event: wish.event, label: sale.picture.layout[seat]!.label })),
  );
};

const candidatesOf = new WeakMap<readonly MapSeat[], Map<string, Candidates>>();

function candidates({ layout }: SeatPicture, category: string): Candidates {
  let known = candidatesOf.get(layout);
  if (!known) candidatesOf.set(layout, (known = candidatesByCategory(layout)));
  return known.get(category) ?? { seats: [], inLine: [] };
}

/** The labels of an allotment; null for the open sale. */
const kept = ({ allotted }: SeatPicture, allotment: string | null): ReadonlySet<string> | null =>
  allotment === null ? null : new Set(allotted?.[allotment]?.seats);

/** Whether a seat is free: in an allotment, or in the open sale. */
const isFreeIn = (
  { letters, layout }: SeatPicture,
  seat: number,
  mine: ReadonlySet<string> | null,
): boolean =>
  mine === null ? letters[seat] === 'a' : letters[seat] === 'b' && mine.has(layout[seat]!.label);

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
    { event, category, priceTypes, allotment = null }: Wish,
    attempt: number,
    named: ReadonlySet<string>,
  ): number[] | null {
    const { picture, claims, hints } = sale;
    const quantity = priceTypes.length;
    const among = candidates(picture, category);
    const mine = kept(picture, allotment);
    const isFree = (seat: number) =>
      isFreeIn(picture, seat, mine) &&
      !claims.has(seat) &&
      !named.has(nameOf({ event, label: picture.layout[seat]!.label }));
    const hinted = (manner: string, find: (from: number) => ReturnType<typeof chooseApart>) => {
      const key = `${manner} ${quantity} ${allotment} ${category}`;
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

  /** Nobody else here chooses these seats meanwhile. */
  function claim(sale: Sale, seats: readonly number[]): void {
    sale.underWay++;
    for (const seat of seats) sale.claims.set(seat, Infinity);
  }

  /** @param free whether the seats can be chosen again; otherwise they were taken just now, or may have been */
  function settle({ sale, seats }: Choice, free: boolean): void {
    sale.underWay--;
    for (const seat of seats) {
      if (free) sale.claims.delete(seat);
      else sale.claims.set(seat, performance.now());
    }
    if (free) sale.hints.clear();
  }

  /** Chooses for each wish, or says for which there is nothing to choose. */
  async function chooseAll(
    lines: readonly OrderLine[],
    { attempt, maxAgeMs }: { attempt: number; maxAgeMs: number },
  ): Promise<{ choices: Choice[] } | { without: Wish; sale: Sale }> {
    const named = new Set(lines.flatMap((line) => (isWish(line) ? [] : line.map(nameOf))));
    const choices: Choice[] = [];
    try {
      for (const wish of lines.filter(isWish)) {
        const sale = await look(wish.eventId, maxAgeMs);
        const seats = choose(sale, wish, attempt, named);
        if (!seats) {
          for (const choice of choices) settle(choice, true);
          return { without: wish, sale };
        }
        claim(sale, seats);
        choices.push({ wish, sale, seats });
      }
    } catch (error) {
      for (const choice of choices) settle(choice, true);
      throw error;
    }
    return { choices };
  }

  /** Takes what was chosen, with what was named. */
  async function takeChosen(
    request: BestAvailableRequest,
    lines: readonly OrderLine[],
    choices: readonly Choice[],
  ): Promise<HoldResult> {
    let result: HoldResult;
    try {
      result = await take({ ...request, seats: seatsOf(lines, choices) });
    } catch (error) {
      // Perhaps it was committed; the next picture shows it.
      for (const choice of choices) settle(choice, false);
      throw error;
    }
    const isGone = result.kind === 'held' || result.kind === 'taken';
    for (const choice of choices) settle(choice, !isGone);
    if (result.kind !== 'taken') return result;
    // Only some of them may be gone.
    const gone = new Set(result.seats.map(nameOf));
    for (const { wish, sale, seats } of choices) {
      for (const seat of seats) {
        const { label } = sale.picture.layout[seat]!;
        if (!gone.has(nameOf({ event: wish.event, label }))) sale.claims.delete(seat);
      }
      sale.hints.clear();
    }
    return result;
  }

  function freeIn(picture: SeatPicture, { category, allotment = null }: Wish): number {
    const mine = kept(picture, allotment);
    return candidates(picture, category).seats.filter((seat) => isFreeIn(picture, seat, mine))
      .length;
  }

  return {
    /**
     * Chooses seats without taking them, for a preview.
     * @returns null when there are too few
     */
    async choose(lines: readonly OrderLine[]): Promise<WantedSeat[] | null> {
      const chosen = await chooseAll(lines, { attempt: 0, maxAgeMs: 0 });
      if (!('choices' in chosen)) return null;
      const seats = seatsOf(lines, chosen.choices);
      for (const choice of chosen.choices) settle(choice, true);
      return seats;
    },

    /** Takes the best seats for each wish, and all that is named: all or nothing. */
    async hold(request: BestAvailableRequest, lines: readonly OrderLine[]): Promise<HoldResult> {
      const begun = performance.now();
      const wishes = lines.filter(isWish);
      const crowded = wishes.some(({ eventId }) => (sales.get(eventId)?.underWay ?? 0) > 0);
      let maxAgeMs = crowded ? CROWDED_PICTURE_MS : 0;
      for (let attempt = 0; ;) {
        if (request.leftMs() <= 0) throw new DeadlinePassed();
        const chosen = await chooseAll(lines, { attempt, maxAgeMs });
        if ('choices' in chosen) {
          const result = await takeChosen(request, lines, chosen.choices);
          const { choices } = chosen;
          if (result.kind !== 'taken' || !choices.some((one) => wasRefused(one, result.seats)))
            return result;
          attempt++;
          maxAgeMs = REFUSED_PICTURE_MS;
          continue;
        }
        const { sale, without } = chosen;
        if (sale.asOf >= begun && freeIn(sale.picture, without) < without.priceTypes.length)
          return { kind: 'taken', seats: [] };
        // Some are free but being taken, or the picture is an old one.
        if (sale.asOf >= begun) await delay(LOOK_AGAIN_MS);
        maxAgeMs = sale.asOf >= begun ? LOOK_AGAIN_MS : 0;
      }
    },
  };
}
