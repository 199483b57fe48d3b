import { sql, type Queryable } from './database';
import { EVENTS_OF_RESERVATION, type EventShown } from './events';
import { SEAT_NUMBER } from './seat-map';

export interface TicketRecord {
  code: string;
  /** The event's slug. */
  event: string;
  seat: string;
  priceType: string;
  holder: string;
  status: 'valid' | 'used' | 'void';
  /** The revision of the reservation that it was made for. */
  revision: number;
}

const LIST = sql<TicketRecord>(
  'tickets_of_reservation',
  `select t.code, e.slug as event, s.label as seat, a.price_type as "priceType", coalesce(r.buyer_name, '') as holder, t.status, t.revision
     from tickets t join seats s on s.id = t.seat_id join events e on e.id = s.event_id join reservations r on r.id = t.reservation_id
     join allocations a on a.reservation_id = t.reservation_id and a.seat_id = t.seat_id
    where t.reservation_id = $1 order by array_position(r.event_ids, s.event_id), t.seat_id`,
);

export async function listTickets(db: Queryable, reservationId: string): Promise<TicketRecord[]> {
  return db.rows(LIST, [reservationId]);
}

const READY = sql<{ printed: boolean; erased: boolean }>(
  'tickets_ready',
  `select exists (select from ticket_documents d join reservations r on r.id = d.reservation_id and r.revision = d.revision
            where d.reservation_id = $1) as printed,
          exists (select from reservations where id = $1 and erased_at is not null) as erased`,
);

/** Whether the document with the tickets exists, or existed until the buyer was erased. */
export async function readPrint(
  db: Queryable,
  reservationId: string,
): Promise<{ printed: boolean; erased: boolean }> {
  const [row] = await db.rows(READY, [reservationId]);
  return row!;
}

const DOCUMENT = sql<{ pdf: Buffer }>(
  'tickets_document',
  `select d.pdf from ticket_documents d join reservations r on r.id = d.reservation_id and r.revision = d.revision
    where d.reservation_id = $1`,
);

export async function readDocument(db: Queryable, reservationId: string): Promise<Buffer | null> {
  const [row] = await db.rows(DOCUMENT, [reservationId]);
  return row?.pdf ?? null;
}

const STORE = sql(
  'tickets_store_document',
  // Stores the document only while the reservation is confirmed, and of the revision that it was made for: an older
  // print changes nothing, nor does a second attempt.
  `with stored as (
     insert into ticket_documents as d (reservation_id, pdf, revision)
     select r.id, $2, r.revision from reservations r
      where r.id = $1 and r.status = 'confirmed' and r.cancel_requested_at is null and r.erased_at is null and r.revision = $4
     on conflict (reservation_id) do update set pdf = excluded.pdf, revision = excluded.revision, created_at = clock_timestamp()
      where d.revision < excluded.revision returning reservation_id)
   insert into history (reservation_id, type, actor, data) select reservation_id, 'tickets.ready', 'system', $3::jsonb from stored`,
);

/** A printed document; `substituted` names the texts that could not be printed as written. */
interface StoredDocument {
  pdf: Buffer;
  substituted: string[];
}

/** Stores the reservation's document and records that in its history, once. */
export async function storeDocument(
  db: Queryable,
  { reservationId, revision }: Pick<TicketContent, 'reservationId' | 'revision'>,
  { pdf, substituted }: StoredDocument,
): Promise<void> {
  const data = substituted.length > 0 ? { substituted } : {};
  await db.run(STORE, [reservationId, pdf, JSON.stringify(data), revision]);
}

/** The content of a ticket's page. */
export interface TicketContent {
  reservationId: string;
  /** Of the reservation. */
  revision: number;
  holder: string;
  events: EventShown[];
  tickets: {
    code: string;
    /** The place of its event among `events`. */
    event: number;
    seat: {
      label: string;
      section: string;
      row: string | null;
      number: string | null;
      category: string;
    };
    price: { amount: number; currency: string };
  }[];
}

const CONTENT = sql<{ content: TicketContent }>(
  'tickets_content',
  `select jsonb_build_object('reservationId', r.id, 'revision', r.revision, 'holder', coalesce(r.buyer_name, ''), 'events', ${EVENTS_OF_RESERVATION},
     'tickets', (select jsonb_agg(jsonb_build_object('code', t.code, 'event', coalesce(array_position(r.event_ids, s.event_id), 1) - 1,
          'seat', jsonb_build_object('label', s.label, 'section', s.section, 'row', s.row_name, 'number', ${SEAT_NUMBER}, 'category', c.name
            -- The price type is named where there are several.
            || coalesce((select ', ' || (type ->> 'name') from jsonb_array_elements(e.pricing -> 'types') type
                          where type ->> 'code' = a.price_type and jsonb_array_length(e.pricing -> 'types') > 1), '')),
          'price', jsonb_build_object('amount', a.price, 'currency', r.currency)) order by array_position(r.event_ids, s.event_id), s.id)
        from tickets t join seats s on s.id = t.seat_id join events e on e.id = s.event_id
        join allocations a on a.reservation_id = r.id and a.seat_id = s.id
        join price_categories c on c.event_id = s.event_id and c.code = s.category_code
       where t.reservation_id = r.id and t.status <> 'void')) as content
     from reservations r
      where r.id = $1 and r.status = 'confirmed' and r.cancel_requested_at is null and r.erased_at is null`,
);

/**
 * The content of a confirmed reservation's tickets; null when the reservation is not confirmed, a
 * cancel of it was accepted, or its buyer was erased.
 */
export async function readTicketContent(
  db: Queryable,
  reservationId: string,
): Promise<TicketContent | null> {
  const [row] = await db.rows(CONTENT, [reservationId]);
  return row?.content ?? null;
}
