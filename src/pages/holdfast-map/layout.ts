/** A seat as the API's map tells it; what this component does not use is left out. */
export interface MapSeat {
  label: string;
  section: string;
  row: string | null;
  number: string | null;
  category: string;
  status: string;
  /** Where it is, in units of the organiser's own; absent or null: we lay it out. */
  x?: number | null;
  y?: number | null;
  accessible?: boolean;
  companion?: boolean;
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Seats that stand beside each other, in order. */
interface Row {
  section: number;
  /** null: general admission, where no seat has a neighbour. */
  name: string | null;
  seats: number[];
}

interface Section {
  name: string;
  rows: number[];
  box: Box;
}

/** Where everything is. Neighbours in a row are one unit apart. */
export interface Layout {
  x: Float32Array;
  y: Float32Array;
  rowOf: Int32Array;
  rows: Row[];
  sections: Section[];
  box: Box;
}

/** Room above a section for its name, and between sections. */
const HEADING = 2.5;
const GAP = 1.5;
/** What a map is at best: wider than high, as most screens are. */
const ASPECT = 1.5;
/** So many sections are a house with one above the other; more are blocks side by side. */
const STACKED = 6;

interface Group {
  rows: Row[];
  sections: Section[];
  rowOf: Int32Array;
}

/** Sections and rows in the order in which they are first named. */
function group(seats: readonly MapSeat[]): Group {
  const rows: Row[] = [];
  const sections: Section[] = [];
  const rowOf = new Int32Array(seats.length);
  const known = new Map<string, { index: number; rows: Map<string | null, number> }>();
  seats.forEach((seat, index) => {
    let section = known.get(seat.section);
    if (!section) {
      section = { index: sections.length, rows: new Map() };
      known.set(seat.section, section);
      sections.push({
        name: seat.section,
        rows: [],
        box: { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity },
      });
    }
    let row = section.rows.get(seat.row);
    if (row === undefined) {
      row = rows.length;
      section.rows.set(seat.row, row);
      rows.push({ section: section.index, name: seat.row, seats: [] });
      sections[section.index]!.rows.push(row);
    }
    rows[row]!.seats.push(index);
    rowOf[index] = row;
  });
  return { rows, sections, rowOf };
}

/** How many places stand side by side where there are no rows. */
const columnsFor = (places: number): number => Math.ceil(Math.sqrt(places * 2));

interface Block {
  width: number;
  height: number;
  /** Lines of seats, centred. */
  lines: number[][];
}

function blockOf({ rows: ids }: Section, rows: readonly Row[]): Block {
  const lines = ids.flatMap((id) => {
    const { name, seats } = rows[id]!;
    if (name !== null) return [seats];
    const columns = columnsFor(seats.length);
    return Array.from({ length: Math.ceil(seats.length / columns) }, (_, line) =>
      seats.slice(line * columns, (line + 1) * columns),
    );
  });
  return { width: Math.max(...lines.map((line) => line.length)), height: lines.length, lines };
}

/** Fills shelves of blocks, each shelf centred. @returns the left upper corner of each block */
function shelve(blocks: readonly Block[]): { left: number; top: number }[] {
  const area = blocks.reduce(
    (sum, { width, height }) => sum + (width + GAP) * (height + HEADING),
    0,
  );
  const widest = Math.max(...blocks.map(({ width }) => width));
  const most = blocks.length <= STACKED ? 0 : Math.max(widest, Math.sqrt(area * ASPECT));
  const places: { left: number; top: number }[] = [];
  let top = 0;
  for (let first = 0; first < blocks.length;) {
    let width = blocks[first]!.width;
    let next = first + 1;
    while (next < blocks.length && width + GAP + blocks[next]!.width <= most)
      width += GAP + blocks[next++]!.width;
    let left = -width / 2;
    const shelf = blocks.slice(first, next);
    for (const block of shelf) {
      places.push({ left, top: top + HEADING });
      left += block.width + GAP;
    }
    top += Math.max(...shelf.map(({ height }) => height)) + HEADING;
    first = next;
  }
  return places;
}

/** How far neighbours stand from each other in the organiser's units: the median. */
function pitchOf(seats: readonly MapSeat[], rows: readonly Row[]): number {
  const distances: number[] = [];
  for (const { name, seats: line } of rows) {
    for (let at = 1; name !== null && at < line.length && distances.length < 5000; at++) {
      const a = seats[line[at - 1]!]!;
      const b = seats[line[at]!]!;
      const distance = Math.hypot(b.x! - a.x!, b.y! - a.y!);
      if (distance > 0) distances.push(distance);
    }
  }
  return distances.sort((a, b) => a - b)[distances.length >> 1] ?? 1;
}

/**
 * Lays out a map: where its seats say they are, if all do; else section by section, the rows of each
 * one behind the other and centred.
 */
export function layOut(seats: readonly MapSeat[]): Layout {
  const { rows, sections, rowOf } = group(seats);
  const x = new Float32Array(seats.length);
  const y = new Float32Array(seats.length);
  if (seats.every((seat) => Number.isFinite(seat.x) && Number.isFinite(seat.y))) {
    const pitch = pitchOf(seats, rows);
    seats.forEach((seat, index) => {
      x[index] = seat.x! / pitch;
      y[index] = seat.y! / pitch;
    });
  } else {
    const blocks = sections.map((section) => blockOf(section, rows));
    const corners = shelve(blocks);
    blocks.forEach(({ width, lines }, index) => {
      const { left, top } = corners[index]!;
      lines.forEach((line, behind) =>
        line.forEach((seat, at) => {
          x[seat] = left + (width - line.length) / 2 + at + 0.5;
          y[seat] = top + behind + 0.5;
        }),
      );
    });
  }
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  const extend = (one: Box, seat: number) => {
    one.left = Math.min(one.left, x[seat]! - 0.5);
    one.right = Math.max(one.right, x[seat]! + 0.5);
    one.top = Math.min(one.top, y[seat]! - 0.5);
    one.bottom = Math.max(one.bottom, y[seat]! + 0.5);
  };
  for (let seat = 0; seat < seats.length; seat++) {
    extend(box, seat);
    extend(sections[rows[rowOf[seat]!]!.section]!.box, seat);
  }
  box.top -= HEADING;
  return { x, y, rowOf, rows, sections, box };
}

/** Which seats are where: those of a cell stand side by side in one list. */
export interface Grid {
  /** Calls with each seat whose centre may be in the box. */
  within(box: Box, see: (seat: number) => void): void;
}

const CELL = 4;

export function createGrid({ x, y, box }: Layout): Grid {
  const columns = Math.max(1, Math.ceil((box.right - box.left) / CELL) + 1);
  const lines = Math.max(1, Math.ceil((box.bottom - box.top) / CELL) + 1);
  const column = (at: number) => Math.floor((at - box.left) / CELL);
  const line = (at: number) => Math.floor((at - box.top) / CELL);
  const start = new Uint32Array(columns * lines + 1);
  const cellOf = new Uint32Array(x.length);
  for (let seat = 0; seat < x.length; seat++) {
    const cell = line(y[seat]!) * columns + column(x[seat]!);
    cellOf[seat] = cell;
    start[cell + 1]!++;
  }
  for (let cell = 0; cell < columns * lines; cell++) start[cell + 1]! += start[cell]!;
  const seats = new Uint32Array(x.length);
  const next = start.slice();
  for (let seat = 0; seat < x.length; seat++) seats[next[cellOf[seat]!]!++] = seat;
  return {
    within({ left, top, right, bottom }, see) {
      const fromColumn = Math.max(0, column(left));
      const toColumn = Math.min(columns - 1, column(right));
      const toLine = Math.min(lines - 1, line(bottom));
      for (let at = Math.max(0, line(top)); at <= toLine && fromColumn <= toColumn; at++) {
        const end = start[at * columns + toColumn + 1]!;
        for (let index = start[at * columns + fromColumn]!; index < end; index++)
          see(seats[index]!);
      }
    },
  };
}
