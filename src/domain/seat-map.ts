import type { SeatPlace } from './seat-rank';

/** A row of seats, either 1 to `seats` or named one by one. */
export interface RowDefinition {
  name: string;
  seats?: number | undefined;
  /** What each seat is called, in order; null is an aisle. */
  numbers?: (string | null)[] | undefined;
  /** Numbers of its seats. */
  accessible?: string[] | undefined;
  companion?: string[] | undefined;
  /** Of each seat and aisle, or of the whole row; both or neither. */
  x?: number | (number | null)[] | undefined;
  y?: number | (number | null)[] | undefined;
}

/** The definition of an event's seats, as `POST /v1/events` takes it. */
export interface SectionDefinition {
  name: string;
  category: string;
  rows?: RowDefinition[] | undefined;
  places?: number | undefined;
}

export interface SeatDefinition extends SeatPlace {
  label: string;
  section: string;
  row: string | null;
  /** What the seat is called in its row. */
  number: string | null;
  category: string;
  accessible?: boolean | undefined;
  companion?: boolean | undefined;
}

export const MAX_SEATS_PER_EVENT = 100_000;
export const MAX_ROWS_PER_SECTION = 500;
export const MAX_SEATS_PER_ROW = 500;
/** Seats and aisles. */
export const MAX_NUMBERS_PER_ROW = 2 * MAX_SEATS_PER_ROW;
/** Of x and y, from 0 either way. */
export const MAX_COORDINATE = 100_000;

/** How many seats a row has. */
export const seatsInRow = ({ seats, numbers = [] }: RowDefinition): number =>
  seats ?? numbers.filter((number) => number !== null).length;

/** What the seats of a row are called, in order; null is an aisle. */
export const numbersOf = ({ seats = 0, numbers }: RowDefinition): readonly (string | null)[] =>
  numbers ?? Array.from({ length: seats }, (_, index) => `${index + 1}`);

/** How many seats a definition describes, without building them. */
export function countSeats(sections: readonly SectionDefinition[]): number {
  return sections.reduce(
    (sum, section) =>
      sum +
      (section.places ?? 0) +
      (section.rows ?? []).reduce((seats, row) => seats + seatsInRow(row), 0),
    0,
  );
}

const coordinateAt = (given: RowDefinition['x'], index: number): number | null =>
  Array.isArray(given) ? given[index]! : (given ?? null);

/** What a row says of seats that it does not have, and of coordinates that do not fit it. */
export function faultsOfRow(row: RowDefinition): { path: (string | number)[]; message: string }[] {
  const faults: { path: (string | number)[]; message: string }[] = [];
  const numbers = numbersOf(row);
  for (const list of ['accessible', 'companion'] as const) {
    (row[list] ?? []).forEach((number, index, all) => {
      if (!numbers.includes(number))
        faults.push({ path: [list, index], message: 'is not one of the numbers of the row' });
      else if (all.indexOf(number) !== index)
        faults.push({ path: [list, index], message: 'is there twice' });
      else if (list === 'companion' && row.accessible?.includes(number))
        faults.push({ path: [list, index], message: 'is accessible: it cannot be both' });
    });
  }
  const given = (['x', 'y'] as const).filter((axis) => row[axis] !== undefined);
  if (given.length === 1)
    faults.push({ path: [given[0]!], message: 'takes x and y, or neither of them' });
  for (const axis of given) {
    const values = row[axis];
    if (!Array.isArray(values)) continue;
    if (values.length !== numbers.length)
      faults.push({
        path: [axis],
        message: `must have one entry for each seat and aisle: ${numbers.length}`,
      });
    else
      values.forEach((value, index) => {
        if (value === null && numbers[index] !== null)
          faults.push({ path: [axis, index], message: 'is null, which only an aisle can be' });
      });
  }
  return faults;
}

/** What is said of one seat of a row or a floor. */
export interface BlockSeat {
  /** null: a place of a floor. */
  number: string | null;
  category: string;
  x: number | null;
  y: number | null;
  accessible: boolean;
  companion: boolean;
}

/** A row with its seats in order, null for an aisle; or, without a row's name, places of a floor. */
export interface Block {
  section: string;
  row: string | null;
  seats: (BlockSeat | null)[];
}

/** What an event has of a row or a floor, before more seats come. */
export interface RowThere {
  section: string;
  /** null: places of a floor. */
  row: string | null;
  seats: number;
  lastRowOrder: number;
}

export interface LaidOut {
  seats: SeatDefinition[];
  /** Labels that would occur twice. */
  doubled: string[];
}

const word = (name: string) => name.trim().replace(/\s+/g, '_');

/** The sections that have a row of a name: a floor called "A" would take the labels of a row called "A". */
function sectionsByRow(rows: readonly Pick<RowThere, 'section' | 'row'>[]) {
  const sections = new Map<string, Set<string>>();
  for (const { section, row } of rows) {
    const known = sections.get(word(row ?? section)) ?? new Set();
    sections.set(word(row ?? section), known.add(section));
  }
  return sections;
}

/**
 * Lays out seats in the order of their rows. A label is `ROW-NUMBER` (`A-1`); where several sections have a row of that
 * name, `SECTION-ROW-NUMBER` (`Circle-A-1`); a general admission place is `SECTION-NUMBER`. Spaces in names become `_`;
 * in a number they stay (`A-12 bis`).
 * @param there what the event has already: its labels stay, rows and places go on after it
 * @returns the seats in the order of `blocks`
 */
export function layOutBlocks(blocks: readonly Block[], there: readonly RowThere[] = []): LaidOut {
  const sectionsWithRow = sectionsByRow([...there, ...blocks]);
  const places = new Map<string, number>();
  for (const { section, row, seats } of there) if (row === null) places.set(section, seats);
  const seats: SeatDefinition[] = [];
  let rowOrder = there.reduce((next, { lastRowOrder }) => Math.max(next, lastRowOrder + 1), 0);
  for (const { section, row, seats: inBlock } of blocks) {
    const isShared = row !== null && sectionsWithRow.get(word(row))!.size > 1;
    const prefix =
      row === null ? word(section) : isShared ? `${word(section)}-${word(row)}` : word(row);
    let place = places.get(section) ?? 0;
    inBlock.forEach((seat, index) => {
      if (seat === null) return;
      seats.push({
        label: `${prefix}-${seat.number ?? ++place}`,
        section,
        row,
        rowOrder,
        position: row === null ? null : index + 1,
        ...seat,
      });
    });
    if (row === null) places.set(section, place);
    rowOrder++;
  }
  const seen = new Set<string>();
  const doubled = new Set<string>();
  for (const { label } of seats) (seen.has(label) ? doubled : seen).add(label);
  return { seats, doubled: [...doubled] };
}

/** The rows and floors of a definition, in its order. */
export const blocksOf = (sections: readonly SectionDefinition[]): Block[] =>
  sections.flatMap(({ name: section, category, rows = [], places }) => {
    const plain = { category, x: null, y: null, accessible: false, companion: false };
    const inRows = rows.map((row) => ({
      section,
      row: row.name,
      seats: numbersOf(row).map((number, index) =>
        number === null
          ? null
          : {
              number,
              category,
              x: coordinateAt(row.x, index),
              y: coordinateAt(row.y, index),
              accessible: row.accessible?.includes(number) ?? false,
              companion: row.companion?.includes(number) ?? false,
            },
      ),
    }));
    if (places === undefined) return inRows;
    const floor = Array.from({ length: places }, () => ({ number: null, ...plain }));
    return [...inRows, { section, row: null, seats: floor }];
  });

/** A definition is laid out to be validated and again to be stored: a hundred thousand seats are made once. */
const laidOut = new WeakMap<readonly SectionDefinition[], LaidOut>();

/** Lays out the seats of a new event, in the order of its definition: see `layOutBlocks`. */
export function layOutSeats(sections: readonly SectionDefinition[]): LaidOut {
  let made = laidOut.get(sections);
  if (!made) laidOut.set(sections, (made = layOutBlocks(blocksOf(sections))));
  return made;
}
