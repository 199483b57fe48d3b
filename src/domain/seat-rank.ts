/** A point of the map, in the house's own units. */
export interface Point {
  x: number;
  y: number;
}

/** Where a seat is. */
export interface SeatPlace {
  /** The number of its row in the event, from 0 in map order; of a place, that of its section. */
  rowOrder: number;
  /** Its place in the row from 1, aisles counted; null for general admission. */
  position: number | null;
  /** null: where the rows lay it out. */
  x?: number | null | undefined;
  y?: number | null | undefined;
}

/** Above the distance of any place from the middle of its row. */
const RANKS_PER_ROW = 1024;
const RANKS_PER_UNIT = 1000;
const MAX_RANK = 2 ** 31 - 1;

/** Rows that stand one behind the other: the first seat of the first row is at 0, 0. */
const laidOut = ({ rowOrder, position }: SeatPlace, middle: number): Point => ({
  x: position === null ? middle : position - 1,
  y: rowOrder,
});

function fromMiddle(seats: readonly SeatPlace[]): number[] {
  const rows = new Map<number, { first: number; last: number }>();
  for (const { rowOrder, position } of seats) {
    if (position === null) continue;
    const row = rows.get(rowOrder);
    if (!row) rows.set(rowOrder, { first: position, last: position });
    else {
      row.first = Math.min(row.first, position);
      row.last = Math.max(row.last, position);
    }
  }
  return seats.map(({ rowOrder, position }) => {
    const { first, last } = rows.get(rowOrder) ?? { first: 0, last: 0 };
    const offset = position === null ? 0 : Math.abs(2 * position - first - last);
    return rowOrder * RANKS_PER_ROW + Math.min(offset, RANKS_PER_ROW - 1);
  });
}

/**
 * The order in which seats are chosen for somebody who asks for the best: the lowest rank first, of
 * one rank in map order.
 *
 * Without a focal point that is row by row, and in each row from its middle. With one, the nearest
 * first; a seat without coordinates is where its row lays it out, one unit apart from the next seat
 * and from the row behind it. A rank depends on no other row, so rows that come later take their
 * place among those that are there.
 * @param seats whole rows
 * @returns the rank of each seat, from 0, below 2³¹
 */
export function rankSeats(seats: readonly SeatPlace[], focalPoint: Point | null): number[] {
  if (focalPoint === null) return fromMiddle(seats);
  return seats.map((seat) => {
    const at = laidOut(seat, focalPoint.x);
    const distance = Math.hypot((seat.x ?? at.x) - focalPoint.x, (seat.y ?? at.y) - focalPoint.y);
    return Math.min(Math.round(distance * RANKS_PER_UNIT), MAX_RANK);
  });
}
