import { Problem } from './problem';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

const refuse = () =>
  new Problem('validation_failed', 'The cursor is not one of ours: use `nextCursor` of the page before, unchanged.', {
    errors: [{ path: 'cursor', message: 'is not a cursor of this list' }],
  });

/** Where a page ended: the sort value and the id of its last entry. */
export interface Place {
  at: string;
  id: string;
}

export function encodeCursor({ at, id }: Place): string {
  return Buffer.from(JSON.stringify([at, id])).toString('base64url');
}

/** @param idForm what an id of this list looks like, so that a made-up cursor never reaches the database */
export function decodeCursor(cursor: string | undefined, idForm: RegExp): Place | null {
  if (cursor === undefined) return null;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw refuse();
  }
  if (!Array.isArray(value) || value.length !== 2) throw refuse();
  const [at, id] = value as unknown[];
  if (typeof at !== 'string' || !TIME.test(at) || Number.isNaN(Date.parse(at))) throw refuse();
  if (typeof id !== 'string' || !idForm.test(id)) throw refuse();
  return { at, id };
}

/** Cuts one entry too many off a list that was read with `limit + 1`, and names the next page if there is one. */
export function pageOf<Row extends { at: string }>(
  rows: readonly Row[],
  limit: number,
  idOf: (row: Row) => string,
): { rows: Row[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    rows: shown,
    nextCursor: rows.length > limit && last ? encodeCursor({ at: last.at, id: idOf(last) }) : null,
  };
}
