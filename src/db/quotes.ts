import {
  listPriceOf,
  PLAIN,
  priceOrder,
  type ChargedFee,
  type ChargedTax,
  type Discount,
  type PricedOrder,
  type Pricing,
  type UnchangedEvents,
} from '../domain/pricing';
import { sql, type Queryable } from './database';

/** A seat as clients name it. */
export interface SeatName {
  /** The event's slug. */
  event: string;
  label: string;
}

/** A seat of an order. */
export interface WantedSeat {
  /** The slug or the id; one event is always named in the same way within an order. */
  event: string;
  label: string;
  /** null: the event's first. */
  priceType: string | null;
  /** The id of the allotment that its line names. */
  allotment?: string | null;
}

/** A seat of an order that is changed: with its prices, where they stay. */
export interface ChangedSeat extends WantedSeat {
  fixed?: { listPrice: number; discount: number } | undefined;
}

/** Why an order cannot be held or priced. */
export type Refusal =
  | { kind: 'reused' | 'mixed_currencies' | 'code_invalid' | 'code_used_up' | 'buyer_required' }
  | { kind: 'unknown_event' | 'sale_paused'; event: string }
  | { kind: 'unknown_allotment'; event: string; allotment: string }
  | { kind: 'unknown_category'; event: string; category: string }
  | { kind: 'unknown_price_type'; event: string; category: string; priceType: string }
  | { kind: 'sale_not_open'; event: string; opensAt: string | null; closesAt: string | null }
  | { kind: 'limit' | 'buyer_limit'; event: string; limit: number }
  | { kind: 'too_many_holds' | 'code_limit' | 'hold_too_long'; limit: number }
  /** `orphan`: the seats that would be left alone. */
  | { kind: 'unknown_seats' | 'taken' | 'orphan' | 'companion_alone'; seats: SeatName[] }
  | { kind: 'named_twice'; seats: SeatName[] };

/** An order's prices, with the rules that they were made from, as `hold_order` takes them. */
export interface Quote {
  types: string[];
  prices: number[];
  discounts: number[];
  /** Of the events, in the order in which the seats name them. */
  revisions: number[];
  fees: ChargedFee[];
  taxes: ChargedTax[];
  code: { id: string; revision: number } | null;
}

interface Facts {
  events: ({
    id: string;
    slug: string;
    currency: string;
    revision: number;
    pricing: Pricing | null;
    /** Of an order that is changed: as it was for its hold, where fees and tax are read from. */
    heldPricing: Pricing | null;
  } | null)[];
  seats: ({ id: number; category: string; price: number } | null)[];
  code: CodeFacts | null;
}

/** What it takes off is as the order that is changed has it, or as it is now. */
interface CodeFacts {
  id: string;
  revision: number;
  /** Slug; null: any. */
  event: string | null;
  categories: string[] | null;
  percent: string | null;
  amount: number | null;
  currency: string | null;
  /** Whether a hold of these events gets it now. */
  valid: boolean;
}

const FACTS = sql<{ facts: Facts }>(
  'order_facts',
  `with event as materialized (
     select n, e.* from unnest($1::text[]) with ordinality asked (name, n)
       left join lateral (select * from events where id = event_id_of(asked.name) offset 0) e on true),
   changed as materialized (select * from reservations where id = $5)
   select jsonb_build_object(
     'events', (select jsonb_agg(case when id is not null then jsonb_build_object('id', id, 'slug', slug, 'currency', currency,
         'revision', revision, 'pricing', pricing,
         'heldPricing', (select pricing_at(event.id, created_at, (event_revisions ->> event.id::text)::integer) from changed)) end order by n) from event),
     'seats', (select jsonb_agg(case when s.id is not null then jsonb_build_object('id', s.id, 'category', s.category_code, 'price', c.price) end order by asked.n)
       from unnest($2::integer[], $3::text[]) with ordinality asked (event_of, label, n) join event on event.n = asked.event_of
       left join lateral (select * from seats where event_id = event.id and label = asked.label offset 0) s on true
       left join price_categories c on c.event_id = s.event_id and c.code = s.category_code),
     'code', (select terms || jsonb_build_object('id', k.id, 'revision', k.revision,
         'event', (select slug from events where id = (terms ->> 'event')::uuid), 'valid', code_is_valid(k, array(select id from event)))
       from codes k, lateral (select coalesce(
           (select code_terms from changed where code_id = k.id and code_terms ->> 'code' = k.id::text), code_terms_of(k)) as terms) as it_has
        where k.code = $4 limit 1)) as facts`,
);

export type Quoted =
  | {
      kind: 'quoted';
      quote: Quote;
      order: PricedOrder;
      currency: string;
      /** In the order in which the seats name them. */
      eventIds: string[];
      /** Whether a hold gets the code now; true without one. */
      codeIsValid: boolean;
    }
  /** `unknown`: where a hold is meant, the database refuses it, in the order of its rules. */
  | { kind: 'refused' | 'unknown'; refusal: Refusal };

const discountOf = (code: CodeFacts): Discount => ({
  percent: code.percent,
  amount: code.amount,
  covers: (event, category) =>
    (code.event === null || code.event === event) &&
    (code.categories === null || code.categories.includes(category)),
});

function unknownOf(
  { events, seats: found }: Facts,
  names: readonly string[],
  seats: readonly WantedSeat[],
): Refusal | null {
  const missing = events.indexOf(null);
  if (missing >= 0) return { kind: 'unknown_event', event: names[missing]! };
  const unknown = seats.filter((_, index) => found[index] === null);
  if (unknown.length > 0) return { kind: 'unknown_seats', seats: unknown };
  if (new Set(events.map((event) => event!.currency)).size > 1) return { kind: 'mixed_currencies' };
  return null;
}

/**
 * Prices an order: see `priceOrder`. Nothing is held. List prices are those of today. Fees, tax and what a code takes off
 * are too, but of an order that is changed they are those of its hold.
 * @param code normalised; null for none
 * @param change of an order that is changed: its id, whether it is sold and had the code before, and what stays as it is
 */
export async function quoteOrder(
  db: Queryable,
  seats: readonly ChangedSeat[],
  code: string | null,
  change?: { reservation: string; isSold: boolean; codeStays: boolean; unchanged: UnchangedEvents },
): Promise<Quoted> {
  const names = [...new Set(seats.map(({ event }) => event))];
  const [row] = await db.rows(FACTS, [
    names,
    seats.map(({ event }) => names.indexOf(event) + 1),
    seats.map(({ label }) => label),
    code,
    change?.reservation ?? null,
  ]);
  const { facts } = row!;
  const refusal = unknownOf(facts, names, seats);
  if (refusal) return { kind: 'unknown', refusal };
  const events = facts.events.filter((event) => event !== null);
  const found = facts.seats.filter((seat) => seat !== null);
  const { currency } = events[0]!;

  const rules = new Map(
    events.map(({ slug, pricing, heldPricing }) => {
      const { fees, tax } = (change ? heldPricing : pricing) ?? PLAIN;
      return [slug, { ...(pricing ?? PLAIN), fees, tax }];
    }),
  );
  const toPrice = seats.map(({ event: name, label, priceType, fixed }, index) => {
    const { slug, pricing } = events[names.indexOf(name)]!;
    const { id, category, price } = found[index]!;
    const type = priceType ?? (pricing ?? PLAIN).types[0]!.code;
    return { id, event: slug, label, category, type, categoryPrice: price, fixed };
  });
  const unknown = toPrice.find(
    (seat) => !seat.fixed && listPriceOf(rules.get(seat.event)!, seat) === null,
  );
  if (unknown) {
    const { event, category, type: priceType } = unknown;
    return { kind: 'refused', refusal: { kind: 'unknown_price_type', event, category, priceType } };
  }
  const discount = facts.code && {
    ...discountOf(facts.code),
    isFixed: change?.codeStays === true,
    isPaid: change?.codeStays === true && change.isSold,
  };
  // A code that the order has may have nothing left to take off.
  const isForeign =
    discount !== null &&
    !discount.isFixed &&
    ((facts.code!.currency !== null && facts.code!.currency !== currency) ||
      !toPrice.some(({ event, category }) => discount.covers(event, category)));
  if (code !== null && (discount === null || isForeign))
    return { kind: 'refused', refusal: { kind: 'code_invalid' } };

  const order = priceOrder(toPrice, rules, discount, change?.unchanged);
  const quote = {
    types: order.seats.map(({ type }) => type),
    prices: order.seats.map(({ price }) => price),
    discounts: order.seats.map((seat) => seat.discount),
    revisions: events.map(({ revision }) => revision),
    fees: order.fees,
    taxes: order.taxes,
    code: facts.code && { id: facts.code.id, revision: facts.code.revision },
  };
  return {
    kind: 'quoted',
    quote,
    order,
    currency,
    eventIds: events.map(({ id }) => id),
    codeIsValid: facts.code?.valid ?? true,
  };
}
