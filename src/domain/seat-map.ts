/** A row of seats, either 1 to `seats` or named one by one. */
export interface RowDefinition {
  name: string;
  seats?: number | undefined;
  /** What each seat is called, in order; null is an aisle. */
  numbers?: (string | null)[] | undefined;
}

/** The definition of an event's seats, as `POST /v1/events` takes it. */
export interface SectionDefinition {
  name: string;
  category: string;
  rows?: RowDefinition[] | undefined;
  places?: number | undefined;
}

export interface SeatDefinition {
  label: string;
  section: string;
  row: string | null;
  /** What the seat is called in its row. */
  number: string | null;
  /** Where it is in its row: neighbours differ by one, across an aisle they do not. */
  position: number | null;
  category: string;
}

export const MAX_SEATS_PER_EVENT = 100_000;
export const MAX_ROWS_PER_SECTION = 500;
export const MAX_SEATS_PER_ROW = 500;
/** Seats and aisles. */
export const MAX_NUMBERS_PER_ROW = 2 * MAX_SEATS_PER_ROW;

/** How many seats a row has. */
export const seatsInRow = ({ seats, numbers = [] }: RowDefinition): number =>
  seats ?? numbers.filter((number) => number !== null).length;

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
  for (const section of sections) {
    const { name, category } = section;
    for (const row of section.rows ?? []) {
      const shared = (sectionsWithRow.get(word(row.name))?.size ?? 0) > 1;
      const prefix = shared ? `${word(section.name)}-${word(row.name)}` : word(row.name);
      const numbers = row.numbers ?? Array.from({ length: row.seats ?? 0 }, (_, at) => `${at + 1}`);
      numbers.forEach((number, index) => {
        if (number === null) return;
        seats.push({
          label: `${prefix}-${number}`,
          section: name,
          row: row.name,
          number,
          position: index + 1,
          category,
        });
      });
    }
    for (let place = 1; place <= (section.places ?? 0); place++) {
      seats.push({
        label: `${word(name)}-${place}`,
        section: name,
        row: null,
        number: null,
        position: null,
        category,
      });
    }
  }
  const seen = new Set<string>();
  const doubled = new Set<string>();
  for (const { label } of seats) (seen.has(label) ? doubled : seen).add(label);
  const made = { seats, doubled: [...doubled] };
  laidOut.set(sections, made);
  return made;
}
