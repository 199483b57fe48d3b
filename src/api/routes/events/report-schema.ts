import { z } from 'zod';
import { balance, count, currency, money, openEnum, timestamp } from '../../schemas';

const eur = (amount: number) => ({ amount, currency: 'EUR' });

const reportLine = z
  .object({
    state: openEnum(['sold', 'held']),
    category: z.string(),
    priceType: z.string(),
    seats: count,
    list: money.meta({ description: 'At their list prices' }),
    discounts: money,
    tickets: money.meta({ description: 'list − discounts' }),
  })
  .meta({ id: 'ReportLine' });
const reportFee = z.object({ code: z.string(), amount: money }).meta({ id: 'ReportFee' });
const reportMoney = {
  payments: balance.meta({ description: 'What was captured' }),
  refunds: balance.meta({ description: 'What went back' }),
  disputed: balance.meta({ description: 'Of the payments, what open disputes took' }),
  lost: balance.meta({ description: 'What lost disputes took' }),
  owed: balance.meta({
    description: 'To customers: refunds that are pending, and payments that are not for a sale',
  }),
};
const reportTotals = z
  .object({
    list: money.meta({ description: 'Of the seats that are sold' }),
    discounts: money,
    tickets: money.meta({ description: 'list − discounts' }),
    fees: money,
    tax: money,
    taxIncluded: money.meta({ description: 'The part of the tax that is in tickets and fees' }),
    sold: money.meta({ description: 'tickets + fees + tax − taxIncluded' }),
    ...reportMoney,
    retained: balance.meta({
      description:
        'payments − refunds − lost − sold − owed: what is kept of cancelled sales, less what was given back of others',
    }),
  })
  .meta({ id: 'ReportTotals' });
const foreignMoney = z.object({ currency, ...reportMoney }).meta({ id: 'ForeignMoney' });

export const report = z
  .object({
    event: z.string(),
    asOf: timestamp,
    currency,
    lines: z.array(reportLine),
    fees: z.array(reportFee),
    totals: reportTotals,
    otherCurrencies: z.array(foreignMoney).meta({
      description: 'Payments that came in another currency, which confirm nothing and go back',
    }),
  })
  .meta({
    id: 'Report',
    examples: [
      {
        event: 'hamlet',
        asOf: '2030-03-01T08:00:00.000Z',
        currency: 'EUR',
        lines: [
          {
            state: 'sold',
            category: 'stalls',
            priceType: 'adult',
            seats: 2,
            list: eur(9000),
            discounts: eur(900),
            tickets: eur(8100),
          },
          {
            state: 'held',
            category: 'stalls',
            priceType: 'child',
            seats: 1,
            list: eur(2500),
            discounts: eur(0),
            tickets: eur(2500),
          },
        ],
        fees: [{ code: 'booking', amount: eur(300) }],
        totals: {
          list: eur(9000),
          discounts: eur(900),
          tickets: eur(8100),
          fees: eur(300),
          tax: eur(1458),
          taxIncluded: eur(1458),
          sold: eur(8400),
          payments: eur(12_900),
          refunds: eur(2250),
          disputed: eur(0),
          lost: eur(0),
          owed: eur(0),
          retained: eur(2250),
        },
        otherCurrencies: [],
      },
    ],
  });

export type Report = z.output<typeof report>;

/** The beginning of the example, as CSV. */
export const CSV_EXAMPLE = [
  'item,state,category,priceType,code,seats,list,discounts,amount,currency',
  'seats,sold,stalls,adult,,2,9000,900,8100,EUR',
  'fee,,,,booking,,,,300,EUR',
  'sold,,,,,,,,8400,EUR',
  'payments,,,,,,,,12900,EUR',
  '',
].join('\r\n');
