import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlinePassed } from '../db/database';
import type { OrphanRule } from '../db/events';
import type { HoldRequest, HoldResult, SeatChoices } from '../db/holds';
import type { SeatName, WantedSeat } from '../db/quotes';
import type { MapSeat } from '../db/seat-map';
import { areEnough, chooseSeats, readHouse, type House } from '../domain/best-available';
import type { Inside } from './gate';
import type { SeatMaps, SeatPicture } from './seat-maps';

/**
 * The greatest age of a picture: the database decides, and seats that it refuses are skipped. Only
 * "none" is said of nothing older than the request.
 */
const PICTURE_MS = 5000;
/** The age at which a picture is read again, while requests still choose from it. */
const RENEWED_MS = 500;
/** A picture that takes long to read is renewed less often: reading takes at most this share of the time. */
const RENEWING_SHARE = 0.1;
/** The greatest age after a refusal: another process sells seats of the event too, so a newer picture is worth reading. */
const REFUSED_PICTURE_MS = 50;
/** After so many refusals the seats are chosen and taken in one transaction. */
const MOST_REFUSALS = 3;
/** From so many choices the database takes the first that nobody else is taking. */
const CHOICES = 20;
/** The pause while all free seats are being taken by other requests, which may still fail. */
const LOOK_AGAIN_MS = 50;
const MOST_EVENTS = 200;
/** By how many choices more, for each seat, the random choice spreads with each attempt. */
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
  /** How many of them are accessible places. */
  accessible?: number;
  /** The allotment that the seats are taken from; null: the open sale. */
  allotment?: string | null;
  orphanRule?: OrphanRule;
}

/** A line of an order: seats by name, or a wish. */
export type OrderLine = WantedSeat[] | Wish;

const isWish = (line: OrderLine): line is Wish => !Array.isArray(line);

interface Sale {
  picture: SeatPicture;
  /** When the picture was requested: it shows all that was committed before. */
  asOf: number;
  /** How long it took to read it. */
  readMs: number;
  /** The picture is being read again. */
  renewing: boolean;
  /**
   * Seats that requests of this process are taking (Infinity), or have taken or been refused, with
   * the time of that: newer than the picture.
   */
  claims: Map<number, number>;
  underWay: number;
  /** Where to start choosing, by allotment and kind of choice: no seat before it was free. */
  hints: Map<string | null, Map<string, number>>;
}

interface BestAvailableDeps {
  maps: SeatMaps;
  /** Holds the seats, or returns why it could not. */
  take: (request: HoldRequest, inside: Inside) => Promise<HoldResult>;
  /** Chooses and holds in one transaction; null when all choices are being taken or gone. */
  takeFirst: (
    request: Omit<HoldRequest, 'seats'>,
    lines: readonly (WantedSeat[] | SeatChoices)[],
  ) => Promise<HoldResult | null>;
}

/** What was chosen for one wish. */
interface Choice {
  wish: Wish;
  sale: Sale;
  /** Places in the map. */
  seats: number[];
  leavesOrphan: boolean;
}

const nameOf = ({ event, label }: { event: string; label: string }): string => `${event} ${label}`;

/** Chosen seats as an order names them. */
const namesOf = (
  { event, priceTypes, allotment = null }: Wish,
  { layout }: SeatPicture,
  seats: readonly number[],
): WantedSeat[] =>
  seats.map((seat, index) => ({
    event,
    label: layout[seat]!.label,
    priceType: priceTypes[index]!,
    allotment,
  }));

/** The seats of an order, line by line. */
const seatsOf = (lines: readonly OrderLine[], choices: readonly Choice[]): WantedSeat[] =>
  lines.flatMap((line) => {
    if (!isWish(line)) return line;
    const { sale, seats } = choices.find(({ wish }) => wish === line)!;
    return namesOf(line, sale.picture, seats);
  });

const wasRefused = ({ wish, sale, seats }: Choice, gone: readonly SeatName[]): boolean => {
  const names = new Set(gone.map(nameOf));
  return seats.some((seat) =>
    names.has(nameOf({ event: wish.event, label: sale.picture.layout[seat]!.label })),
  );
};

const houseOf = new WeakMap<readonly MapSeat[], House>();

function house({ layout }: SeatPicture): House {
  let known = houseOf.get(layout);
  if (!known) houseOf.set(layout, (known = readHouse(layout)));
  return known;
}

const wantedOf = ({ category, priceTypes, accessible = 0 }: Wish) => ({
  category,
  quantity: priceTypes.length,
  accessible,
});

/** Wishes of one kind are for the same seats. */
const kindOf = ({ eventId, category, allotment = null }: Wish): string =>
  JSON.stringify([eventId, category, allotment]);

type IsFree = (seat: number) => boolean;

/** Which seats of a picture are free for a wish, and which are free at all in its sale. */
function freeFor({ allotment = null }: Wish, { letters, layout, allotted }: SeatPicture) {
  const isOpen: IsFree = (seat) => letters[seat] === 'a';
  if (allotment === null) return { isFree: isOpen, isOpen };
  const mine = new Set(allotted?.[allotment]?.seats);
  const isFree: IsFree = (seat) => letters[seat] === 'k' && mine.has(layout[seat]!.label);
  return { isFree, isOpen: (seat: number) => isOpen(seat) || isFree(seat) };
}

/** Whether the seats of a line are chosen anew where they would leave an orphan. */
const isPicky = (line: OrderLine): boolean => isWish(line) && (line.orphanRule ?? 'off') !== 'off';

/**
 * Chooses seats for `bestAvailable` from the shared picture of the map, skipping seats that this
 * process is already taking. The database decides about each choice. A request whose choice was
 * taken by another tries the next best, soon in one transaction with the taking, until its deadline,
 * and is answered "too few" only if too few were free at one moment.
 */
export function createBestAvailable({ maps, take, takeFirst }: BestAvailableDeps) {
  const sales = new Map<string, Sale>();

  async function read(eventId: string): Promise<Sale> {
    const asOf = performance.now();
    const picture = await maps.read(eventId);
    const readMs = performance.now() - asOf;
    let sale = sales.get(eventId);
    if (!sale) {
      sale = {
        picture,
        asOf,
        readMs,
        renewing: false,
        claims: new Map(),
        underWay: 0,
        hints: new Map(),
      };
      sales.set(eventId, sale);
      for (const [id, one] of sales) {
        const isOld = asOf - one.asOf > PICTURE_MS;
        if (one.underWay === 0 && id !== eventId && (isOld || sales.size > MOST_EVENTS))
          sales.delete(id);
      }
    } else if (asOf > sale.asOf) {
      Object.assign(sale, { picture, asOf, readMs });
      for (const [seat, settledAt] of sale.claims) if (settledAt < asOf) sale.claims.delete(seat);
      sale.hints.clear();
    }
    return sale;
  }

  /** A picture at most that old. */
  async function look(eventId: string, maxAgeMs: number): Promise<Sale> {
    const known = sales.get(eventId);
    const age = known ? performance.now() - known.asOf : Infinity;
    if (!known || age > maxAgeMs) return read(eventId);
    const renewedMs = Math.max(RENEWED_MS, known.readMs / RENEWING_SHARE);
    if (age > renewedMs && !known.renewing) {
      known.renewing = true;
      void read(eventId)
        .catch(() => undefined)
        .finally(() => (known.renewing = false));
    }
    return known;
  }

  /** @param isLeft whether a seat is not taken by this order already */
  function choose(
    { picture, claims, hints }: Sale,
    wish: Wish,
    isLeft: IsFree,
    { skip, hinted }: { skip: number; hinted: boolean },
  ) {
    const { allotment = null } = wish;
    const { isFree, isOpen } = freeFor(wish, picture);
    const isUnclaimed: IsFree = (seat) => !claims.has(seat) && isLeft(seat);
    if (!hints.has(allotment)) hints.set(allotment, new Map());
    return chooseSeats(
      house(picture),
      wantedOf(wish),
      (seat) => isFree(seat) && isUnclaimed(seat),
      (seat) => isOpen(seat) && isUnclaimed(seat),
      { skip, avoidOrphans: isPicky(wish), ...(hinted && { hints: hints.get(allotment)! }) },
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

  /** Whether a seat is not named by the order. */
  function unnamedIn(lines: readonly OrderLine[]) {
    const named = new Set(lines.flatMap((line) => (isWish(line) ? [] : line.map(nameOf))));
    return (wish: Wish, { layout }: SeatPicture): IsFree =>
      named.size === 0
        ? () => true
        : (seat) => !named.has(nameOf({ event: wish.event, label: layout[seat]!.label }));
  }

  /** Whether a picture has enough free seats for all wishes of this kind, beside the seats that the order names. */
  function areLeft(lines: readonly OrderLine[], wish: Wish, picture: SeatPicture): boolean {
    const { isFree } = freeFor(wish, picture);
    const isUnnamed = unnamedIn(lines)(wish, picture);
    const alike = lines.filter(isWish).filter((one) => kindOf(one) === kindOf(wish));
    const sum = (of: (one: Wish) => number) => alike.reduce((total, one) => total + of(one), 0);
    const wanted = {
      category: wish.category,
      quantity: sum(({ priceTypes }) => priceTypes.length),
      accessible: sum(({ accessible = 0 }) => accessible),
    };
    return areEnough(house(picture), wanted, (seat) => isFree(seat) && isUnnamed(seat));
  }

  /** Chooses for each wish, or says for which there is nothing to choose. */
  async function chooseAll(
    lines: readonly OrderLine[],
    { attempt, maxAgeMs }: { attempt: number; maxAgeMs: number },
  ): Promise<{ choices: Choice[] } | { without: Wish; sale: Sale }> {
    const unnamed = unnamedIn(lines);
    const choices: Choice[] = [];
    try {
      for (const wish of lines.filter(isWish)) {
        const sale = await look(wish.eventId, maxAgeMs);
        const skip = attempt === 0 ? 0 : randomInt(SKIP_PER_TRY * wish.priceTypes.length * attempt);
        const isLeft = unnamed(wish, sale.picture);
        const choice = choose(sale, wish, isLeft, { skip, hinted: true });
        if (!choice) {
          for (const one of choices) settle(one, true);
          return { without: wish, sale };
        }
        claim(sale, choice.seats);
        choices.push({ wish, sale, ...choice });
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
    inside: Inside,
  ): Promise<HoldResult> {
    // What leaves one has no other choice.
    const avoidOrphans = lines.every(isPicky) && !choices.some((choice) => choice.leavesOrphan);
    let result: HoldResult;
    try {
      result = await take({ ...request, avoidOrphans, seats: seatsOf(lines, choices) }, inside);
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

  /**
   * Chooses and takes in one transaction, from the present picture: of each wish the first of some
   * choices that nobody else is taking.
   * @returns null when there is none
   */
  async function takeAtOnce(
    request: BestAvailableRequest,
    lines: readonly OrderLine[],
  ): Promise<HoldResult | null> {
    const unnamed = unnamedIn(lines);
    const used = new Map<Sale, Set<number>>();
    const asked: (WantedSeat[] | SeatChoices)[] = [];
    for (const line of lines) {
      if (!isWish(line)) {
        asked.push(line);
        continue;
      }
      const sale = await look(line.eventId, 0);
      const { picture } = sale;
      const mine = used.get(sale) ?? new Set();
      used.set(sale, mine);
      const isUnnamed = unnamed(line, picture);
      const choices: WantedSeat[][] = [];
      for (let count = 0; count < CHOICES; count++) {
        const isLeft = (seat: number) => isUnnamed(seat) && !mine.has(seat);
        const choice = choose(sale, line, isLeft, { skip: 0, hinted: false });
        if (!choice) break;
        for (const seat of choice.seats) mine.add(seat);
        choices.push(namesOf(line, picture, choice.seats));
      }
      if (choices.length === 0) return null;
      asked.push({ allotment: line.allotment ?? null, choices });
    }
    return takeFirst(request, asked);
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

    /**
     * Takes the best seats for each wish, and all that is named: all or nothing.
     * @param inside for a caller that has left its place at the gate
     */
    async hold(
      request: BestAvailableRequest,
      lines: readonly OrderLine[],
      inside: Inside = (work) => work(),
    ): Promise<HoldResult> {
      const begun = performance.now();
      let maxAgeMs = PICTURE_MS;
      let orphans = 0;
      for (let attempt = 0; ;) {
        if (request.leftMs() <= 0) throw new DeadlinePassed();
        if (attempt >= MOST_REFUSALS) {
          const result = await inside(() => takeAtOnce(request, lines));
          if (result && result.kind !== 'taken' && result.kind !== 'orphan') return result;
          if (result?.kind === 'orphan' && orphans++ >= MOST_REFUSALS) return result;
        }
        const chosen = await chooseAll(lines, { attempt, maxAgeMs });
        if ('choices' in chosen) {
          const { choices } = chosen;
          const result = await takeChosen(request, lines, choices, inside);
          const isNext =
            result.kind === 'orphan'
              ? orphans++ < MOST_REFUSALS
              : result.kind === 'taken' && choices.some((one) => wasRefused(one, result.seats));
          if (!isNext) return result;
          attempt++;
          maxAgeMs = REFUSED_PICTURE_MS;
          continue;
        }
        const { sale, without } = chosen;
        if (sale.asOf >= begun && !areLeft(lines, without, sale.picture))
          return { kind: 'taken', seats: [] };
        // Some are free but being taken, or the picture is an old one.
        if (sale.asOf >= begun) await delay(LOOK_AGAIN_MS);
        maxAgeMs = sale.asOf >= begun ? LOOK_AGAIN_MS : 0;
      }
    },
  };
}
