import type { FeedPlace } from '../db/feed';

const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Where a page ended: the sort value, a time in microseconds, and the id of its last entry. */
export interface Place {
  at: string;
  id: string;
}

/**
 * The form of a cursor: microseconds since 1970, a point, an id. Every text of this form is a
 * position in the list, even one that was never returned, so the pattern is the whole rule and can
 * be part of the OpenAPI document.
 * @param idForm the pattern of the list's ids, so that an invalid id never reaches the database
 */
export const cursorForm = (idForm: string): RegExp => new RegExp(`^[0-9]{18}\\.(?:${idForm})$`);

/** Encodes a position as `nextCursor`. */
export function encodeCursor({ at, id }: Place): string {
  const ms = Date.parse(`${at.slice(0, 23)}Z`);
  return `${String(ms).padStart(15, '0')}${at.slice(23, 26)}.${id}`;
}

/** Decodes a cursor that has the right form. */
export function decodeCursor(cursor: string): Place {
  const time = new Date(Math.min(Number(cursor.slice(0, 15)), LAST_MS)).toISOString();
  return { at: time.replace('Z', `${cursor.slice(15, 18)}Z`), id: cursor.slice(19) };
}

/**
 * Takes a list that was read with `limit + 1`. Drops the extra entry and returns the cursor of the
 * next page, if there is one.
 */
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

/** The form of a place in the feed: its number, a point, its mark. */
export const FEED_CURSOR = /^[0-9]{15}\.[0-9a-f]{8}$/;

/** Encodes a place in the feed as `next`. */
export const encodeFeedCursor = ({ sequence, mark }: FeedPlace): string =>
  `${String(sequence).padStart(15, '0')}.${(mark >>> 0).toString(16).padStart(8, '0')}`;

/** Decodes a place in the feed that has the right form. */
export const decodeFeedCursor = (cursor: string): FeedPlace => ({
  sequence: Number(cursor.slice(0, 15)),
  mark: Number.parseInt(cursor.slice(16), 16) | 0,
});
