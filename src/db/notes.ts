import { sql, type Queryable } from './database';
import { askedAfter, createList } from './list';

/** The kinds of notes; the constraint `notes_kind_known` has the same list. */
export const NOTE_KINDS = [
  'event_not_understood',
  'claim_contradicted',
  'reference_conflict',
  'payment_unmatched',
  'refund_excess',
  'refund_failed',
  'webhook_disabled',
] as const;
export type NoteKind = (typeof NOTE_KINDS)[number];

export interface NoteRecord {
  id: string;
  kind: NoteKind;
  reservation: string | null;
  reference: string | null;
  data: Record<string, unknown>;
  createdAt: string;
  closedAt: string | null;
  closedBy: string | null;
}

const DOCUMENT = `jsonb_build_object('id', n.id::text, 'kind', n.kind, 'reservation', n.reservation_id, 'reference', n.reference,
            'data', n.data, 'createdAt', rfc3339(n.created_at), 'closedAt', rfc3339(n.closed_at), 'closedBy', n.closed_by)`;

const readPage = createList<{ note: NoteRecord; at: string }>(
  [
    { open: () => 'n.closed_at is null', closed: () => 'n.closed_at is not null' },
    { after: (at, id) => `(n.created_at, n.id) < (${at}::timestamptz, ${id}::bigint)` },
  ],
  (combination, text) => sql<{ note: NoteRecord; at: string }>(`notes_page_${combination}`, text),
  ({ where, limit }) => `select ${DOCUMENT} as note, rfc3339_us(n.created_at) as at from notes n
    ${where} order by n.created_at desc, n.id desc limit ${limit}`,
);

/** One page of notes, newest first. @param open true: only open notes; false: only closed ones */
export async function listNotes(
  db: Queryable,
  open: boolean | undefined,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<{ note: NoteRecord; at: string }[]> {
  const openness = open === undefined ? null : { form: open ? 'open' : 'closed', values: [] };
  return readPage(db, [openness, askedAfter(after)], limit);
}

const NOT_UNDERSTOOD = sql(
  'note_event_not_understood',
  'select note_event_not_understood($1, $2, $3, $4)',
);

/**
 * Writes a note about a provider's event that was not understood, once, if it concerns a reservation of ours: see
 * `note_event_not_understood` in the migrations.
 */
export async function noteEventNotUnderstood(
  db: Queryable,
  event: {
    /** As the event names it; null: it names a payment at most. */
    reservationId: string | null;
    /** Of its payment; the note has the first. */
    references: readonly string[];
    /** It tells of a refund or a dispute. */
    afterPayment: boolean;
    data: { type: string; why: string; by: string };
  },
): Promise<void> {
  const { reservationId, references, afterPayment, data } = event;
  await db.run(NOT_UNDERSTOOD, [reservationId, references, afterPayment, data]);
}

const CLOSE = sql<{ note: NoteRecord }>(
  'note_close',
  `update notes n set closed_at = coalesce(n.closed_at, clock_timestamp()), closed_by = coalesce(n.closed_by, $2)
    where n.id = $1 returning ${DOCUMENT} as note`,
);

/** Closes a note; a closed note is left unchanged. @returns null if it does not exist */
export async function closeNote(
  db: Queryable,
  id: string,
  actor: string,
): Promise<NoteRecord | null> {
  const [row] = await db.rows(CLOSE, [id, actor]);
  return row?.note ?? null;
}

const OPEN = sql<{ kind: NoteKind; count: number; oldest: string }>(
  'notes_open',
  `select kind, count(*) as count, date_trunc('minute', now() - min(created_at))::text as oldest from notes
    where closed_at is null group by kind order by kind`,
);

/** How many notes of each kind are open, and the age of the oldest. */
export async function countOpenNotes(
  db: Queryable,
): Promise<{ kind: NoteKind; count: number; oldest: string }[]> {
  return db.rows(OPEN);
}
