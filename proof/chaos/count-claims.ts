import { namesOf, type Claim, type Journal } from './journal';
import type { Outcome } from './count-changes';
import type { DirectAccess, Findings } from './direct-access';

interface ReservationRow {
  id: string;
  status: string;
  client: string;
  name: string;
  email: string;
  total: number;
  currency: string;
  code: string | null;
  seats: string[];
  /** Seats whose row says that it belongs to this reservation. */
  owned: string[];
  hold_ends_ms: number;
  ended_ms: number | null;
  confirmed_by: string | null;
  ever_confirmed: boolean;
}

const RESERVATIONS = `
  select r.id, r.status, r.client, (select code from codes where id = r.code_id) as code, r.buyer_name as name, r.buyer_email as email, r.total::float8, r.currency,
         array(select e.slug || ' ' || s.label from allocations a join seats s on s.id = a.seat_id join events e on e.id = s.event_id
                where a.reservation_id = r.id and a.until_revision is null) as seats,
         array(select s.label from seats s where s.reservation_id = r.id order by s.label collate "C") as owned,
         extract(epoch from r.hold_ends_at)::float8 * 1000 as hold_ends_ms,
         extract(epoch from r.ended_at)::float8 * 1000 as ended_ms,
         r.confirmed_by, r.confirmed_at is not null as ever_confirmed
    from reservations r`;

interface TicketRow {
  reservation_id: string;
  code: string;
  status: string;
  used: boolean;
}

const CLIENTS = { client: 'demo-client', client2: 'demo-client-2' } as const;

function differs(what: string, answered: unknown, found: unknown): string | null {
  const [left, right] = [JSON.stringify(answered), JSON.stringify(found)];
  return left === right ? null : `${what}: answered ${left}, found ${right}`;
}

function checkHold(claim: Claim, outcome: Outcome, row: ReservationRow, findings: Findings): void {
  const wrong = [
    differs('seats', namesOf(outcome.seats), [...row.seats].sort()),
    differs('buyer', claim.buyer, { name: row.name, email: row.email }),
    differs('client', CLIENTS[claim.client], row.client),
    differs(
      'total',
      { amount: outcome.total, currency: claim.total.currency },
      { amount: row.total, currency: row.currency },
    ),
  ].filter((difference) => difference !== null);
  findings.check(
    'a hold that was answered 201 exists',
    claim.id,
    wrong.length > 0 ? wrong.join('; ') : null,
  );

  // Times in answers are cut to milliseconds.
  const short = Date.parse(claim.promisedUntil) - row.hold_ends_ms;
  const early =
    row.status === 'expired' &&
    row.ended_ms !== null &&
    row.ended_ms < Date.parse(claim.promisedUntil);
  findings.check(
    'a hold lasts as long as was promised',
    claim.id,
    short >= 1 || early
      ? `promised until ${claim.promisedUntil}, ended ${Math.round(short)} ms before`
      : null,
  );
}

function checkEnd(claim: Claim, row: ReservationRow, findings: Findings): void {
  const { confirmed, cancelled, cancelAsked } = claim;
  if (confirmed.size > 0) {
    const holds = row.status === 'confirmed' || (row.status === 'cancelled' && cancelAsked);
    findings.check(
      'a confirmed reservation stays confirmed, unless cancelled',
      claim.id,
      holds ? null : `it is ${row.status}`,
    );
    const by = [...confirmed].every((reference) => reference === row.confirmed_by);
    findings.check(
      'confirmed by the payment of the answer',
      claim.id,
      by ? null : `it is by ${row.confirmed_by}`,
    );
  }
  if (cancelled.done) {
    const wrong =
      row.status !== 'cancelled'
        ? row.status
        : row.owned.length > 0
          ? `seats ${row.owned.join()}`
          : null;
    findings.check(
      'a cancelled reservation stays cancelled, its seats free',
      claim.id,
      wrong && `still ${wrong}`,
    );
  }
  if (cancelled.kept || cancelled.signalled) {
    // The hold may have ended before the cancel was carried out; a late payment may then have sold it.
    findings.check(
      'a cancel that was answered 202 is carried out',
      claim.id,
      row.status === 'held' ? 'it is still held' : null,
    );
  }
  if (row.status === 'cancelled') {
    findings.check(
      'no reservation is cancelled without a request',
      claim.id,
      cancelAsked ? null : 'no cancel was requested',
    );
  }
  if (row.status !== 'held' && row.status !== 'confirmed') {
    const left = row.owned.length > 0 ? `${row.status} but owns ${row.owned.join()}` : null;
    findings.check('an ended reservation owns no seat', claim.id, left);
  }
}

function checkTickets(
  claim: Claim,
  { seats }: Outcome,
  row: ReservationRow,
  tickets: readonly TicketRow[],
  findings: Findings,
): void {
  const due = row.status === 'confirmed' ? seats.length : 0;
  const live = tickets.filter((ticket) => ticket.status !== 'void').length;
  findings.check(
    'as many live tickets as seats sold',
    claim.id,
    live === due ? null : `${live} instead of ${due}`,
  );
  for (const code of claim.codes) {
    const found = tickets.some((ticket) => ticket.code === code);
    findings.check(
      'a ticket that was returned exists',
      code,
      found ? null : `not among those of ${claim.id}`,
    );
  }
  for (const [code, times] of claim.entered) {
    const used = tickets.some((ticket) => ticket.code === code && ticket.used);
    const wrong =
      times > 1 ? `checked in ${times} times` : used ? null : 'checked in, but not recorded';
    findings.check('a ticket is checked in once', code, wrong);
  }
}

const OVERLAPS = `
  with claims as (
    -- a seat is one of the reservation's from one revision to another; what a quote alone held is not
    select r.id, r.status, r.created_at, r.hold_ends_at, r.confirmed_at, r.ended_at, r.paid_in_time_at, a.seat_id,
           coalesce(taken.at, r.created_at) as taken_at, coalesce(given.at, 'infinity') as given_at
      from reservations r join allocations a on a.reservation_id = r.id
      left join history taken on taken.reservation_id = r.id and taken.type = 'reservation.changed' and (taken.data ->> 'revision')::int = a.from_revision
      left join history given on given.reservation_id = r.id and given.type = 'reservation.changed' and (given.data ->> 'revision')::int = a.until_revision
     where a.until_revision is null or given.at is not null)
  , spans as (
    -- from the hold to its end: pinned by a payment in time, until the decision
    select id, seat_id, greatest(created_at, taken_at) as since,
           least(given_at, case when paid_in_time_at is not null then coalesce(confirmed_at, ended_at, 'infinity')
                else least(hold_ends_at, coalesce(confirmed_at, ended_at, 'infinity')) end) as until
      from claims
    union all
    -- from the sale to its undoing
    select id, seat_id, greatest(confirmed_at, taken_at), least(given_at, case when status = 'confirmed' then 'infinity' else ended_at end)
      from claims where confirmed_at is not null)
  select s.label, a.id as one, b.id as other, a.since::text as since, a.until::text as until, b.since::text as other_since
    from spans a join spans b on b.seat_id = a.seat_id and b.id > a.id and a.since < b.until and b.since < a.until
    join seats s on s.id = a.seat_id
   where a.since < a.until and b.since < b.until`;

/** No two reservations had one seat at the same time, by the times in their rows. */
async function checkOverlaps(
  direct: DirectAccess,
  findings: Findings,
  claims: number,
): Promise<void> {
  const rows = await direct.rows<Record<string, string>>(OVERLAPS);
  findings.checked.set('no two reservations have a seat at the same time', claims);
  for (const { label, one, other, since, until, other_since: otherSince } of rows) {
    const detail = `${one} from ${since} to ${until}, ${other} from ${otherSince}`;
    findings.violations.push({
      rule: 'no two reservations have a seat at the same time',
      subject: label ?? '',
      detail,
    });
  }
}

const UNKNOWN = `
  select r.id from reservations r where r.id <> all ($1::text[])`;

/** Checks that every 2xx about a reservation is true, and that no other reservation exists. */
export async function countClaims(
  journal: Journal,
  direct: DirectAccess,
  findings: Findings,
  outcomes: ReadonlyMap<string, Outcome>,
): Promise<Map<string, string>> {
  const rows = new Map(
    (await direct.rows<ReservationRow>(RESERVATIONS)).map((row) => [row.id, row]),
  );
  const tickets = new Map<string, TicketRow[]>();
  const all = 'select reservation_id, code, status, used_at is not null as used from tickets';
  for (const ticket of await direct.rows<TicketRow>(all)) {
    tickets.set(ticket.reservation_id, [...(tickets.get(ticket.reservation_id) ?? []), ticket]);
  }
  for (const claim of journal.claims.values()) {
    const row = rows.get(claim.id);
    if (!row) {
      findings.check(
        'a hold that was answered 201 exists',
        claim.id,
        'there is no such reservation',
      );
      continue;
    }
    const outcome = outcomes.get(claim.id)!;
    checkHold(claim, outcome, row, findings);
    checkEnd(claim, row, findings);
    checkTickets(claim, outcome, row, tickets.get(claim.id) ?? [], findings);
  }
  await checkOverlaps(direct, findings, rows.size);
  const unknown = await direct.rows<{ id: string }>(UNKNOWN, [[...journal.claims.keys()]]);
  findings.check(
    'every reservation was answered 201',
    'all',
    unknown.length === 0 ? null : `no answer named ${unknown.map((row) => row.id).join(', ')}`,
  );
  return new Map(
    [...rows.values()].filter((row) => row.ever_confirmed).map((row) => [row.id, row.status]),
  );
}
