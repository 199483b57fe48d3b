import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim, Money, Payment } from './journal';
import type { HoldRequest, Line, Shop, Wish } from './shop';

/** The events that buyers choose from. */
export interface Catalogue {
  /** The events on sale, hottest last. */
  events(): readonly string[];
  /** Events of which only a part of a sale goes back, in the same order. */
  eventsWithTerms(): readonly string[];
  /** Those that an operator is editing: one at a time. */
  readonly beingEdited: Set<string>;
}

export interface Context {
  shop: Shop;
  catalogue: Catalogue;
}

export type Scenario = (context: Context) => Promise<void>;

/** How long a buyer waits for what follows from a payment or an order. */
export const SETTLED_WITHIN_MS = 90_000;
export const ROWS = ['A', 'B'];
export const SEATS_A_ROW = 10;
/** Of a sale that ends, or gets smaller, in an event with terms. */
export const TERMS_PERCENT = 60;
export const codeOf = (event: string): string => event.toUpperCase();
export const CATEGORIES = ['stalls', 'floor'];
const NAMES = [
  'Ada Lovelace',
  'Zdeněk Novák',
  'Søren Kierkegaard',
  'Ngô Bảo Châu',
  "Miles O'Brien",
];

export const together = async (work: readonly Promise<unknown>[]): Promise<void> => {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};

export function wishFor({ shop }: Context): Wish {
  const { random } = shop.deps;
  if (random.chance(0.4)) {
    return { bestAvailable: { quantity: random.between(1, 3), category: random.pick(CATEGORIES) } };
  }
  const row = random.pick(ROWS);
  const first = random.between(1, SEATS_A_ROW - 1);
  const seats = random.chance(0.5) ? [first] : [first, first + 1];
  return { seats: seats.map((seat) => `${row}-${seat}`) };
}

/** Holds seats; sometimes the same request is sent three times at once, or again. */
export async function takeOrder(
  context: Context,
  lines: readonly Line[],
  code?: string,
): Promise<Claim | null> {
  const { shop } = context;
  const { random } = shop.deps;
  const id = random.uuid();
  const request: HoldRequest = {
    id,
    lines,
    code,
    buyer: { name: random.pick(NAMES), email: `${id.slice(0, 8)}@example.org` },
    client: random.chance(0.8) ? 'client' : 'client2',
  };
  if (random.chance(0.15)) {
    const claims = await Promise.all([shop.hold(request), shop.hold(request), shop.hold(request)]);
    return claims.find((claim) => claim !== null) ?? null;
  }
  const claim = await shop.hold(request);
  if (claim && random.chance(0.1)) await shop.hold(request);
  return claim;
}

/** Holds seats of one event, with a promo code at times. */
export async function takeSeats(
  context: Context,
  wish: Wish = wishFor(context),
  event?: string,
): Promise<Claim | null> {
  const { random } = context.shop.deps;
  const from = event ?? random.pick(context.catalogue.events());
  const code = random.chance(0.05) ? codeOf(from) : undefined;
  return takeOrder(context, [{ event: from, ...wish }], code);
}

export function newPayment(
  context: Context,
  claim: Pick<Claim, 'id' | 'total'>,
  money: Money = claim.total,
  by?: 'stripe' | 'standard',
  change: string | null = null,
): Payment {
  const { journal, random } = context.shop.deps;
  const way = by ?? (random.chance(0.5) ? 'stripe' : 'standard');
  const reference = `${way === 'stripe' ? 'pi' : 'pay'}_${random.uuid()}`;
  return journal.recordPayment(way, reference, claim.id, money, change);
}

/** A provider delivers a payment: once or repeatedly, by one or both of its events, at once or in sequence. */
export async function deliver({ shop }: Context, payment: Payment): Promise<void> {
  const { random } = shop.deps;
  const eventId = random.uuid();
  const repeats = random.weighed([
    [6, 1],
    [2, 2],
    [1, 4],
  ]);
  const both = random.chance(0.4);
  const one = async (index: number): Promise<void> => {
    if (!payment.ways.has('stripe')) return shop.payStandard(payment, `msg_${eventId}`);
    const kind =
      both && index % 2 === 1 ? 'checkout.session.completed' : 'payment_intent.succeeded';
    return shop.payStripe(payment, kind, `evt_${kind.length}_${eventId}`);
  };
  const count = both ? Math.max(2, repeats) : repeats;
  if (random.chance(0.6)) await together(Array.from({ length: count }, (_, index) => one(index)));
  else for (let index = 0; index < count; index++) await one(index);
}

export const withOffset = (money: Money, more: number): Money => ({
  ...money,
  amount: Math.max(1, money.amount + more),
});

export const shortDelay = (context: Context, highMs = 800): Promise<void> =>
  sleep(context.shop.deps.random.between(0, highMs));

export const msUntilEnd = (claim: Claim): number =>
  Math.max(0, Date.parse(claim.promisedUntil) - Date.now());

/** What a buyer does after the payment: in half of the cases nothing. */
export async function afterwards(context: Context, claim: Claim): Promise<void> {
  const { shop } = context;
  const { random } = shop.deps;
  if (random.chance(0.5) || !(await shop.waitFor(claim, ['confirmed'], 15_000))) return;
  const what = random.weighed([
    [3, 'tickets'],
    [2, 'cancel'],
    [2, 'resend'],
    [1, 'second payment'],
  ]);
  if (what === 'cancel') await cancelOnce(context, claim);
  else if (what === 'second payment') await deliver(context, newPayment(context, claim));
  else await useTickets(context, claim, what === 'resend');
}

async function useTickets(context: Context, claim: Claim, again: boolean): Promise<void> {
  const { shop } = context;
  const { random } = shop.deps;
  for (const until = Date.now() + 20_000; Date.now() < until;) {
    const tickets = await shop.tickets(claim);
    if (!tickets) {
      await sleep(500);
      continue;
    }
    if (random.chance(0.5)) await shop.ticketsPdf(claim);
    if (again) await shop.resend(claim);
    for (const ticket of tickets) {
      const scanners = random.chance(0.4) ? 2 : 1;
      await together(Array.from({ length: scanners }, () => shop.checkIn(claim, ticket)));
    }
    if (random.chance(0.2)) await cancelOnce(context, claim);
    return;
  }
}

export async function cancelOnce({ shop }: Context, claim: Claim): Promise<void> {
  const times = shop.deps.random.chance(0.3) ? 2 : 1;
  await together(Array.from({ length: times }, () => shop.cancel(claim)));
  if (claim.cancelled.done && shop.deps.random.chance(0.3)) await shop.cancel(claim);
}

/** Pays for a hold and waits until it is sold. @returns null when the seats or the time ran out */
export async function buy(
  context: Context,
  claim: Claim | null,
  by?: 'stripe',
): Promise<{ claim: Claim; payment: Payment } | null> {
  if (!claim) return null;
  const payment = newPayment(context, claim, claim.total, by);
  await deliver(context, payment);
  const confirmed = await context.shop.waitFor(claim, ['confirmed'], SETTLED_WITHIN_MS);
  return confirmed ? { claim, payment } : null;
}

export const buyThroughStripe = async (context: Context) =>
  buy(context, await takeSeats(context), 'stripe');
