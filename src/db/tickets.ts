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

/** How often what is printed of a reservation's events (`r`) has changed. */
const PRINT_REVISION = `(select sum(e.print_revision)::integer from events e
     where e.id = any (coalesce(r.event_ids, array[r.event_id])))`;
const OF_THIS_REVISION = `ticket_documents d
     join reservations r on r.id = d.reservation_id and r.revision = d.revision`;
const IS_CURRENT = `d.pdf is not null and d.print_revision = ${PRINT_REVISION}`;

const READY = sql<{ printed: boolean; current: boolean; erased: boolean }>(
  'tickets_ready',
  `select exists (select from ${OF_THIS_REVISION} where d.reservation_id = $1) as printed,
          exists (select from ${OF_THIS_REVISION} where d.reservation_id = $1 and ${IS_CURRENT}) as current,
          exists (select from reservations where id = $1 and erased_at is not null) as erased`,
);

/**
 * Whether the tickets were printed (`erased`: or had been, until the buyer was erased), and whether
 * that print is kept and not older than an edit of their events.
 */
export async function readPrint(
  db: Queryable,
  reservationId: string,
): Promise<{ printed: boolean; current: boolean; erased: boolean }> {
  const [row] = await db.rows(READY, [reservationId]);
  return row!;
}

const DOCUMENT = sql<{ pdf: Buffer | null; revision: number; current: boolean }>(
  'tickets_document',
  `select d.pdf, d.revision, ${IS_CURRENT} as current from ${OF_THIS_REVISION} where d.reservation_id = $1`,
);

/** The print of a reservation's tickets; `current`: it is kept, and not older than an edit of their events. */
export async function readDocument(
  db: Queryable,
  reservationId: string,
): Promise<{ pdf: Buffer | null; revision: number; current: boolean } | null> {
  const [row] = await db.rows(DOCUMENT, [reservationId]);
  return row ?? null;
}

const ORDER_PRINT = sql(
  'tickets_order_print',
  `with asked as (
     update ticket_documents set asked_at = clock_timestamp(), print_id = coalesce(print_id, gen_random_uuid())
      where reservation_id = $1 and coalesce(asked_at < clock_timestamp() - interval '10 seconds', true)
     returning reservation_id)
   insert into outbox (kind, subject) select 'print', reservation_id from asked`,
);

/** Has what was printed once printed again: at most every ten seconds, however often it is asked for. */
export async function orderPrint(db: Queryable, reservationId: string): Promise<void> {
  await db.run(ORDER_PRINT, [reservationId]);
}

const FORGET_DOCUMENTS = sql(
  'tickets_forget_documents',
  `update ticket_documents set pdf = null
    where reservation_id = any (array(
           select d.reservation_id from ticket_documents d join reservations r on r.id = d.reservation_id
            where d.pdf is not null and d.created_at < now() - $1 * interval '1 day'
              and (r.delivered_at is not null or r.status <> 'confirmed')
              and not exists (select from mails m where m.reservation_id = r.id and m.kind = 'tickets' and m.sent_at is null and m.refused is null)
            order by d.created_at limit $2 for no key update of d skip locked))`,
);

/** Removes prints older than this many days that have been mailed, with no mail left that needs them. @returns how many, at most `most` */
export async function forgetDocuments(db: Queryable, days: number, most: number): Promise<number> {
  return db.run(FORGET_DOCUMENTS, [days, most]);
}

const STORE = sql(
  'tickets_store_document',
  // Stores the document only while the reservation is confirmed, and of the revision that it was made for: an older
  // print changes nothing, nor does a second attempt. The history has the first print of a revision. The lock lets an
  // erasure under way end first: it would not see a print that is stored meanwhile.
  `with stored as (
     insert into ticket_documents as d (reservation_id, pdf, revision, print_revision)
     select r.id, $2, r.revision, $5 from reservations r
      where r.id = $1 and r.status = 'confirmed' and r.cancel_requested_at is null and r.erased_at is null and r.revision = $4
        for share
     on conflict (reservation_id) do update
       set pdf = excluded.pdf, revision = excluded.revision, print_revision = excluded.print_revision,
           created_at = clock_timestamp()
      where (d.revision, d.print_revision) < (excluded.revision, excluded.print_revision)
         or (d.pdf is null and d.revision = excluded.revision)
     returning reservation_id)
   insert into history (reservation_id, type, actor, data)
   select reservation_id, 'tickets.ready', 'system', $3::jsonb from stored
    where not exists (select from ticket_documents before where before.reservation_id = $1 and before.revision = $4)`,
);

/** A printed document; `substituted` names the texts that could not be printed as written. */
interface StoredDocument {
  pdf: Buffer;
  substituted: string[];
}

/** Stores the reservation's document and records that in its history, once. */
export async function storeDocument(
  db: Queryable,
  {
    reservationId,
    revision,
    printRevision,
  }: Pick<TicketContent, 'reservationId' | 'revision' | 'printRevision'>,
  { pdf, substituted }: StoredDocument,
): Promise<void> {
  const data = substituted.length > 0 ? { substituted } : {};
  await db.run(STORE, [reservationId, pdf, JSON.stringify(data), revision, printRevision]);
}

/** The content of a ticket's page. */
export interface TicketContent {
  reservationId: string;
  /** Of the reservation. */
  revision: number;
  /** Of what its events say. */
  printRevision: number;
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
  `select jsonb_build_object('reservationId', r.id, 'revision', r.revision, 'printRevision', ${PRINT_REVISION},
     'holder', coalesce(r.buyer_name, ''), 'events', ${EVENTS_OF_RESERVATION},
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
