import type { Block, BlockSeat } from './seat-map';
import { MAX_COORDINATE, MAX_NUMBERS_PER_ROW, MAX_SEATS_PER_EVENT } from './seat-map';
import { faultOfName } from './text';

/** What is wrong with a line of the file; 0: with the file. */
export interface LineFault {
  line: number;
  message: string;
}

export type SeatCsv =
  | {
      blocks: Block[];
      /** The line of each seat, in the order of the blocks. */
      lines: number[];
    }
  | { faults: LineFault[] };

const NEEDED = ['section', 'row', 'number', 'category'] as const;
const OPTIONAL = ['x', 'y', 'accessible', 'companion'] as const;
const COLUMNS = [...NEEDED, ...OPTIONAL];
type Column = (typeof COLUMNS)[number];
const isColumn = (name: string): name is Column => COLUMNS.some((column) => column === name);

/** As many faults as are told; a file in which every line is wrong has one cause. */
export const MAX_FAULTS = 100;
const MAX_SECTION = 60;
const MAX_ROW = 20;
const CATEGORY = /^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/;
const DECIMAL = /^-?\d{1,6}(?:\.\d{1,12})?$/;
const YES_OR_NO: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  ['', false],
]);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What a file is encoded in if it is not UTF-8, by its first bytes; null: perhaps UTF-8. */
function foreignEncoding(bytes: Buffer): string | null {
  const begins = (...first: number[]) => first.every((byte, index) => bytes[index] === byte);
  if (begins(0xff, 0xfe, 0, 0) || begins(0, 0, 0xfe, 0xff)) return 'UTF-32';
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) return 'UTF-16';
  // Every other byte of a line in Latin letters.
  if (bytes.length > 1 && (bytes[0] === 0 || bytes[1] === 0)) return 'UTF-16';
  return begins(0x1f, 0x8b) || begins(0x50, 0x4b, 0x03, 0x04) ? 'a compressed file' : null;
}

const lineAt = (bytes: Buffer, end: number): number =>
  bytes.subarray(0, end).reduce((lines, byte) => (byte === 0x0a ? lines + 1 : lines), 1);

/** Where the first line begins that is not UTF-8, found by halves. */
function firstBadLine(bytes: Buffer): number {
  let start = 0;
  for (;;) {
    const next = bytes.indexOf(0x0a, start);
    const end = next < 0 ? bytes.length : next + 1;
    try {
      utf8.decode(bytes.subarray(start, end));
    } catch {
      return lineAt(bytes, start);
    }
    if (next < 0) return lineAt(bytes, start);
    start = end;
  }
}

/** The text of a file in UTF-8, without its byte order mark; otherwise what it is instead. */
function decode(bytes: Buffer): { text: string } | { fault: LineFault } {
  const foreign = foreignEncoding(bytes);
  if (foreign !== null)
    return { fault: { line: 0, message: `The file is ${foreign}: save it as CSV in UTF-8.` } };
  try {
    return { text: utf8.decode(bytes) };
  } catch {
    return {
      fault: {
        line: firstBadLine(bytes),
        message:
          'is not UTF-8 (perhaps Windows-1252 or ISO 8859-1): save the file as CSV in UTF-8.',
      },
    };
  }
}

/**
 * The records of a CSV text (RFC 4180), each with the line that it begins in; empty lines are passed
 * over. A quote that is never closed gives `null` as the last record.
 */
function* recordsOf(text: string): Generator<{ line: number; cells: string[] } | null> {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const begins = line;
    const cells: string[] = [];
    for (let isOver = false; !isOver;) {
      let cell = '';
      if (text[at] === '"') {
        for (at++; ; at++) {
          const quote = text.indexOf('"', at);
          if (quote < 0) {
            yield null;
            return;
          }
          cell += text.slice(at, quote);
          at = quote + 1;
          if (text[at] !== '"') break;
          cell += '"';
        }
        line += cell.split('\n').length - 1;
      }
      // What follows a closing quote up to the comma belongs to the cell; the checks name it.
      const from = at;
      while (at < text.length && text[at] !== ',' && text[at] !== '\n' && text[at] !== '\r') at++;
      cells.push((cell + text.slice(from, at)).trim());
      isOver = text[at] !== ',';
      at++;
    }
    if (text[at - 1] === '\r' && text[at] === '\n') at++;
    line++;
    if (cells.length > 1 || cells[0] !== '') yield { line: begins, cells };
  }
}

function columnsOf(cells: readonly string[]): Column[] | string {
  const names = cells.map((cell) => cell.toLowerCase());
  if (names.length === 1 && /[;\t]/.test(names[0]!))
    return 'has other separators than commas: save the file as CSV with commas';
  const foreign = names.find((name) => !isColumn(name));
  if (foreign !== undefined)
    return `has the column "${foreign.slice(0, 40)}": columns are ${COLUMNS.join(', ')}`;
  const doubled = names.find((name, index) => names.indexOf(name) !== index);
  if (doubled !== undefined) return `has the column ${doubled} twice`;
  const missing = NEEDED.filter((name) => !names.includes(name));
  return missing.length > 0 ? `lacks the column ${missing.join(', ')}` : (names as Column[]);
}

type Cells = Partial<Record<Column, string>>;

/** @returns undefined for what is no coordinate */
function coordinateOf(text: string): number | null | undefined {
  if (text === '') return null;
  const value = DECIMAL.test(text) ? Number(text) : NaN;
  return Math.abs(value) <= MAX_COORDINATE ? value : undefined;
}

/** The seat of a line; null for an aisle. @param refuse called with what is wrong with it */
function seatOf(
  { section = '', row = '', number = '', category = '', x = '', y = '', ...flags }: Cells,
  refuse: (message: string) => void,
): BlockSeat | null {
  const name = (column: string, text: string, max: number) => {
    const fault = faultOfName(text, max);
    if (fault !== null) refuse(`${column} ${fault}`);
  };
  name('section', section, MAX_SECTION);
  if (row !== '') name('row', row, MAX_ROW);
  if (row !== '' && number === '') return null;
  if (number !== '') name('number', number, MAX_ROW);
  if (number !== '' && row === '')
    refuse('number is given without a row: leave it out for a place of general admission');
  if (!CATEGORY.test(category))
    refuse(
      category === '' ? 'category is empty' : `category "${category.slice(0, 40)}" is no code`,
    );
  const point = { x: coordinateOf(x), y: coordinateOf(y) };
  if (point.x === undefined) refuse(`x "${x.slice(0, 40)}" is no number like 12.5`);
  if (point.y === undefined) refuse(`y "${y.slice(0, 40)}" is no number like 12.5`);
  if ((x === '') !== (y === '')) refuse('x and y go together: give both, or neither');
  const flag = (column: 'accessible' | 'companion') => {
    const value = YES_OR_NO.get((flags[column] ?? '').toLowerCase());
    if (value === undefined) refuse(`${column} must be true, false or empty`);
    return value ?? false;
  };
  const accessible = flag('accessible');
  const companion = flag('companion');
  if (accessible && companion) refuse('a seat is accessible or companion, not both');
  if ((accessible || companion) && row === '')
    refuse('only a seat in a row is accessible or companion');
  return {
    number: row === '' ? null : number,
    category,
    x: point.x ?? null,
    y: point.y ?? null,
    accessible,
    companion,
  };
}

/**
 * Reads seats from a CSV file in UTF-8, with or without a byte order mark. Its first line names the
 * columns. Lines of one section and row are neighbours in their order; a line without a number is an
 * aisle, one without a row a place of general admission.
 * @returns what is wrong with which line, `MAX_FAULTS` at most, when anything is
 */
export function readSeatCsv(bytes: Buffer): SeatCsv {
  const decoded = decode(bytes);
  if ('fault' in decoded) return { faults: [decoded.fault] };
  const faults: LineFault[] = [];
  const rows = new Map<string, { block: Block; lines: number[] }>();
  let columns: Column[] | undefined;
  let count = 0;
  let last = 1;
  for (const record of recordsOf(decoded.text.normalize('NFC'))) {
    if (record === null) {
      faults.push({ line: last + 1, message: 'has a quote that is never closed, or a later line' });
      break;
    }
    const { line, cells } = record;
    last = line;
    if (!columns) {
      const read = columnsOf(cells);
      if (typeof read === 'string') return { faults: [{ line, message: read }] };
      columns = read;
      continue;
    }
    if (faults.length >= MAX_FAULTS) break;
    if (cells.length !== columns.length) {
      faults.push({ line, message: `has ${cells.length} cells, not ${columns.length}` });
      continue;
    }
    const named: Cells = {};
    columns.forEach((column, index) => (named[column] = cells[index]!));
    const seat = seatOf(named, (message) => faults.push({ line, message }));
    const { section = '', row = '' } = named;
    const key = JSON.stringify([section, row]);
    let known = rows.get(key);
    if (!known) {
      known = { block: { section, row: row === '' ? null : row, seats: [] }, lines: [] };
      rows.set(key, known);
    }
    known.block.seats.push(seat);
    if (known.block.row !== null && known.block.seats.length === MAX_NUMBERS_PER_ROW + 1)
      faults.push({ line, message: `row has more than ${MAX_NUMBERS_PER_ROW} seats and aisles` });
    if (seat === null) continue;
    known.lines.push(line);
    if (++count > MAX_SEATS_PER_EVENT) {
      faults.push({ line, message: `an event has at most ${MAX_SEATS_PER_EVENT} seats` });
      break;
    }
  }
  if (!columns || (count === 0 && faults.length === 0))
    return { faults: [{ line: 0, message: 'The file has no seats.' }] };
  if (faults.length > 0) return { faults: faults.slice(0, MAX_FAULTS) };
  const all = [...rows.values()].filter(({ lines }) => lines.length > 0);
  return { blocks: all.map(({ block }) => block), lines: all.flatMap(({ lines }) => lines) };
}

/** A fault in words: `line 12: category is empty`. */
export const tellFault = ({ line, message }: LineFault): string =>
  line === 0 ? message : `line ${line}: ${message}`;
