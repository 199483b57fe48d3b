import { sql, type Queryable } from './database';
import { SEAT_NUMBER } from './seat-map';

export interface TicketRecord {
  code: string;
  seat: string;
  holder: string;
  status: 'valid' | 'used' | 'void';
}

const LIST = sql<TicketRecord>(
  'tickets_of_reservation',
  `select t.code, s.label as seat, coalesce(r.buyer_name, '') as holder, t.status
     from tickets t join seats s on s.id = t.seat_id join reservations r on r.id = t.reservation_id
    where t.reservation_id = $1 order by t.seat_id`,
);

export async function listTickets(db: Queryable, reservationId: string): Promise<TicketRecord[]> {
  return db.rows(LIST, [reservationId]);
}

const READY = sql<{ printed: boolean; erased: boolean }>(
  'tickets_ready',
  `select exists (select from ticket_documents where reservation_id = $1) as printed,
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
  'select pdf from ticket_documents where reservation_id = $1',
);

export async function readDocument(db: Queryable, reservationId: string): Promise<Buffer | null> {
  const [row] = await db.rows(DOCUMENT, [reservationId]);
  return row?.pdf ?? null;
}

const STORE = sql(
  'tickets_store_document',
  // Stores the document only while the reservation is confirmed. The first document stays, so a
  // second attempt changes nothing.
  `with stored as (
     insert into ticket_documents (reservation_id, pdf)
     select r.id, $2 from reservations r
      where r.id = $1 and r.status = 'confirmed' and r.cancel_requested_at is null and r.erased_at is null
     on conflict do nothing returning reservation_id)
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
  reservationId: string,
  { pdf, substituted }: StoredDocument,
): Promise<void> {
  const data = substituted.length > 0 ? { substituted } : {};
  await db.run(STORE, [reservationId, pdf, JSON.stringify(data)]);
}

/** The content of a ticket's page. */
export interface TicketContent {
  reservationId: string;
  holder: string;
  event: { name: string; venue: string | null; startsAt: string; timeZone: string };
  tickets: {
    code: string;
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
  `select jsonb_build_object('reservationId', r.id, 'holder', coalesce(r.buyer_name, ''),
     'event', jsonb_build_object('name', e.name, 'venue', e.venue, 'startsAt', rfc3339(e.starts_at), 'timeZone', e.time_zone),
     'tickets', (select jsonb_agg(jsonb_build_object('code', t.code,
          'seat', jsonb_build_object('label', s.label, 'section', s.section, 'row', s.row_name, 'number', ${SEAT_NUMBER}, 'category', c.name),
          'price', jsonb_build_object('amount', a.price, 'currency', r.currency)) order by s.id)
        from tickets t join seats s on s.id = t.seat_id join allocations a on a.reservation_id = r.id and a.seat_id = s.id
        join price_categories c on c.event_id = s.event_id and c.code = s.category_code
       where t.reservation_id = r.id and t.status <> 'void')) as content
     from reservations r join events e on e.id = r.event_id
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
