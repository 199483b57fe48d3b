import type { Money } from '../../domain/money';
import { createGrid, layOut, type Grid, type Layout, type MapSeat } from './layout';

/** What the component reads of `GET /v1/events/{event}`. */
export interface MapEvent {
  slug: string;
  name: string;
  priceTypes: { code: string; name: string; active?: boolean }[];
  categories: {
    code: string;
    name: string;
    active?: boolean;
    price: Money;
    prices: Record<string, Money>;
  }[];
  maxSeatsPerReservation: number;
  orphanRule?: string;
}

/** A seat as pages see it. */
export interface Seat {
  label: string;
  section: string;
  row: string | null;
  number: string | null;
  category: string;
  /** At the first price type. */
  price: Money;
  accessible: boolean;
}

export const FREE = 0;
const STATUSES = ['available', 'held', 'sold', 'blocked'];
/** A status that we do not know yet: nobody can have the seat. */
const OTHER = 3;
export const statusCode = (status: string): number => {
  const code = STATUSES.indexOf(status);
  return code === -1 ? OTHER : code;
};

/** A map in memory: what may be asked a hundred thousand times is in typed arrays. */
export interface SeatModel extends Layout {
  event: MapEvent;
  size: number;
  grid: Grid;
  labels: string[];
  status: Uint8Array;
  category: Uint8Array;
  accessible: Uint8Array;
  /** The index of a label; -1 when there is no such seat. */
  find(label: string): number;
  seat(index: number): Seat;
  /** Free seats of each row. */
  freeInRow: Int32Array;
  /** Sets a status. @returns whether it is another than before */
  setStatus(index: number, status: number): boolean;
}

export function createModel(event: MapEvent, seats: readonly MapSeat[]): SeatModel {
  const layout = layOut(seats);
  const size = seats.length;
  const labels = new Array<string>(size);
  const numbers = new Array<string | null>(size);
  const status = new Uint8Array(size);
  const category = new Uint8Array(size);
  const accessible = new Uint8Array(size);
  const freeInRow = new Int32Array(layout.rows.length);
  const codes = new Map(event.categories.map(({ code }, index) => [code, index]));
  for (let index = 0; index < size; index++) {
    const seat = seats[index]!;
    labels[index] = seat.label;
    numbers[index] = seat.number;
    status[index] = statusCode(seat.status);
    category[index] = codes.get(seat.category) ?? 0;
    accessible[index] = seat.accessible === true ? 1 : 0;
    if (status[index] === FREE) freeInRow[layout.rowOf[index]!]!++;
  }
  let indexes: Map<string, number> | undefined;
  return {
    ...layout,
    event,
    size,
    grid: createGrid(layout),
    labels,
    status,
    category,
    accessible,
    freeInRow,
    find(label) {
      indexes ??= new Map(labels.map((one, index) => [one, index]));
      return indexes.get(label) ?? -1;
    },
    seat(index) {
      const row = layout.rows[layout.rowOf[index]!]!;
      const { code, price } = event.categories[category[index]!]!;
      return {
        label: labels[index]!,
        section: layout.sections[row.section]!.name,
        row: row.name,
        number: numbers[index]!,
        category: code,
        price,
        accessible: accessible[index] === 1,
      };
    },
    setStatus(index, next) {
      const before = status[index]!;
      if (before === next) return false;
      status[index] = next;
      if (before === FREE) freeInRow[layout.rowOf[index]!]!--;
      if (next === FREE) freeInRow[layout.rowOf[index]!]!++;
      return true;
    },
  };
}

/** Neighbours stand closer than this; beyond is an aisle. */
const AISLE = 1.6;

/**
 * Seats that a choice would leave alone: a free one between two that are not, where before there was more room. An
 * aisle and the end of a row count as taken.
 * @param chosen indexes of the seats of the choice
 */
export function orphansOf(model: SeatModel, chosen: ReadonlySet<number>): number[] {
  const { x, y, status, rows, rowOf } = model;
  const orphans: number[] = [];
  for (const id of new Set([...chosen].map((seat) => rowOf[seat]!))) {
    const { name, seats } = rows[id]!;
    if (name === null) continue;
    const isNext = (at: number, beside: number) => {
      const a = seats[at]!;
      const b = seats[beside];
      return b !== undefined && Math.hypot(x[a]! - x[b]!, y[a]! - y[b]!) < AISLE;
    };
    const wasFree = (at: number) => status[seats[at]!] === FREE;
    const isFree = (at: number) => wasFree(at) && !chosen.has(seats[at]!);
    const isAlone = (at: number, free: (at: number) => boolean) =>
      free(at) && !(isNext(at, at - 1) && free(at - 1)) && !(isNext(at, at + 1) && free(at + 1));
    seats.forEach((seat, at) => {
      if (isAlone(at, isFree) && !isAlone(at, wasFree)) orphans.push(seat);
    });
  }
  return orphans;
}

const DIRECTIONS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The seat that an arrow key leads to: the nearest in that direction, rather straight than slanting. */
export function neighbour(model: SeatModel, from: number, key: string): number {
  const [dx, dy] = DIRECTIONS[key]!;
  const { x, y, grid, box } = model;
  const far = Math.max(box.right - box.left, box.bottom - box.top);
  for (let reach = 3; ; reach *= 3) {
    let best = -1;
    let least = Infinity;
    const around = {
      left: x[from]! - reach,
      right: x[from]! + reach,
      top: y[from]! - reach,
      bottom: y[from]! + reach,
    };
    grid.within(around, (seat) => {
      const along = (x[seat]! - x[from]!) * dx + (y[seat]! - y[from]!) * dy;
      const aside = Math.abs((x[seat]! - x[from]!) * dy) + Math.abs((y[seat]! - y[from]!) * dx);
      const cost = along + 3 * aside;
      if (along > 0.3 && along <= reach && aside <= along && cost < least) {
        best = seat;
        least = cost;
      }
    });
    if (best !== -1) return best;
    if (reach > far) return from;
  }
}
