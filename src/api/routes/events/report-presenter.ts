import type { ReportRow } from '../../../db/report';
import type { Report } from './report-schema';

type Line = Report['lines'][number];
type Wanted = (row: ReportRow) => boolean;

const sum = (rows: readonly ReportRow[], wanted: Wanted): number =>
  rows.filter(wanted).reduce((total, { amount }) => total + amount, 0);
const of =
  (account: string): Wanted =>
  (row) =>
    row.account === account;

/** What was held of buyers' money in one currency, in minor units. */
function moneyOf(rows: readonly ReportRow[]) {
  const cash = of('cash');
  return {
    payments: sum(rows, (row) => cash(row) && row.about === null),
    refunds: -sum(rows, (row) => cash(row) && row.about === 'refund'),
    disputed: sum(rows, of('disputed')),
    lost: sum(rows, (row) => row.account === 'customers' && row.about === 'dispute'),
    owed: -sum(rows, of('customers')),
  };
}

/** The seats by state, category and price type, sold ones first. */
function linesOf(rows: readonly ReportRow[], currency: string): Line[] {
  const money = (amount: number) => ({ amount, currency });
  return rows
    .filter((row) => of('tickets')(row) && row.quantity! > 0)
    .map(({ state, category, price_type: type, amount, quantity }) => {
      const discounts = sum(
        rows,
        (row) =>
          of('discounts')(row) &&
          row.state === state &&
          row.category === category &&
          row.price_type === type,
      );
      return {
        state,
        category: category!,
        priceType: type!,
        seats: quantity!,
        list: money(-amount),
        discounts: money(discounts),
        tickets: money(-amount - discounts),
      };
    })
    .sort(
      (a, b) =>
        b.state.localeCompare(a.state) ||
        a.category.localeCompare(b.category) ||
        a.priceType.localeCompare(b.priceType),
    );
}

const inCurrency = <Name extends string>(amounts: Record<Name, number>, currency: string) =>
  Object.fromEntries(
    Object.entries<number>(amounts).map(([name, amount]) => [name, { amount, currency }]),
  ) as Record<Name, { amount: number; currency: string }>;

/** An event's report of the sums of its ledger and holds. */
export function presentReport(
  all: readonly ReportRow[],
  { event, asOf, currency }: Pick<Report, 'event' | 'asOf' | 'currency'>,
): Report {
  const rows = all.filter((row) => row.currency === currency);
  const sold = rows.filter(({ state }) => state === 'sold');
  const fees = sold
    .filter((row) => of('fees')(row) && row.amount !== 0)
    .map(({ code, amount }) => ({ code: code!, amount: { amount: -amount, currency } }))
    .sort((a, b) => a.code.localeCompare(b.code));
  const list = -sum(sold, of('tickets'));
  const discounts = sum(sold, of('discounts'));
  const charged = -sum(sold, of('fees'));
  const tax = -sum(sold, of('tax'));
  const taxIncluded = sum(sold, of('included_tax'));
  const others = new Set(all.map((row) => row.currency).filter((one) => one !== currency));
  return {
    event,
    asOf,
    currency,
    lines: linesOf(rows, currency),
    fees,
    totals: inCurrency(
      {
        list,
        discounts,
        tickets: list - discounts,
        fees: charged,
        tax,
        taxIncluded,
        sold: list - discounts + charged + tax - taxIncluded,
        ...moneyOf(sold),
        retained: -sum(sold, of('retained')),
      },
      currency,
    ),
    otherCurrencies: [...others].sort().map((other) => ({
      currency: other,
      ...inCurrency(moneyOf(all.filter((row) => row.currency === other)), other),
    })),
  };
}

const COLUMNS = [
  'item',
  'state',
  'category',
  'priceType',
  'code',
  'seats',
  'list',
  'discounts',
  'amount',
  'currency',
] as const;
type Row = Partial<Record<(typeof COLUMNS)[number], string | number>>;

/**
 * A report as CSV (RFC 4180): a row for each line (`seats`), each fee (`fee`) and each total (by its name). Amounts in
 * minor units. No value needs quotes: they are codes, names of ours and numbers.
 */
export function reportAsCsv({ lines, fees, totals, otherCurrencies }: Report): string {
  const named = (amounts: object): Row[] =>
    Object.entries(amounts)
      .filter(([name]) => name !== 'currency')
      .map(([item, money]) => ({ item, ...(money as { amount: number; currency: string }) }));
  const rows: Row[] = [
    ...lines.map(({ state, category, priceType, seats, list, discounts, tickets }) => ({
      item: 'seats',
      state,
      category,
      priceType,
      seats,
      list: list.amount,
      discounts: discounts.amount,
      ...tickets,
    })),
    ...fees.map(({ code, amount }) => ({ item: 'fee', code, ...amount })),
    ...named(totals),
    ...otherCurrencies.flatMap(named),
  ];
  const texts = [
    COLUMNS.join(','),
    ...rows.map((row) => COLUMNS.map((column) => row[column] ?? '').join(',')),
  ];
  return texts.map((text) => `${text}\r\n`).join('');
}
