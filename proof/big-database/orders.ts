import { priceOrder, PLAIN, type Discount, type Pricing } from './product';

const KINDS = [
  ...Array<'sold'>(9).fill('sold'),
  'late',
  ...Array<'expired'>(3).fill('expired'),
  'toolate',
  ...Array<'cancelled'>(2).fill('cancelled'),
  ...Array<'undone'>(2).fill('undone'),
  ...Array<'held'>(2).fill('held'),
] as const;
type OrderKind = (typeof KINDS)[number];

const CATEGORIES = [
  { code: 'floor', name: 'Floor', price: 4500 },
  { code: 'balcony', name: 'Balcony', price: 2750 },
];
const TYPES = [
  { code: 'adult', name: 'Adult' },
  { code: 'reduced', name: 'Reduced' },
];
const PRICES = { floor: { reduced: 3333 }, balcony: { reduced: 1999 } };
const BOOKING = { code: 'booking', name: 'Booking', amount: null, percent: '2.5' };
const SERVICE = { code: 'service', name: 'Service', amount: 150, percent: null };
const PRINT = { code: 'print', name: 'Print', amount: 250, percent: null };

/** What the events charge, in turns: nothing beside their prices; fees of all kinds, without a tax and with both kinds. */
const PRICINGS: readonly (Pricing | null)[] = [
  null,
  {
    types: TYPES,
    prices: PRICES,
    fees: [
      { ...BOOKING, per: 'ticket', refundable: false },
      { ...PRINT, per: 'reservation', refundable: true },
    ],
    tax: { percent: '19', included: true },
  },
  {
    types: TYPES,
    prices: PRICES,
    fees: [{ ...SERVICE, per: 'ticket', refundable: false }],
    tax: { percent: '8.875', included: false },
  },
  {
    types: TYPES,
    prices: PRICES,
    fees: [{ ...BOOKING, per: 'reservation', refundable: true }],
    tax: null,
  },
];

interface CodePlan {
  code: string;
  percent: string | null;
  amount: number | null;
  /** null: all. */
  categories: string[] | null;
  isLimited: boolean;
}
const FILLED = { code: 'FILLED', percent: '10', amount: null, categories: null, isLimited: true };
const FLOOR = {
  code: 'FLOOR',
  percent: '12.5',
  amount: null,
  categories: ['floor'],
  isLimited: false,
};
const FIVE = { code: 'FIVE', percent: null, amount: 500, categories: null, isLimited: false };
const CODES: readonly CodePlan[] = [FILLED, FLOOR, FIVE];
/** Of the orders with these numbers modulo 20: of each kind some. */
const CODE_OF: Partial<Record<number, CodePlan>> = {
  0: FILLED,
  3: FLOOR,
  5: FIVE,
  9: FLOOR,
  10: FILLED,
  14: FIVE,
  16: FILLED,
  18: FILLED,
  19: FLOOR,
};

/** One seat of an order. Amounts in minor units. */
interface PlannedSeat {
  /** `ID-1` and so on, as each is of one order alone. */
  label: string;
  event: string;
  category: string;
  type: string;
  price: number;
  discount: number;
}

export interface PlannedOrder {
  i: number;
  kind: OrderKind;
  id: string;
  reference: string;
  /** Slugs, in the order of the lines. */
  events: string[];
  seats: PlannedSeat[];
  fees: unknown[] | null;
  taxes: unknown[] | null;
  total: number;
  code: string | null;
  /** Its use of a limited code. */
  use: number | null;
  /** What has gone back: of one cancelled sale in two not all. */
  back: number;
}

export interface OrderPlan {
  events: { slug: string; pricing: Pricing | null }[];
  categories: typeof CATEGORIES;
  codes: (CodePlan & { uses: number | null })[];
  /** @param i from 1 */
  order(i: number): PlannedOrder;
}

/** A code has a hundred thousand uses at most. */
export const MOST_ORDERS = 400_000;
const ORDERS_OF_AN_EVENT = 1500;
const kindOf = (i: number): OrderKind => KINDS[i % KINDS.length]!;
/** The first twenty orders are of three events each, the next twenty of one, then of two. */
const linesOf = (i: number): number => [3, 1, 2][Math.floor((i - 1) / KINDS.length) % 3]!;
const seatsOf = (lines: number, i: number, line: number): number =>
  lines === 1 ? 2 : 1 + ((i + line) % 2);

/** Which of the uses of its code an order has: they are numbered in the order of the orders. */
function useOf(i: number): number | null {
  const isLimited = (n: number) => CODE_OF[n % KINDS.length]?.isLimited === true;
  const ofTwenty = Array.from({ length: KINDS.length }, (_, n) => n).filter(isLimited).length;
  if (!isLimited(i)) return null;
  const before = Array.from({ length: i % KINDS.length }, (_, n) => n).filter(isLimited).length;
  return ofTwenty * Math.floor(i / KINDS.length) + before + 1;
}

/**
 * So many orders of one to three events, with what they cost by the rules of the product. Which one is what depends on
 * its number alone: `sold-000020`, `late-000009`, `expired-000010`, `toolate-000013`, `cancelled-000014`,
 * `undone-000016`, `held-000018` and so on.
 */
export function planOrders(orders: number): OrderPlan {
  const count = Math.max(8, Math.ceil(orders / ORDERS_OF_AN_EVENT));
  const events: OrderPlan['events'] = Array.from({ length: count }, (_, n) => ({
    slug: `filled-${n + 1}`,
    pricing: PRICINGS[n % PRICINGS.length] ?? null,
  }));

  function order(i: number): PlannedOrder {
    const kind = kindOf(i);
    const id = `${kind}-${String(i).padStart(6, '0')}`;
    const lines = Array.from({ length: linesOf(i) }, (_, line) => events[(i + line) % count]!);
    const toPrice = lines
      .flatMap(({ slug, pricing }, line) =>
        Array.from({ length: seatsOf(lines.length, i, line) }, (_, n) => ({ slug, pricing, n })),
      )
      .map(({ slug, pricing, n }, place) => {
        const category = CATEGORIES[(i + place) % 2]!;
        const { types } = pricing ?? PLAIN;
        return {
          id: place,
          event: slug,
          label: `${id}-${place + 1}`,
          category: category.code,
          type: types[n % types.length]!.code,
          categoryPrice: category.price,
        };
      });
    const rules = new Map(lines.map(({ slug, pricing }) => [slug, pricing ?? PLAIN]));
    const code = CODE_OF[i % KINDS.length] ?? null;
    const discount: Discount | null = code && {
      percent: code.percent,
      amount: code.amount,
      covers: (_event, category) => code.categories?.includes(category) ?? true,
    };
    const { seats, fees, taxes, total } = priceOrder(toPrice, rules, discount);
    const kept = kind === 'undone' && i % 2 === 1 ? 1000 : 0;
    return {
      i,
      kind,
      id,
      reference: `pay-${i}`,
      events: lines.map(({ slug }) => slug),
      seats: seats.map(({ label, event, category, type, price, discount: less }) => ({
        label,
        event,
        category,
        type,
        price,
        discount: less,
      })),
      fees: fees.length > 0 ? fees : null,
      taxes: taxes.length > 0 ? taxes : null,
      total,
      code: code?.code ?? null,
      use: useOf(i),
      back: ['toolate', 'undone'].includes(kind) ? total - kept : 0,
    };
  }

  const codes = CODES.map((code) => ({
    ...code,
    // As many as there are orders with it, and three that are left.
    uses: code.isLimited ? Math.ceil((4 * orders) / KINDS.length) + 3 : null,
  }));
  return { events, categories: CATEGORIES, codes, order };
}
