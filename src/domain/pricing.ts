import { ownMember } from './own-member';

/** What an event charges beside the prices of its categories, as it is stored. Amounts in minor units. */
export interface Pricing {
  /** The first is the default; its price is the category's. One that is not active is not sold any more. */
  types: { code: string; name: string; active?: boolean | undefined }[];
  /** By category and type, for the types after the first. */
  prices: Record<string, Record<string, number>>;
  fees: FeeRule[];
  tax: { percent: string; included: boolean } | null;
}

/** Either an amount or a percentage as an exact decimal text. */
interface FeeRule {
  code: string;
  name: string;
  /** `ticket`: for each seat that costs something. `reservation`: once an event. */
  per: 'ticket' | 'reservation';
  amount: number | null;
  percent: string | null;
  refundable: boolean;
}

/** The most lines of an order, and so the most events. */
export const MAX_LINES = 20;

/** The price type of an event that names none. */
const STANDARD_TYPE = 'standard';

export const PLAIN: Pricing = {
  types: [{ code: STANDARD_TYPE, name: 'Standard' }],
  prices: {},
  fees: [],
  tax: null,
};

/** A discount: `percent` of each eligible seat, or an amount once an order. */
export interface Discount {
  percent: string | null;
  amount: number | null;
  /** The order had it before, so a percentage that seats were given stays. */
  isFixed?: boolean;
  /** The order is sold too: of an amount each seat keeps what it was given, and others get what is left. */
  isPaid?: boolean;
  /** Whether a seat of this event and category is eligible. */
  covers: (event: string, category: string) => boolean;
}

export interface SeatToPrice {
  /** Orders seats as the map does. */
  id: number;
  event: string;
  label: string;
  category: string;
  type: string;
  /** Of the category, for the default type. */
  categoryPrice: number;
  /** Of a seat that the order has already: its prices as they were fixed. */
  fixed?: { listPrice: number; discount: number } | undefined;
}

/** Of an order that is changed: the fees and taxes of the events in which no seat is given back, taken or retyped. */
export interface UnchangedEvents {
  events: ReadonlySet<string>;
  fees: readonly ChargedFee[];
  taxes: readonly ChargedTax[];
}

interface PricedSeat extends SeatToPrice {
  listPrice: number;
  discount: number;
  /** listPrice − discount */
  price: number;
}

export interface ChargedFee {
  event: string;
  code: string;
  amount: number;
  refundable: boolean;
}

export interface ChargedTax {
  event: string;
  percent: string;
  included: boolean;
  amount: number;
}

export interface PricedOrder {
  /** In the order of the request. */
  seats: PricedSeat[];
  fees: ChargedFee[];
  taxes: ChargedTax[];
  /** tickets + fees + the tax that the prices do not include */
  total: number;
}

const PERCENT_DIGITS = 4;
const WHOLE_PERCENT = 100n * 10n ** BigInt(PERCENT_DIGITS);

/** A percentage with up to four decimals, as a multiple of its smallest step. */
function stepsOf(percent: string): bigint {
  const [whole = '0', fraction = ''] = percent.split('.');
  return BigInt(whole + fraction.padEnd(PERCENT_DIGITS, '0'));
}

/** `numerator / denominator`, both not negative, rounded half up. */
const rounded = (numerator: bigint, denominator: bigint): number =>
  Number((2n * numerator + denominator) / (2n * denominator));

/** So many percent of an amount, rounded half up. */
export const percentOf = (amount: number, percent: string): number =>
  rounded(BigInt(amount) * stepsOf(percent), WHOLE_PERCENT);

/** The tax that an amount contains, rounded half up. */
const taxWithin = (amount: number, percent: string): number =>
  rounded(BigInt(amount) * stepsOf(percent), WHOLE_PERCENT + stepsOf(percent));

const sum = (amounts: readonly number[]): number => amounts.reduce((total, one) => total + one, 0);

/**
 * Shares an amount in proportion to weights: each gets its share rounded down, and what is left goes
 * in units to the largest remainders; of equal ones to the first.
 * @param weights not all 0
 * @returns as long as `weights`; together the amount
 */
export function apportion(amount: number, weights: readonly number[]): number[] {
  const whole = sum(weights);
  const shares = weights.map((weight, index) => {
    const product = BigInt(amount) * BigInt(weight);
    const share = Number(product / BigInt(whole));
    return { index, share, remainder: product % BigInt(whole) };
  });
  const left = amount - sum(shares.map(({ share }) => share));
  const byRemainder = [...shares].sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  );
  for (const one of byRemainder.slice(0, left)) one.share += 1;
  return shares.map(({ share }) => share);
}

/** The same, at most the weights themselves. */
export const shareOut = (amount: number, weights: readonly number[]): number[] =>
  amount >= sum(weights) ? [...weights] : apportion(amount, weights);

/** What a seat of this type costs before any discount; null when the category is not sold at it. */
export function listPriceOf(
  { types, prices }: Pricing,
  { category, type, categoryPrice }: Pick<SeatToPrice, 'category' | 'type' | 'categoryPrice'>,
): number | null {
  const known = types.findIndex(({ code }) => code === type);
  if (known === 0) return categoryPrice;
  if (known < 0 || types[known]!.active === false) return null;
  return ownMember(ownMember(prices, category) ?? {}, type) ?? null;
}

function discountsOf(
  seats: readonly (SeatToPrice & { listPrice: number })[],
  discount: Discount | null,
): Map<number, number> {
  const eligible = seats
    .filter(({ event, category }) => discount?.covers(event, category))
    .sort((a, b) => a.id - b.id);
  if (discount === null) return new Map();
  const { percent, amount } = discount;
  if (percent !== null) {
    return new Map(
      eligible.map(({ id, listPrice, fixed }) => [
        id,
        fixed && discount.isFixed ? fixed.discount : percentOf(listPrice, percent),
      ]),
    );
  }
  const given = new Map(
    eligible.flatMap(({ id, fixed }) =>
      fixed && discount.isPaid ? [[id, fixed.discount] as const] : [],
    ),
  );
  const others = eligible.filter(({ id }) => !given.has(id));
  const shares = shareOut(
    Math.max(0, (amount ?? 0) - sum([...given.values()])),
    others.map(({ listPrice }) => listPrice),
  );
  return new Map([...given, ...others.map(({ id }, index) => [id, shares[index]!] as const)]);
}

function feesOf(event: string, { fees }: Pricing, prices: readonly number[]): ChargedFee[] {
  const charged = prices.filter((price) => price > 0);
  if (charged.length === 0) return [];
  const one = ({ amount, percent }: FeeRule, base: number) => amount ?? percentOf(base, percent!);
  return fees
    .map((fee) => ({
      event,
      code: fee.code,
      amount:
        fee.per === 'ticket'
          ? sum(charged.map((price) => one(fee, price)))
          : one(fee, sum(charged)),
      refundable: fee.refundable,
    }))
    .filter(({ amount }) => amount > 0);
}

/**
 * Prices an order. For each event by itself: list prices by type; the code; fees, of the discounted
 * tickets; tax, once an event. Each percentage is rounded half up once, for each seat and each fee.
 * An amount of a code is taken once an order, shared over the eligible seats in proportion. What was
 * paid for a seat stays.
 * @param rules of each event of the order; every seat has a list price by them, or a fixed one
 * @param unchanged of an order that is changed: where no price changes, fees and taxes stay as they are
 */
export function priceOrder(
  seats: readonly SeatToPrice[],
  rules: ReadonlyMap<string, Pricing>,
  discount: Discount | null,
  unchanged: UnchangedEvents = { events: new Set(), fees: [], taxes: [] },
): PricedOrder {
  const listed = seats.map((seat) => {
    const listPrice = seat.fixed?.listPrice ?? listPriceOf(rules.get(seat.event)!, seat);
    if (listPrice === null)
      throw new RangeError(`${seat.category} is not sold at the price type ${seat.type}`);
    return { ...seat, listPrice };
  });
  const discounts = discountsOf(listed, discount);
  const priced = listed.map((seat) => {
    const less = discounts.get(seat.id) ?? 0;
    return { ...seat, discount: less, price: seat.listPrice - less };
  });
  const fees: ChargedFee[] = [];
  const taxes: ChargedTax[] = [];
  for (const [event, pricing] of rules) {
    const ofEvent = priced.filter((seat) => seat.event === event);
    // An amount that is shared anew changes what seats elsewhere cost.
    const isAsItWas = ofEvent.every(({ fixed, discount: less }) => fixed?.discount === less);
    if (unchanged.events.has(event) && isAsItWas) {
      fees.push(...unchanged.fees.filter((fee) => fee.event === event));
      taxes.push(...unchanged.taxes.filter((tax) => tax.event === event));
      continue;
    }
    const prices = ofEvent.map(({ price }) => price);
    if (prices.length === 0) continue;
    const charged = feesOf(event, pricing, prices);
    fees.push(...charged);
    const { tax } = pricing;
    if (tax === null) continue;
    const base = sum(prices) + sum(charged.map(({ amount }) => amount));
    const amount = tax.included ? taxWithin(base, tax.percent) : percentOf(base, tax.percent);
    taxes.push({ event, percent: tax.percent, included: tax.included, amount });
  }
  const added = taxes.filter(({ included }) => !included).map(({ amount }) => amount);
  const total =
    sum(priced.map(({ price }) => price)) + sum(fees.map(({ amount }) => amount)) + sum(added);
  return { seats: priced, fees, taxes, total };
}
