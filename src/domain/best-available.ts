/** What a choice has to know of a seat. */
export interface ChoosableSeat {
  section: string;
  /** null: a general admission place, which has no neighbours. */
  row: string | null;
  /** Where it is in its row, aisles counted: over an aisle there are no neighbours. */
  position: number | null;
  category: string;
}

/** The seats of one category, best first. A seat is named by its place in the map. */
export interface Candidates {
  seats: readonly number[];
  /** How many seats up to and with this one stand side by side in one row, in this order. */
  inLine: readonly number[];
}

/**
 * Chosen seats, and the first candidate that could be chosen: whoever wants as many again need not
 * look before it.
 */
export interface Choice {
  seats: number[];
  from: number;
}

const areNeighbours = (left: ChoosableSeat, right: ChoosableSeat): boolean =>
  left.row !== null &&
  left.row === right.row &&
  left.section === right.section &&
  left.position! + 1 === right.position;

/** @param map every seat of an event, best first */
export function candidatesByCategory(map: readonly ChoosableSeat[]): Map<string, Candidates> {
  const categories = new Map<string, { seats: number[]; inLine: number[] }>();
  map.forEach((seat, place) => {
    let known = categories.get(seat.category);
    if (!known) categories.set(seat.category, (known = { seats: [], inLine: [] }));
    const before = known.seats.at(-1);
    const follows = before !== undefined && areNeighbours(map[before]!, seat);
    known.inLine.push(follows ? known.inLine.at(-1)! + 1 : 1);
    known.seats.push(place);
  });
  return categories;
}

/**
 * Chooses seats side by side: the first free ones, best first, or so many choices further on.
 * @param from the candidate to begin with
 * @param skip choices to pass over, while there are others: who was too late for one choice is
 * likely to be for the next
 * @returns null when there are none
 */
export function chooseTogether(
  { seats, inLine }: Candidates,
  isFree: (seat: number) => boolean,
  quantity: number,
  { from = 0, skip = 0 } = {},
): Choice | null {
  let first: number | undefined;
  let last = 0;
  let skipped = 0;
  for (let at = from, run = 0; at < seats.length; at++) {
    if (!isFree(seats[at]!)) run = 0;
    else run = inLine[at]! > run ? run + 1 : 1;
    if (run < quantity) continue;
    last = at - quantity + 1;
    first ??= last;
    if (skipped++ >= skip) break;
    run = 0;
  }
  return first === undefined ? null : { seats: seats.slice(last, last + quantity), from: first };
}

type Pick = (below: number) => number;
const bestFirst: Pick = () => 0;

/**
 * Chooses single seats: the best free ones, or so many of the next best at random.
 * @param from the candidate to begin with
 * @param spread how many free seats a choice is made from, for each that is wanted; 1: the best
 * @param pick a random whole number below its argument
 * @returns null when fewer than `quantity` are free
 */
export function chooseApart(
  { seats }: Candidates,
  isFree: (seat: number) => boolean,
  quantity: number,
  { from = 0, spread = 1, pick = bestFirst } = {},
): Choice | null {
  const free: number[] = [];
  let first = from;
  for (let at = from; at < seats.length && free.length < quantity * spread; at++) {
    if (!isFree(seats[at]!)) continue;
    if (free.length === 0) first = at;
    free.push(seats[at]!);
  }
  if (free.length < quantity) return null;
  const chosen: number[] = [];
  while (chosen.length < quantity) chosen.push(...free.splice(pick(free.length), 1));
  return { seats: chosen, from: first };
}
