import { sql, type Queryable } from './database';

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
     select r.id, $2 from reservations r where r.id = $1 and r.status = 'confirmed' and r.erased_at is null
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
      number: number | null;
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
          'seat', jsonb_build_object('label', s.label, 'section', s.section, 'row', s.row_name, 'number', s.number, 'category', c.name),
          'price', jsonb_build_object('amount', a.price, 'currency', r.currency)) order by s.id)
        from tickets t join seats s on s.id = t.seat_id join allocations a on a.reservation_id = r.id and a.seat_id = s.id
        join price_categories c on c.event_id = s.event_id and c.code = s.category_code
       where t.reservation_id = r.id and t.status <> 'void')) as content
     from reservations r join events e on e.id = r.event_id
      where r.id = $1 and r.status = 'confirmed' and r.erased_at is null`,
);

/**
 * The content of a confirmed reservation's tickets; null when the reservation is not confirmed or
 * its buyer was erased.
 */
export async function readTicketContent(
  db: Queryable,
  reservationId: string,
): Promise<TicketContent | null> {
  const [row] = await db.rows(CONTENT, [reservationId]);
  return row?.content ?? null;
}

const CHECK_IN = sql<CheckIn>(
  'tickets_check_in',
  `with entered as (
     update tickets set status = 'used', used_at = clock_timestamp() where code = $1 and status = 'valid'
     returning id, reservation_id, seat_id, used_at)
   , told as (
     insert into history (reservation_id, type, actor, data)
     select n.reservation_id, 'ticket.checked_in', $2, jsonb_build_object('seat', s.label) from entered n join seats s on s.id = n.seat_id)
   select s.label as seat, e.slug as event, r.id as reservation, coalesce(r.buyer_name, '') as holder, rfc3339(n.used_at) as at
     from entered n join seats s on s.id = n.seat_id join reservations r on r.id = n.reservation_id join events e on e.id = r.event_id`,
);
const REFUSED = sql<{ status: string; at: string | null }>(
  'tickets_refused',
  'select status, rfc3339(used_at) as at from tickets where code = $1',
);

interface CheckIn {
  seat: string;
  event: string;
  reservation: string;
  holder: string;
  at: string;
}

export type CheckInResult =
  | ({ kind: 'checked_in' } & CheckIn)
  | { kind: 'already_checked_in'; at: string }
  | { kind: 'ticket_void' | 'unknown' };

/** Lets a ticket in, once: of two scanners at the same moment one gets the ticket, the other the time of the first. */
export async function checkIn(db: Queryable, code: string, actor: string): Promise<CheckInResult> {
  const [entered] = await db.rows(CHECK_IN, [code, actor]);
  if (entered) return { kind: 'checked_in', ...entered };
  const [known] = await db.rows(REFUSED, [code]);
  if (known?.status === 'used') return { kind: 'already_checked_in', at: known.at! };
  return { kind: known?.status === 'void' ? 'ticket_void' : 'unknown' };
}
