import { MAX_FAULTS, readSeatCsv, type LineFault } from '../domain/seat-csv';
import { layOutBlocks, MAX_SEATS_PER_EVENT, type LaidOut } from '../domain/seat-map';
import type { Database } from './database';
import { addSeats, type AddResult } from './event-edits';
import type { KeyedRequest, KnownKey } from './request-keys';

export type ImportResult =
  { kind: 'added'; seats: number } | { kind: 'faults'; faults: LineFault[] } | KnownKey;

/** Why seats cannot be added, line by line. */
function faultsOf(
  result: Exclude<AddResult, { kind: 'added' }>,
  seats: LaidOut['seats'],
  lines: readonly number[],
): LineFault[] {
  if (result.kind === 'too_many') {
    const message = `An event has at most ${MAX_SEATS_PER_EVENT} seats, and there are ${result.there} already.`;
    return [{ line: 0, message }];
  }
  if (result.kind === 'unknown_categories') {
    const unknown = new Set(result.codes);
    return seats.flatMap(({ category }, index) =>
      unknown.has(category)
        ? [{ line: lines[index]!, message: `category "${category}" is not one of the event's` }]
        : [],
    );
  }
  const doubled = new Set(result.labels);
  const there = new Set(result.there);
  const first = new Map<string, number>();
  return seats.flatMap(({ label }, index) => {
    if (!doubled.has(label)) return [];
    const line = lines[index]!;
    const before = first.get(label);
    if (before === undefined) first.set(label, line);
    const message =
      before === undefined
        ? `label ${label} is there already`
        : `label ${label} is in line ${before} too`;
    // Of a label that is twice in the file alone, the first is no fault.
    return before === undefined && !there.has(label) ? [] : [{ line, message }];
  });
}

/**
 * Adds the seats of a CSV file to an event, all or none: see `readSeatCsv`.
 * @param who who adds them, and how long they wait for it
 * @throws DeadlinePassed; nothing was added
 */
export async function importSeats(
  db: Database,
  eventId: string,
  bytes: Buffer,
  who: Parameters<typeof addSeats>[3],
  request: KeyedRequest | null,
): Promise<ImportResult> {
  const read = readSeatCsv(bytes);
  if ('faults' in read) return { kind: 'faults', faults: read.faults };
  const { blocks, lines } = read;
  let seats: LaidOut['seats'] = [];
  const layOut: Parameters<typeof addSeats>[2] = (there) => {
    const laidOut = layOutBlocks(blocks, there);
    seats = laidOut.seats;
    return laidOut;
  };
  const result = await addSeats(db, eventId, layOut, who, request);
  if (result.kind === 'added' || result.kind === 'replayed' || result.kind === 'reused')
    return result;
  return { kind: 'faults', faults: faultsOf(result, seats, lines).slice(0, MAX_FAULTS) };
}
