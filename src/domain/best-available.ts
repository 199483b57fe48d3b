/** What a choice has to know of a seat. */
export interface ChoosableSeat {
  section: string;
  /** null: a general admission place, which has no neighbours. */
  row: string | null;
  /** Where it is in its row, aisles counted: over an aisle there are no neighbours. */
  position: number | null;
  category: string;
  /** The lowest is chosen first; of one rank, in map order. */
  rank: number;
  accessible: boolean;
  companion: boolean;
}

/** Seats that are wanted side by side. */
export interface RunKind {
  category: string;
  quantity: number;
  /** How many of them are accessible places: no fewer, no more. */
  accessible: number;
  /** How many of the others may be companion places. */
  companions: number;
}

/** Which seats of a house are wanted. */
export interface SeatWish {
  category: string;
  quantity: number;
  /** How many accessible places; with them companion places are chosen too, else neither. */
  accessible: number;
}

/** An event's seats as choices see them. A seat is named by its place in the map. */
export interface House {
  seats: readonly ChoosableSeat[];
  /** 1: the seat is a neighbour of the one before it in the map. */
  joined: Uint8Array;
  /** First seats of the runs of a kind, best first; made at the first use. */
  runs: Map<string, Int32Array>;
}

export interface ChoiceOptions {
  /** So many choices are passed over while there are others: who was too late for one is likely to be for the next. */
  skip?: number | undefined;
  /** Leaves no new orphan where another choice exists. */
  avoidOrphans?: boolean;
  /** Where the first choice of a kind was: no earlier one has become free since. */
  hints?: Map<string, number>;
}

export interface Choice {
  /** In map order. */
  seats: number[];
  /** A free seat will be alone that was not before, although that was to be avoided. */
  leavesOrphan: boolean;
}

type IsFree = (seat: number) => boolean;

/** Kinds whose runs are kept; of a hundred thousand seats each takes 400 kB. */
const MOST_KINDS = 16;

const areNeighbours = (left: ChoosableSeat, right: ChoosableSeat): boolean =>
  left.row !== null &&
  left.row === right.row &&
  left.section === right.section &&
  left.position! + 1 === right.position;

/** @param seats every seat of an event, in map order */
export function readHouse(seats: readonly ChoosableSeat[]): House {
  const joined = Uint8Array.from(seats, (seat, place) =>
    place > 0 && areNeighbours(seats[place - 1]!, seat) ? 1 : 0,
  );
  return { seats, joined, runs: new Map() };
}

const nameOf = ({ category, quantity, accessible, companions }: RunKind): string =>
  `${quantity} ${accessible} ${companions} ${category}`;

/** Where the seats of a category stand side by side: first and last place of each line. */
function linesOf({ seats, joined }: House, category: string): { first: number; last: number }[] {
  const lines: { first: number; last: number }[] = [];
  seats.forEach((seat, place) => {
    if (seat.category !== category) return;
    const line = lines.at(-1);
    if (line && line.last === place - 1 && joined[place] === 1) line.last = place;
    else lines.push({ first: place, last: place });
  });
  return lines;
}

/**
 * The first seats of all runs of a kind, best first: by the sum of their ranks. In one line, runs
 * that leave a multiple of their size before them come first, so that buyers of as many fill it; and
 * companion places come first beside an accessible one, last elsewhere.
 */
function makeRuns(house: House, kind: RunKind): Int32Array {
  const { seats } = house;
  const { category, quantity, accessible, companions } = kind;
  const firsts: number[] = [];
  // Of the run that begins at a seat.
  const scores = new Float64Array(seats.length);
  const places = new Int8Array(seats.length);
  for (const { first, last } of linesOf(house, category)) {
    let [lowest, highest] = [Infinity, -Infinity];
    let [rank, accessibles, companion] = [0, 0, 0];
    const add = (seat: ChoosableSeat, sign: 1 | -1) => {
      rank += sign * seat.rank;
      if (seat.accessible) accessibles += sign;
      if (seat.companion) companion += sign;
    };
    for (let place = first; place <= last; place++) {
      lowest = Math.min(lowest, seats[place]!.rank);
      highest = Math.max(highest, seats[place]!.rank);
    }
    for (let place = first; place <= last; place++) {
      add(seats[place]!, 1);
      const start = place - quantity + 1;
      if (start > first) add(seats[start - 1]!, -1);
      if (start < first || accessibles !== accessible || companion > companions) continue;
      const isAligned = (start - first) % quantity === 0;
      firsts.push(start);
      scores[start] = rank + (isAligned ? 0 : quantity * (highest - lowest + 1));
      places[start] = accessible > 0 ? -companion : companion;
    }
  }
  firsts.sort((a, b) => places[a]! - places[b]! || scores[a]! - scores[b]! || a - b);
  return Int32Array.from(firsts);
}

function runsOf(house: House, kind: RunKind): Int32Array {
  const name = nameOf(kind);
  let runs = house.runs.get(name);
  if (!runs) {
    if (house.runs.size >= MOST_KINDS) house.runs.delete(house.runs.keys().next().value!);
    house.runs.set(name, (runs = makeRuns(house, kind)));
  }
  return runs;
}

/** Whether taking these seats would leave a free seat alone that was not alone before. */
function leavesOrphan({ joined }: House, chosen: readonly number[], isFree: IsFree): boolean {
  const isLeft = (seat: number) => isFree(seat) && !chosen.includes(seat);
  const isAlone = (seat: number) =>
    !(joined[seat] === 1 && isLeft(seat - 1)) && !(joined[seat + 1] === 1 && isLeft(seat + 1));
  return chosen.some(
    (seat) =>
      (joined[seat] === 1 && isLeft(seat - 1) && isAlone(seat - 1)) ||
      (joined[seat + 1] === 1 && isLeft(seat + 1) && isAlone(seat + 1)),
  );
}

/** What stands beside each other from one seat on. */
const from = (first: number, quantity: number): number[] =>
  Array.from({ length: quantity }, (_, index) => first + index);

interface Search extends ChoiceOptions {
  /** Whether a seat can be chosen. */
  isFree: IsFree;
  /** Whether a seat stays free for others: of any category, accessible or not. */
  isOpen: IsFree;
}

/** Chooses seats side by side: the best run, one that leaves no orphan first. */
function chooseTogether(
  house: House,
  kind: RunKind,
  before: readonly number[],
  { isFree, isOpen, skip = 0, avoidOrphans = false, hints }: Search,
): number[] | null {
  const { quantity } = kind;
  const name = nameOf(kind);
  const runs = runsOf(house, kind);
  // What an order has chosen already is free for others as long as it is not taken.
  const known = before.length === 0 ? hints : undefined;
  let first: number | undefined;
  let best: number[] | undefined;
  let second: number[] | undefined;
  let passed = 0;
  for (let at = known?.get(name) ?? 0; at < runs.length; at++) {
    const start = runs[at]!;
    let free = 0;
    while (free < quantity && isFree(start + free)) free++;
    if (free < quantity) continue;
    first ??= at;
    const seats = from(start, quantity);
    if (avoidOrphans && leavesOrphan(house, [...before, ...seats], isOpen)) {
      second ??= seats;
      continue;
    }
    best = seats;
    if (passed++ >= skip) break;
  }
  known?.set(name, first ?? runs.length);
  return best ?? second ?? null;
}

/**
 * Chooses for a wish: all side by side; else in two groups as equal as can be, each of them in the
 * same manner, down to single seats.
 * @param isFree whether a seat can be chosen
 * @param isOpen whether a seat is free at all, so that it can be left alone
 * @returns null only when fewer are free than are wanted
 */
export function chooseSeats(
  house: House,
  { category, quantity, accessible }: SeatWish,
  isFree: IsFree,
  isOpen: IsFree,
  options: ChoiceOptions = {},
): Choice | null {
  const chosen: number[] = [];
  const isLeft = (seat: number) => isFree(seat) && !chosen.includes(seat);

  function choose(size: number, accessibles: number): boolean {
    const kind = { category, quantity: size, accessible: accessibles, companions: accessible };
    const search = { ...options, isFree: isLeft, isOpen };
    const run = chooseTogether(house, kind, chosen, search);
    if (run) chosen.push(...run);
    if (run || size === 1) return run !== null;
    const half = Math.ceil(size / 2);
    const first = Math.min(accessibles, half);
    return choose(half, first) && choose(size - half, accessibles - first);
  }

  if (!choose(quantity, accessible)) return null;
  const leaves = options.avoidOrphans === true && leavesOrphan(house, chosen, isOpen);
  return { seats: chosen.sort((a, b) => a - b), leavesOrphan: leaves };
}

/** Whether as many seats are free as are wanted, wherever they are. */
export function areEnough(
  { seats }: House,
  { category, quantity, accessible }: SeatWish,
  isFree: IsFree,
): boolean {
  let [accessibles, others] = [0, 0];
  seats.forEach((seat, place) => {
    if (seat.category !== category || !isFree(place)) return;
    if (seat.accessible) accessibles++;
    else if (!seat.companion || accessible > 0) others++;
  });
  return accessibles >= accessible && others >= quantity - accessible;
}
