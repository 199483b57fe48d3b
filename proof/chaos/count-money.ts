import type { Journal, Payment } from './journal';
import type { DirectAccess, Findings } from './direct-access';

interface PaymentRow {
  reference: string;
  reservation_id: string;
  amount: number;
  currency: string;
  role: string;
  status: string;
  /** The reservation that it has confirmed, as that one says. */
  confirms: string | null;
  reservation_status: string | null;
}

const PAYMENTS = `
  select p.reference, p.reservation_id, p.amount::float8, p.currency, p.role, p.status,
         c.id as confirms, r.status as reservation_status
    from payments p left join reservations c on c.confirmed_by = p.reference
    left join reservations r on r.id = p.reservation_id`;

interface LedgerRow {
  reference: string;
  charged: number | null;
  charged_in: string | null;
  refunds: number;
  refunded: number;
}

const LEDGER = `
  select reference, c.amount::float8 as charged, c.currency as charged_in,
         coalesce(r.refunds, 0)::int as refunds, coalesce(r.refunded, 0)::float8 as refunded
    from test_provider.charges c full join
         (select reference, count(*) as refunds, sum(amount) as refunded from test_provider.refunds group by reference) r
         using (reference)`;

/** Checks that a payment is captured for a confirmed reservation, or refunded once. */
function checkOutcome(row: PaymentRow, ledger: LedgerRow | undefined): string | null {
  const { reference, status, role, confirms, reservation_status: reservation } = row;
  const refunds = ledger?.refunds ?? 0;
  if (status === 'captured') {
    const sold =
      role === 'confirming' && confirms === row.reservation_id && reservation === 'confirmed';
    if (!sold) return `captured as ${role}, for a reservation that is ${reservation ?? 'none'}`;
    return refunds === 0 ? null : `captured, but refunded ${refunds} times`;
  }
  if (status !== 'refunded') return `still ${status}`;
  if (refunds !== 1) return `refunded ${refunds} times in the provider's ledger`;
  if (ledger?.refunded !== row.amount)
    return `${row.amount} was paid, ${ledger?.refunded ?? 0} refunded (${reference})`;
  return confirms !== null && reservation === 'confirmed'
    ? 'refunded, but the reservation is confirmed by it'
    : null;
}

function checkPayment(
  payment: Payment,
  row: PaymentRow | undefined,
  ledger: LedgerRow | undefined,
  findings: Findings,
): void {
  const { reference, reservation, amount, currency, acknowledged, ways, uncertain, refused } =
    payment;
  if (acknowledged.size > 0) {
    const same =
      row?.reservation_id === reservation &&
      row.amount === amount &&
      row.currency === currency.toUpperCase();
    const wrong = row ? (same ? null : `recorded as ${JSON.stringify(row)}`) : 'it is not recorded';
    findings.check('a payment that was answered 2xx is recorded', reference, wrong);
    const byProvider = [...acknowledged].some((way) => way !== 'signal');
    const charged = ledger?.charged === amount && ledger.charged_in === currency.toUpperCase();
    if (byProvider) {
      findings.check(
        "a payment is in the provider's ledger",
        reference,
        charged ? null : `as ${JSON.stringify(ledger)}`,
      );
    }
  } else if (refused && !uncertain && ways.size === 1) {
    findings.check(
      'a refused confirm is not recorded',
      reference,
      row ? `recorded as ${row.role}, ${row.status}` : null,
    );
  }
  if (row)
    findings.check(
      'each payment is for a sale, or refunded once',
      reference,
      checkOutcome(row, ledger),
    );
}

const BALANCE = `
  select (select coalesce(sum(amount), 0)::float8 from test_provider.charges) as charged,
         (select coalesce(sum(f.amount), 0)::float8 from test_provider.refunds f
           where exists (select from test_provider.charges c where c.reference = f.reference)) as refunded,
         (select coalesce(sum(r.total), 0)::float8 from reservations r where r.status = 'confirmed'
             and exists (select from test_provider.charges c where c.reference = r.confirmed_by)) as sold,
         (select coalesce(sum(s.price), 0)::float8 from seats x join events e on e.id = x.event_id
            join price_categories s on s.event_id = e.id and s.code = x.category_code
            join reservations r on r.id = x.reservation_id
           where x.status = 'sold' and exists (select from test_provider.charges c where c.reference = r.confirmed_by)) as seats`;

/** Charges and refunds, in minor units over all currencies. */
export interface Balance {
  charged: number;
  refunded: number;
  sold: number;
  seats: number;
}

/** Checks every payment, and the sum of all. */
export async function countMoney(
  journal: Journal,
  direct: DirectAccess,
  findings: Findings,
): Promise<Balance> {
  const rows = new Map(
    (await direct.rows<PaymentRow>(PAYMENTS)).map((row) => [row.reference, row]),
  );
  const ledger = new Map((await direct.rows<LedgerRow>(LEDGER)).map((row) => [row.reference, row]));
  for (const payment of journal.payments.values()) {
    checkPayment(payment, rows.get(payment.reference), ledger.get(payment.reference), findings);
  }
  for (const reference of new Set([...rows.keys(), ...ledger.keys()])) {
    const known = journal.payments.has(reference);
    findings.check(
      'every payment comes from the load',
      reference,
      known ? null : 'the load has not sent it',
    );
  }
  const [balance] = await direct.rows<Record<keyof Balance, number>>(BALANCE);
  const { charged, refunded, sold, seats } = balance!;
  const wrong = `charged ${charged}, refunded ${refunded}, sold ${sold}, seats sold ${seats}`;
  findings.check('charges − refunds = sales', 'all', charged - refunded === sold ? null : wrong);
  findings.check('sales = price of the sold seats', 'all', sold === seats ? null : wrong);
  return { charged, refunded, sold, seats };
}
