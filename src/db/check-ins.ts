import { sql, type Queryable } from './database';

/** A ticket as the door sees it. */
interface DoorTicket {
  seat: string;
  /** The event's slug. */
  event: string;
  reservation: string;
  holder: string;
}

/** A code that a scanner has read. */
export interface Scan {
  code: string;
  /** The id of the event at whose door it was read. */
  eventId: string;
  /** The API key of the scanner, whose ids of scans are its own. */
  keyId: number;
  scanId: string | null;
  gate: string | null;
  /** RFC 3339, of a scan that comes late; null: now. */
  scannedAt: string | null;
  actor: string;
}

export type VoidReason = 'cancelled' | 'changed';

/** The entry that a scan recorded, or that was recorded before it. */
interface Entry extends DoorTicket {
  at: string;
  gate: string | null;
}

export type CheckInResult =
  | ({ kind: 'checked_in' } & Entry)
  | ({ kind: 'already_checked_in' } & Entry)
  | ({ kind: 'ticket_void'; why: VoidReason } & DoorTicket)
  | ({ kind: 'wrong_event' } & DoorTicket)
  | { kind: 'unknown' | 'scan_id_reused' | 'scan_undone' | 'scan_too_old' | 'scan_in_the_future' };

const CHECK_IN = sql<{ result: CheckInResult }>(
  'check_in',
  'select check_in($1, $2, $3, $4, $5, $6, $7) as result',
);

/** Checks a ticket in, once, at its own event: see `check_in` in the migrations for the rules. */
export async function checkIn(db: Queryable, scan: Scan): Promise<CheckInResult> {
  const { code, eventId, keyId, scanId, gate, scannedAt, actor } = scan;
  const [row] = await db.rows(CHECK_IN, [code, eventId, keyId, scanId, gate, scannedAt, actor]);
  return row!.result;
}

export type UndoResult =
  | ({ kind: 'undone' } & DoorTicket)
  | ({ kind: 'ticket_void'; why: VoidReason } & DoorTicket)
  | ({ kind: 'not_checked_in' } & DoorTicket)
  | { kind: 'unknown' };

const UNDO = sql<{ result: UndoResult }>('undo_check_in', 'select undo_check_in($1, $2) as result');

/** Undoes a check-in: the ticket is valid again. */
export async function undoCheckIn(db: Queryable, code: string, actor: string): Promise<UndoResult> {
  const [row] = await db.rows(UNDO, [code, actor]);
  return row!.result;
}

export interface GateEntries {
  gate: string | null;
  entries: number;
}

const SUMMARY = sql<{ valid: number; entries: number }>(
  'check_in_summary',
  `select count(*) filter (where t.status = 'valid') as valid, count(*) filter (where t.status = 'used') as entries
     from seats s join tickets t on t.seat_id = s.id where s.event_id = $1`,
);
const BY_GATE = sql<GateEntries>(
  'check_ins_by_gate',
  `select t.used_gate as gate, count(*) as entries from seats s join tickets t on t.seat_id = s.id and t.status = 'used'
    where s.event_id = $1 group by t.used_gate order by entries desc, gate limit 200`,
);

/** The number of check-ins of an event, by gate (the 200 busiest), and of tickets that are still valid. */
export async function summarizeCheckIns(
  db: Queryable,
  eventId: string,
): Promise<{ entries: number; expected: number; gates: GateEntries[] }> {
  const [counted] = await db.rows(SUMMARY, [eventId]);
  const gates = await db.rows(BY_GATE, [eventId]);
  return { entries: counted!.entries, expected: counted!.valid, gates };
}

export interface VoidedTicket {
  id: string;
  code: string;
  seat: string;
  why: VoidReason;
  voidedAt: string;
  /** With microseconds: its place in the list. */
  at: string;
}

const VOIDED = sql<VoidedTicket>(
  'tickets_voided',
  `select t.id, t.code, s.label as seat, coalesce(t.void_reason, 'cancelled') as why, rfc3339(t.voided_at) as "voidedAt", rfc3339_us(t.voided_at) as at
     from tickets t join seats s on s.id = t.seat_id
    where s.event_id = $1 and t.status = 'void' and t.voided_at is not null
      and (t.voided_at, t.id) > (coalesce($2::timestamptz, '-infinity'),
                                 coalesce($3::uuid, '00000000-0000-0000-0000-000000000000'))
    order by t.voided_at, t.id limit $4`,
);
const SETTLED = sql<{ at: string }>(
  'tickets_voided_settled',
  `select rfc3339_us(clock_timestamp() - interval '1 minute') as at`,
);

/** One page of an event's void tickets, oldest first, after the given position. */
export async function listVoidedTickets(
  db: Queryable,
  eventId: string,
  after: { at: string; id: string } | null,
  limit: number,
): Promise<VoidedTicket[]> {
  return db.rows(VOIDED, [eventId, after?.at ?? null, after?.id ?? null, limit]);
}

/** A time before which all void tickets are visible: no transaction lasts for the minute until now. */
export async function readSettledMoment(db: Queryable): Promise<string> {
  const [row] = await db.rows(SETTLED);
  return row!.at;
}

/** As long as an idempotency key is kept. */
const KEPT_DAYS = 90;

const FORGET = sql(
  'scans_forget',
  `delete from scans where (key_id, scan_id) in (
     select key_id, scan_id from scans where created_at < now() - $1 * interval '1 day'
      order by created_at limit $2 for update skip locked)`,
);

/** Deletes answers to scans after 90 days. @param most how many at once. @returns how many */
export async function forgetOldScans(db: Queryable, most: number): Promise<number> {
  return db.run(FORGET, [KEPT_DAYS, most]);
}
