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
  accessible?: boolean;
  companion?: boolean;
}

export const MAX_SEATS_PER_EVENT = 100_000;
export const MAX_ROWS_PER_SECTION = 500;
export const MAX_SEATS_PER_ROW = 500;
/** Seats and aisles. */
export const MAX_NUMBERS_PER_ROW = 2 * MAX_SEATS_PER_ROW;

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

interface LaidOut {
  seats: SeatDefinition[];
  doubled: string[];
}

/** A definition is laid out to be validated and again to be stored: a hundred thousand seats are made once. */
const laidOut = new WeakMap<readonly SectionDefinition[], LaidOut>();

/**
 * Lays out the seats in the order of the definition, which is also the order of preference. A label is `ROW-NUMBER`
 * (`A-1`); where several sections have a row of that name, `SECTION-ROW-NUMBER` (`Circle-A-1`); a general admission
 * place is `SECTION-NUMBER`. Spaces in names become `_`; in a number they stay (`A-12 bis`).
 * @returns the seats, or the labels that would occur twice.
 */
export function layOutSeats(sections: readonly SectionDefinition[]): LaidOut {
  const known = laidOut.get(sections);
  if (known) return known;
  const word = (name: string) => name.trim().replace(/\s+/g, '_');
  const sectionsWithRow = new Map<string, Set<string>>();
  for (const section of sections) {
    for (const row of section.rows ?? []) {
      const known = sectionsWithRow.get(word(row.name)) ?? new Set();
      sectionsWithRow.set(word(row.name), known.add(section.name));
    }
    // A floor called "A" would take the labels of a row called "A".
    if (section.places !== undefined) {
      const known = sectionsWithRow.get(word(section.name)) ?? new Set();
      sectionsWithRow.set(word(section.name), known.add(section.name));
    }
  }
  const seats: SeatDefinition[] = [];
  let rowOrder = 0;
  for (const section of sections) {
    const { name, category } = section;
    for (const row of section.rows ?? []) {
      const { accessible = [], companion = [] } = row;
      const shared = (sectionsWithRow.get(word(row.name))?.size ?? 0) > 1;
      const prefix = shared ? `${word(section.name)}-${word(row.name)}` : word(row.name);
      numbersOf(row).forEach((number, index) => {
        if (number === null) return;
        seats.push({
          label: `${prefix}-${number}`,
          section: name,
          row: row.name,
          number,
          rowOrder,
          position: index + 1,
          x: coordinateAt(row.x, index),
          y: coordinateAt(row.y, index),
          category,
          accessible: accessible.includes(number),
          companion: companion.includes(number),
        });
      });
      rowOrder++;
    }
    if (section.places === undefined) continue;
    for (let place = 1; place <= section.places; place++) {
      seats.push({
        label: `${word(name)}-${place}`,
        section: name,
        row: null,
        number: null,
        rowOrder,
        position: null,
        category,
      });
    }
    rowOrder++;
  }
  const seen = new Set<string>();
  const doubled = new Set<string>();
  for (const { label } of seats) (seen.has(label) ? doubled : seen).add(label);
  const made = { seats, doubled: [...doubled] };
  laidOut.set(sections, made);
  return made;
}
