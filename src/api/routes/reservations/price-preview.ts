import type { Database } from '../../../db/database';
import { quoteOrder, type Refusal, type WantedSeat } from '../../../db/quotes';
import type { PricedOrder } from '../../../domain/pricing';
import { normaliseCode } from '../../../domain/promo-code';
import { createBestAvailable } from '../../best-available';
import type { CodeGuesses } from '../../code-guesses';
import { defineRoute } from '../../route';
import type { SeatMaps } from '../../seat-maps';
import { FOR_PAGES } from './access';
import { createLineReader } from './lines';
import { ORDER_PROBLEMS, refusalOf } from './refusals';
import { newPricePreview, pricePreview } from './schema';

const sum = (amounts: readonly number[]) => amounts.reduce((total, one) => total + one, 0);

/** An order's prices as a reservation shows them. */
function presentOrder({ seats, fees, taxes, total }: PricedOrder, currency: string) {
  const money = (amount: number) => ({ amount, currency });
  return {
    seats: seats.map(({ event, label, category, type, listPrice, discount, price }) => ({
      event,
      label,
      category,
      priceType: type,
      listPrice: money(listPrice),
      discount: money(discount),
      price: money(price),
    })),
    fees: fees.map(({ event, code, amount }) => ({ event, code, amount: money(amount) })),
    taxes: taxes.map((tax) => ({ ...tax, amount: money(tax.amount) })),
    amounts: {
      tickets: money(sum(seats.map(({ price }) => price))),
      discount: money(sum(seats.map(({ discount }) => discount))),
      fees: money(sum(fees.map(({ amount }) => amount))),
      tax: money(sum(taxes.map(({ amount }) => amount))),
      taxIncluded: taxes.every(({ included }) => included),
      total: money(total),
    },
  };
}

export interface PricePreviewRouteDeps {
  db: Database;
  maps: SeatMaps;
  codeGuesses: CodeGuesses;
}

/** `POST /v1/price-previews`: what an order would cost. Nothing is held. */
export function pricePreviewRoute({ db, maps, codeGuesses }: PricePreviewRouteDeps) {
  const readLines = createLineReader(db);
  const takeNothing = () => Promise.reject(new Error('A preview takes nothing'));
  const bestAvailable = createBestAvailable({ maps, take: takeNothing, takeFirst: takeNothing });

  return defineRoute({
    method: 'post',
    path: '/v1/price-previews',
    operationId: 'previewPrices',
    tag: 'Reservations',
    summary: 'What an order would cost',
    description:
      'The body of a new reservation without its buyer. Nothing is held, and whether the seats are free or the sale is open does not matter; `bestAvailable` shows seats that are free now.',
    access: FOR_PAGES,
    body: newPricePreview,
    responses: { 200: { description: 'The prices as they stand', schema: pricePreview } },
    problems: [...ORDER_PROBLEMS, 'seats_unavailable', 'limit_exceeded'],
    async handle({ body, caller }) {
      if (body.code !== undefined) await codeGuesses.admit(caller.limitedAs);
      const read = await readLines(body, caller);
      if ('refusal' in read) throw refusalOf(read.refusal, body);
      const seats: WantedSeat[] | null = await bestAvailable.choose(read.lines);
      if (!seats) throw refusalOf({ kind: 'taken', seats: [] }, body);
      const code = body.code === undefined ? null : normaliseCode(body.code);
      const quoted = await quoteOrder(db, seats, code);
      const refusal: Refusal | null =
        quoted.kind !== 'quoted'
          ? quoted.refusal
          : quoted.codeIsValid
            ? null
            : { kind: 'code_invalid' };
      if (refusal?.kind === 'code_invalid') await codeGuesses.count(caller.limitedAs);
      if (quoted.kind !== 'quoted' || refusal) throw refusalOf(refusal!, body);
      return { status: 200, body: presentOrder(quoted.order, quoted.currency) };
    },
  });
}
