import {
  paymentKey,
  type Journal,
  type PartOfPayment,
  type Payment,
  type Reservation,
} from './journal';
import { keptOf, type Outcome } from './count-changes';
import type { DirectAccess, Findings } from './direct-access';

interface PaymentRow {
  reference: string;
  reservation_id: string;
  amount: number;
  currency: string;
  role: string;
  status: string;
  proven: boolean;
  contradicted: boolean;
  /** It has confirmed its reservation, or a change of it, which stands. */
  sale: boolean;
  reservation_status: string | null;
}

const PAYMENTS = `
  select p.reference, p.reservation_id, p.amount::float8, p.currency, p.role, p.status,
         p.proven_by is not null as proven, p.contradicted_at is not null as contradicted,
         p.role = 'confirming' and r.status is not distinct from 'confirmed'
           and (r.confirmed_by = p.reference or c.status is not distinct from 'applied') as sale,
         r.status as reservation_status
    from payments p left join reservations r on r.id = p.reservation_id left join changes c on c.id = p.change_id`;

interface LedgerRow {
  reference: string;
  charged: number | null;
  charged_in: string | null;
  refunded: number;
}

const LEDGER = `
  select reference, c.amount::float8 as charged, c.currency as charged_in,
         coalesce(r.refunded, 0)::float8 as refunded
    from test_provider.charges c full join
         (select reference, sum(amount) as refunded from test_provider.refunds group by reference) r
         using (reference)`;

const NOTES = 'select kind, reservation_id, reference from notes';

/** What the load knows of each payment, and what was found. */
interface Books {
  rows: ReadonlyMap<string, PaymentRow>;
  ledger: ReadonlyMap<string, LedgerRow>;
  /** The notes, as `kind: payment`. */
  notes: ReadonlySet<string>;
  /** By payment: what operators ordered and did not fail. */
  ordered: ReadonlyMap<string, number>;
  /** By payment: what disputes that were lost took. */
  lost: ReadonlyMap<string, number>;
  /** By payment: what the provider gave back by itself. */
  byProvider: ReadonlyMap<string, number>;
  /** The payments that a provider has proven, by reference. */
  proven: ReadonlyMap<string, readonly Payment[]>;
  /** Reservations whose payments are not given back one by one: changed sales, and those with terms. */
  together: ReadonlySet<string>;
}

/** What was found before. */
interface Found {
  outcomes: ReadonlyMap<string, Outcome>;
  /** Reservations as the API shows them. */
  shown: ReadonlyMap<string, Reservation>;
  /** Each reservation that was ever confirmed, with its status now. */
  everConfirmed: ReadonlyMap<string, string>;
}

const keyOf = ({ reference, reservation }: Pick<Payment, 'reference' | 'reservation'>): string =>
  paymentKey(reference, reservation);

function sums(entries: Iterable<PartOfPayment>): Map<string, number> {
  const result = new Map<string, number>();
  for (const entry of entries)
    result.set(keyOf(entry), (result.get(keyOf(entry)) ?? 0) + entry.amount);
  return result;
}

function provenByReference(journal: Journal): Map<string, Payment[]> {
  const proven = new Map<string, Payment[]>();
  for (const payment of journal.payments.values()) {
    const { reference, acknowledged, foreign } = payment;
    if (!foreign && (acknowledged.has('stripe') || acknowledged.has('standard')))
      proven.set(reference, [...(proven.get(reference) ?? []), payment]);
  }
  return proven;
}

async function readBooks(
  journal: Journal,
  direct: DirectAccess,
  { outcomes }: Found,
): Promise<Books> {
  const rows = await direct.rows<PaymentRow>(PAYMENTS);
  const ledger = await direct.rows<LedgerRow>(LEDGER);
  const notes = await direct.rows<{ kind: string; reference: string; reservation_id: string }>(
    NOTES,
  );
  return {
    rows: new Map(rows.map((row) => [paymentKey(row.reference, row.reservation_id), row])),
    ledger: new Map(ledger.map((row) => [row.reference, row])),
    notes: new Set(
      notes.map((note) => `${note.kind}: ${paymentKey(note.reference, note.reservation_id)}`),
    ),
    ordered: sums([...journal.refunds.values()].filter(({ failed }) => !failed)),
    lost: sums([...journal.disputes.values()].filter(({ status }) => status === 'lost')),
    byProvider: sums(journal.refundsByProvider),
    proven: provenByReference(journal),
    together: new Set(
      [...journal.claims.values()]
        .filter(({ id, termsPercent }) => termsPercent < 100 || outcomes.get(id)?.isChangedSale)
        .map(({ id }) => id),
    ),
  };
}

/** What the provider must have given back of a payment by our order: of a sale what operators ordered, else all that is left. */
const dueBack = (
  key: string,
  { sale, amount }: PaymentRow,
  { ordered, lost, byProvider }: Books,
): number =>
  sale ? (ordered.get(key) ?? 0) : amount - (lost.get(key) ?? 0) - (byProvider.get(key) ?? 0);

/** Checks that a payment is for a sale, or given back, to the last minor unit. */
function checkOutcome(key: string, row: PaymentRow, books: Books): string | null {
  const { amount, role, status, sale, reference, reservation_status: reservation } = row;
  const what = `${status} as ${role}, for a reservation that is ${reservation ?? 'none'}`;
  if (row.contradicted) {
    // No provider gives it back: the cashier does.
    const expected = sale ? 'captured' : 'refunded';
    return status === expected ? null : `${what}, not ${expected}`;
  }
  const due = dueBack(key, row, books);
  const refunded = books.ledger.get(reference)?.refunded ?? 0;
  if (refunded !== due) return `${what}: ${refunded} of ${amount} were refunded instead of ${due}`;
  const back = due + (books.byProvider.get(key) ?? 0);
  const expected =
    (books.lost.get(key) ?? 0) > 0
      ? 'disputed'
      : back === 0
        ? 'captured'
        : back === amount
          ? 'refunded'
          : 'partially_refunded';
  return status === expected ? null : `${what}, not ${expected}`;
}

/** One proof of a reference is its payment; each other one is a note. A claim that no proof names is one too. */
function checkRivals(payment: Payment, books: Books, findings: Findings): void {
  const key = keyOf(payment);
  const row = books.rows.get(key);
  const proofs = books.proven.get(payment.reference) ?? [];
  if (proofs.length === 0 || (proofs.length === 1 && proofs[0] === payment)) return;
  if (!proofs.includes(payment)) {
    const isNoted = row?.contradicted && books.notes.has(`claim_contradicted: ${key}`);
    const wrong = row && !isNoted ? `recorded as ${JSON.stringify(row)}` : null;
    findings.check('a claim that a proof contradicts is a note', key, wrong);
    return;
  }
  const kept = proofs.filter((proof) => books.rows.get(keyOf(proof))?.proven);
  const wrong = kept.length === 1 ? null : `${kept.length} payments`;
  findings.check('a reference that is proven is one payment', payment.reference, wrong);
  if (row) return;
  const noted = books.notes.has(`reference_conflict: ${key}`);
  findings.check('a second proof is a note', key, noted ? null : 'there is none');
}

function checkForeign(payment: Payment, books: Books, findings: Findings): void {
  const key = keyOf(payment);
  const row = books.rows.get(key);
  const isKept = row?.role === 'unmatched' && row.status === 'captured';
  const isNoted = books.notes.has(`payment_unmatched: ${key}`);
  const charged = books.ledger.has(payment.reference);
  const wrong = `recorded as ${JSON.stringify(row)}, ${isNoted ? 'noted' : 'not noted'}`;
  findings.check(
    'money of another account or mode is noted and stays',
    key,
    isKept && isNoted && !charged ? null : wrong,
  );
}

function checkPayment(payment: Payment, books: Books, findings: Findings): void {
  const { reference, amount, acknowledged, ways, uncertain, refused } = payment;
  const currency = payment.currency.toUpperCase();
  const key = keyOf(payment);
  const row = books.rows.get(key);
  if (payment.foreign) {
    if (acknowledged.size > 0) checkForeign(payment, books, findings);
    return;
  }
  checkRivals(payment, books, findings);
  const proofs = books.proven.get(reference) ?? [];
  const isSecondProof = !row && proofs.length > 1 && proofs.includes(payment);
  if (acknowledged.size > 0 && !isSecondProof) {
    const same = row?.amount === amount && row.currency === currency;
    const wrong = row ? (same ? null : `recorded as ${JSON.stringify(row)}`) : 'it is not recorded';
    findings.check('a payment that was answered 2xx is recorded', key, wrong);
    if (proofs.includes(payment)) {
      const ledger = books.ledger.get(reference);
      const charged = ledger?.charged === amount && ledger.charged_in === currency;
      findings.check(
        "a payment is in the provider's ledger",
        key,
        charged ? null : `as ${JSON.stringify(ledger)}`,
      );
    }
  } else if (refused && !uncertain && ways.size === 1) {
    findings.check(
      'a refused confirm is not recorded',
      key,
      row ? `recorded as ${row.role}, ${row.status}` : null,
    );
  }
  // Of a sale that was changed, or whose organiser keeps a part, the payments add up together: see `checkSale`.
  const isOfMany = row?.role === 'confirming' && books.together.has(row.reservation_id);
  if (row && !isOfMany) {
    findings.check('each payment is for a sale, or given back', key, checkOutcome(key, row, books));
  }
}

const BALANCE = `
  with sales as (
    select r.id, r.total from reservations r
      join payments p on p.reservation_id = r.id and p.reference = r.confirmed_by and p.contradicted_at is null
     where r.status = 'confirmed' and exists (select from test_provider.charges c where c.reference = r.confirmed_by))
  select (select coalesce(sum(amount), 0)::float8 from test_provider.charges) as charged,
         (select coalesce(sum(f.amount), 0)::float8 from test_provider.refunds f
           where exists (select from test_provider.charges c where c.reference = f.reference)) as refunded,
         (select coalesce(sum(total), 0)::float8 from sales) as sold`;

/** Charges and refunds, in minor units over all currencies. */
export interface Balance {
  charged: number;
  refunded: number;
  sold: number;
  /** Of sales that stand: what operators had given back. */
  givenBack: number;
  /** What disputes, and the provider by itself, took of payments that are for no sale. */
  taken: number;
  /** What the terms leave of sales that were cancelled or made smaller. */
  retained: number;
}

/**
 * Checks of each sale that what was paid, less what went back, is its total and what the terms leave; by the provider's
 * ledger, and as the API shows it.
 * @returns what the terms leave of all
 */
function checkSales(
  journal: Journal,
  books: Books,
  findings: Findings,
  { outcomes, shown, everConfirmed }: Found,
): number {
  const payments = new Map<string, PaymentRow[]>();
  for (const row of books.rows.values()) {
    if (row.role !== 'confirming') continue;
    payments.set(row.reservation_id, [...(payments.get(row.reservation_id) ?? []), row]);
  }
  let retainedInAll = 0;
  for (const claim of journal.claims.values()) {
    const { total, retained: before } = outcomes.get(claim.id)!;
    const status = everConfirmed.get(claim.id);
    if (status === undefined) continue;
    const isSale = status === 'confirmed';
    const retained = before + (isSale ? 0 : keptOf(claim, total));
    retainedInAll += retained;
    const rows = payments.get(claim.id) ?? [];
    const isPlain = rows.every((row) => {
      const key = paymentKey(row.reference, row.reservation_id);
      return ![books.ordered, books.lost, books.byProvider].some((sums) => sums.has(key));
    });
    // What operators, disputes and the provider took is counted for each payment.
    if (!isPlain || rows.some(({ contradicted }) => contradicted)) continue;
    const sum = (amounts: readonly number[]) => amounts.reduce((all, amount) => all + amount, 0);
    const paid = sum(rows.map(({ reference }) => books.ledger.get(reference)?.charged ?? 0));
    const back = sum(rows.map(({ reference }) => books.ledger.get(reference)?.refunded ?? 0));
    const expected = (isSale ? total : 0) + retained;
    findings.check(
      'of each sale: paid − refunded = total + retained',
      claim.id,
      paid - back === expected
        ? null
        : `${status}: ${paid} − ${back} instead of ${isSale ? total : 0} + ${retained}`,
    );
    if (!isSale) continue;
    const { amounts } = shown.get(claim.id)!;
    const told = { paid: amounts.paid.amount, refunded: amounts.refunded.amount };
    findings.check(
      'the API shows what the provider has',
      claim.id,
      told.paid - told.refunded === paid - back && amounts.retained.amount === retained
        ? null
        : `${JSON.stringify(amounts)} instead of ${paid} − ${back}, ${retained} retained`,
    );
  }
  return retainedInAll;
}

/** Checks every payment, and the sum of all. */
export async function countMoney(
  journal: Journal,
  direct: DirectAccess,
  findings: Findings,
  found: Found,
): Promise<Balance> {
  const books = await readBooks(journal, direct, found);
  const { rows, ledger } = books;
  for (const payment of journal.payments.values()) checkPayment(payment, books, findings);
  const known = new Set([...journal.payments.values()].map(({ reference }) => reference));
  for (const [key, { reference }] of [...rows, ...ledger]) {
    const isOurs = rows.has(key) ? journal.payments.has(key) : known.has(reference);
    findings.check(
      'every payment comes from the load',
      key,
      isOurs ? null : 'the load has not sent it',
    );
  }

  const isSale = (key: string) => rows.get(key)?.sale === true;
  const sumOf = (amounts: ReadonlyMap<string, number>, which: (key: string) => boolean) =>
    [...amounts].reduce((sum, [key, amount]) => (which(key) ? sum + amount : sum), 0);
  const givenBack = sumOf(books.ordered, isSale);
  const isNoSale = (key: string) => !isSale(key);
  const taken = sumOf(books.lost, isNoSale) + sumOf(books.byProvider, isNoSale);
  const retained = checkSales(journal, books, findings, found);
  type Sums = Pick<Balance, 'charged' | 'refunded' | 'sold'>;
  const [sums] = await direct.rows<Record<keyof Sums, number>>(BALANCE);
  const balance: Balance = { ...sums!, givenBack, taken, retained };
  const { charged, refunded, sold } = balance;
  const wrong = Object.entries(balance)
    .map(([name, sum]) => `${name} ${sum}`)
    .join(', ');
  findings.check(
    'charges − refunds = sales − given back + taken + retained',
    'all',
    charged - refunded === sold - givenBack + taken + retained ? null : wrong,
  );
  return balance;
}
