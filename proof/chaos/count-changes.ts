import { seatsAfter, type Change, type Claim, type Journal, type SeatName } from './journal';
import type { DirectAccess, Findings } from './direct-access';

interface ChangeRow {
  id: string;
  reservation_id: string;
  status: Change['status'];
  before: number;
  after: number;
  due: number;
  refund: number;
}

/** Those that were applied in the order in which they were. */
const CHANGES = `
  select id, reservation_id, status, total_before::float8 as before, (result ->> 'total')::float8 as after, due::float8, refund::float8
    from changes order by ended_at`;

/** What a reservation must have and cost in the end, by the answers and by which of its quotes were applied. */
export interface Outcome {
  seats: readonly SeatName[];
  total: number;
  /** What its changes leave to the organiser, beyond the total. */
  retained: number;
  /** A change after the sale was applied. */
  isChangedSale: boolean;
}

const percentOf = (amount: number, percent: number): number => Math.round((amount * percent) / 100);

/** What the organiser keeps of a sale that was cancelled. */
export const keptOf = ({ termsPercent }: Claim, total: number): number =>
  total - percentOf(total, termsPercent);

function checkChange(claim: Claim, change: Change, row: ChangeRow, findings: Findings): void {
  const due = change.due?.amount ?? 0;
  const refund = change.refund?.amount ?? 0;
  const [before, after] = [change.before.total.amount, change.after.total.amount];
  const isSame =
    row.due === due && row.refund === refund && row.before === before && row.after === after;
  findings.check(
    'a change that was answered 201 exists',
    change.id,
    isSame ? null : `recorded as ${JSON.stringify(row)}`,
  );
  if (change.answered !== null) {
    findings.check(
      'a change stays as it was answered',
      change.id,
      row.status === change.answered ? null : `${change.answered}, then ${row.status}`,
    );
  }
  if (change.expiresAt === null) return;
  findings.check(
    'what a change costs and gives back is the difference, by the terms',
    change.id,
    due === Math.max(0, after - before) &&
      refund === percentOf(Math.max(0, before - after), claim.termsPercent)
      ? null
      : `from ${before} to ${after}: ${due} due, ${refund} back`,
  );
  if (!change.asked) {
    findings.check(
      'a quote that nobody confirmed is not applied',
      change.id,
      row.status === 'applied' ? 'it is applied' : null,
    );
  }
  const isInTheWay = claim.cancelAsked || claim.entered.size > 0 || change.answered === 'withdrawn';
  if (change.paidInTime && !isInTheWay) {
    findings.check(
      'a quote that is paid in time is applied',
      change.id,
      row.status === 'applied' ? null : `it is ${row.status}`,
    );
  }
}

/** Checks every change that was answered. @returns what each reservation must have in the end, by its id */
export async function countChanges(
  journal: Journal,
  direct: DirectAccess,
  findings: Findings,
): Promise<ReadonlyMap<string, Outcome>> {
  const rows = await direct.rows<ChangeRow>(CHANGES);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const outcomes = new Map<string, Outcome>();
  for (const claim of journal.claims.values()) {
    const outcome = { ...claim.first, retained: 0, isChangedSale: false };
    for (const change of claim.changes.values()) {
      const row = byId.get(change.id);
      if (row) checkChange(claim, change, row, findings);
      else findings.check('a change that was answered 201 exists', change.id, 'there is none');
    }
    for (const { id, reservation_id: of, status } of rows) {
      const change = of === claim.id && status === 'applied' ? claim.changes.get(id) : undefined;
      if (!change) continue;
      outcome.seats = seatsAfter(outcome.seats, change);
      outcome.total = change.after.total.amount;
      if (change.expiresAt === null) continue;
      outcome.isChangedSale = true;
      const less = Math.max(0, change.before.total.amount - change.after.total.amount);
      outcome.retained += less - (change.refund?.amount ?? 0);
    }
    outcomes.set(claim.id, outcome);
  }
  const known = new Set([...journal.claims.values()].flatMap(({ changes }) => [...changes.keys()]));
  const unknown = rows.filter(({ id }) => !known.has(id));
  findings.check(
    'every change was answered 201',
    'all',
    unknown.length === 0 ? null : `no answer named ${unknown.map(({ id }) => id).join(', ')}`,
  );
  return outcomes;
}
