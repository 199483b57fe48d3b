import { setTimeout as sleep } from 'node:timers/promises';
import { type Claim, type Journal, type Money, type MoneyKind, type Payment } from './journal';
import type { Shop, Wish } from './shop';

/** The events that buyers choose from. */
interface Catalogue {
  /** The events on sale, hottest last. */
  events(): readonly string[];
}

export interface Context {
  shop: Shop;
  catalogue: Catalogue;
}

/** How long a buyer waits for what follows from a payment or an order. */
const SETTLED_WITHIN_MS = 40_000;
const ROWS = ['A', 'B'];
const SEATS_A_ROW = 10;
const CATEGORIES = ['stalls', 'floor'];
const NAMES = [
  'Ada Lovelace',
  'Zdeněk Novák',
  'Søren Kierkegaard',
  'Ngô Bảo Châu',
  "Miles O'Brien",
];

const together = async (work: readonly Promise<unknown>[]): Promise<void> => {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};

function wishFor({ shop }: Context): Wish {
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
async function takeSeats(
  context: Context,
  wish: Wish = wishFor(context),
  event?: string,
): Promise<Claim | null> {
  const { shop, catalogue } = context;
  const { random } = shop.deps;
  const id = random.uuid();
  const request = {
    id,
    event: event ?? random.pick(catalogue.events()),
    wish,
    buyer: { name: random.pick(NAMES), email: `${id.slice(0, 8)}@example.org` },
    client: random.chance(0.8) ? ('client' as const) : ('client2' as const),
  };
  if (random.chance(0.15)) {
    const claims = await Promise.all([shop.hold(request), shop.hold(request), shop.hold(request)]);
    return claims.find((claim) => claim !== null) ?? null;
  }
  const claim = await shop.hold(request);
  if (claim && random.chance(0.1)) await shop.hold(request);
  return claim;
}

function newPayment(
  context: Context,
  claim: Pick<Claim, 'id' | 'total'>,
  money: Money = claim.total,
  by?: 'stripe' | 'standard',
): Payment {
  const { journal, random } = context.shop.deps;
  const way = by ?? (random.chance(0.5) ? 'stripe' : 'standard');
  const reference = `${way === 'stripe' ? 'pi' : 'pay'}_${random.uuid()}`;
  return journal.recordPayment(way, reference, claim.id, money);
}

/** A provider delivers a payment: once or repeatedly, by one or both of its events, at once or in sequence. */
async function deliver({ shop }: Context, payment: Payment): Promise<void> {
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

const withOffset = (money: Money, more: number): Money => ({
  ...money,
  amount: Math.max(1, money.amount + more),
});

const shortDelay = (context: Context, highMs = 800): Promise<void> =>
  sleep(context.shop.deps.random.between(0, highMs));

const msUntilEnd = (claim: Claim): number =>
  Math.max(0, Date.parse(claim.promisedUntil) - Date.now());

async function buyByWebhook(context: Context): Promise<void> {
  const claim = await takeSeats(context);
  if (!claim) return;
  await shortDelay(context);
  if (context.shop.deps.random.chance(0.2)) await context.shop.payFailed(claim, `fail_${claim.id}`);
  await deliver(context, newPayment(context, claim));
  await afterwards(context, claim);
}

async function buyByConfirm(context: Context): Promise<void> {
  const { shop } = context;
  const claim = await takeSeats(context);
  if (!claim) return;
  await shortDelay(context);
  const reference = `own_${shop.deps.random.uuid()}`;
  const times = shop.deps.random.chance(0.3) ? 3 : 1;
  await together(Array.from({ length: times }, () => shop.confirm(claim, reference)));
  if (shop.deps.random.chance(0.2)) await shop.confirm(claim, reference);
  if (shop.deps.random.chance(0.1)) await shop.confirm(claim, `other_${shop.deps.random.uuid()}`);
  await afterwards(context, claim);
}

/** What a buyer does after the payment: in half of the cases nothing. */
async function afterwards(context: Context, claim: Claim): Promise<void> {
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
    const codes = await shop.tickets(claim);
    if (!codes) {
      await sleep(500);
      continue;
    }
    if (random.chance(0.5)) await shop.ticketsPdf(claim);
    if (again) await shop.resend(claim);
    for (const code of codes) {
      const scanners = random.chance(0.4) ? 2 : 1;
      await together(Array.from({ length: scanners }, () => shop.checkIn(claim, code)));
    }
    if (random.chance(0.2)) await cancelOnce(context, claim);
    return;
  }
}

async function cancelOnce({ shop }: Context, claim: Claim): Promise<void> {
  const times = shop.deps.random.chance(0.3) ? 2 : 1;
  await together(Array.from({ length: times }, () => shop.cancel(claim)));
  if (claim.cancelled.done && shop.deps.random.chance(0.3)) await shop.cancel(claim);
}

/** Six buyers request one seat; the winner may pay. */
async function race(context: Context): Promise<void> {
  const { random } = context.shop.deps;
  const event = random.pick(context.catalogue.events());
  const seats = [`${random.pick(ROWS)}-${random.between(1, SEATS_A_ROW)}`];
  const claims = await Promise.all(
    Array.from({ length: 6 }, () => takeSeats(context, { seats }, event)),
  );
  for (const claim of claims)
    if (claim && random.chance(0.5)) await deliver(context, newPayment(context, claim));
}

/** The payment comes after the end of the hold: the seats are free, or held by another buyer; or after the faults. */
async function payLate(context: Context): Promise<void> {
  const { random, journal } = context.shop.deps;
  const claim = await takeSeats(context);
  if (!claim) return;
  const payment = newPayment(context, claim);
  if (random.chance(0.25)) {
    journal.afterFaults.push(() => deliver(context, payment));
    return;
  }
  await sleep(msUntilEnd(claim) + random.between(-300, 3_000));
  if (random.chance(0.5)) {
    const other = await takeSeats(context, { seats: claim.labels }, claim.event);
    if (other && random.chance(0.5)) {
      await together([deliver(context, newPayment(context, other)), deliver(context, payment)]);
      return;
    }
  }
  await deliver(context, payment);
  if (random.chance(0.3)) await deliver(context, newPayment(context, claim));
}

async function payWrongly(context: Context): Promise<void> {
  const { shop } = context;
  const claim = await takeSeats(context);
  if (!claim) return;
  const wrong = shop.deps.random.chance(0.5)
    ? withOffset(claim.total, -1)
    : { ...claim.total, currency: 'USD' };
  if (shop.deps.random.chance(0.5))
    await shop.confirm(claim, `wrong_${shop.deps.random.uuid()}`, wrong);
  else await deliver(context, newPayment(context, claim, wrong));
  if (shop.deps.random.chance(0.6)) await deliver(context, newPayment(context, claim));
}

/** Two payments at once, and a confirm with one of their references. */
async function payTwice(context: Context): Promise<void> {
  const { shop } = context;
  const claim = await takeSeats(context);
  if (!claim) return;
  const [first, second] = [newPayment(context, claim), newPayment(context, claim)];
  await together([deliver(context, first), deliver(context, second)]);
  if (shop.deps.random.chance(0.5)) {
    await shop.confirm(claim, shop.deps.random.pick([first, second]).reference);
  }
}

/** The shop confirms and the provider delivers the same payment, at the same time. */
async function bothWays(context: Context): Promise<void> {
  const claim = await takeSeats(context);
  if (!claim) return;
  const payment = newPayment(context, claim);
  await together([deliver(context, payment), context.shop.confirm(claim, payment.reference)]);
  await afterwards(context, claim);
}

async function payAndCancel(context: Context): Promise<void> {
  const { random } = context.shop.deps;
  const claim = await takeSeats(context);
  if (!claim) return;
  const payment = newPayment(context, claim);
  const pay = (): Promise<unknown> =>
    random.chance(0.5)
      ? deliver(context, payment)
      : context.shop.confirm(claim, `own_${random.uuid()}`);
  await shortDelay(context);
  switch (random.below(3)) {
    case 0:
      await cancelOnce(context, claim);
      if (random.chance(0.5)) await pay();
      break;
    case 1:
      await together([pay(), cancelOnce(context, claim)]);
      break;
    default:
      await pay();
      await cancelOnce(context, claim);
  }
}

async function extendRepeatedly(context: Context): Promise<void> {
  const { random } = context.shop.deps;
  const claim = await takeSeats(context);
  if (!claim) return;
  const times = random.between(1, 5);
  for (let index = 0; index < times; index++) {
    await sleep(random.between(0, Math.max(1, msUntilEnd(claim) - 300)));
    if (!(await context.shop.extend(claim))) break;
  }
  if (random.chance(0.5)) await deliver(context, newPayment(context, claim));
}

/** A payment for a reservation that does not exist, or that is made after the payment. */
async function payWithoutReservation(context: Context): Promise<void> {
  const { shop, catalogue } = context;
  const { random } = shop.deps;
  const id = random.uuid();
  const total = { amount: random.pick([4500, 2000]), currency: 'EUR' };
  await deliver(context, newPayment(context, { id, total }));
  shop.deps.journal.happened('a payment without a reservation');
  if (random.chance(0.5)) return;
  const wish = { bestAvailable: { quantity: 1, category: random.pick(CATEGORIES) } };
  const buyer = { name: 'Early Payer', email: 'early@example.org' };
  await shop.hold({ id, event: random.pick(catalogue.events()), wish, buyer, client: 'client' });
}

/** An operator sends the signals by hand. */
async function signalByHand(context: Context): Promise<void> {
  const { shop } = context;
  const { random, journal } = shop.deps;
  const claim = await takeSeats(context);
  if (!claim) return;
  await sleep(random.between(300, 1_500));
  if (random.chance(0.6)) {
    const payment = journal.recordPayment('signal', `hand_${random.uuid()}`, claim.id, claim.total);
    const result = await shop.signalPayment(payment);
    if (result === 'taken' && random.chance(0.5)) await shop.signalPayment(payment);
    if (random.chance(0.3)) await deliver(context, newPayment(context, claim));
  } else {
    await shop.signalCancel(claim);
    if (random.chance(0.5)) await deliver(context, newPayment(context, claim));
  }
}

/** Buys through Stripe. @returns null when the seats or the time ran out */
async function buyThroughStripe(
  context: Context,
): Promise<{ claim: Claim; payment: Payment } | null> {
  const claim = await takeSeats(context);
  if (!claim) return null;
  const payment = newPayment(context, claim, claim.total, 'stripe');
  await deliver(context, payment);
  const confirmed = await context.shop.waitFor(claim, ['confirmed'], SETTLED_WITHIN_MS);
  return confirmed ? { claim, payment } : null;
}

/** Refunds in part, one after the other or at once; at times the sale is cancelled then. */
async function refundInParts(context: Context): Promise<void> {
  const bought = await buyThroughStripe(context);
  if (!bought) return;
  const { claim, payment } = bought;
  const { shop } = context;
  const { random, journal } = shop.deps;
  const part = Math.floor(payment.amount / 4);
  const one = () => shop.refund(payment, random.between(1, part));
  const ordered = random.chance(0.5)
    ? await Promise.all([one(), one(), one()])
    : [await one(), ...(random.chance(0.5) ? [await one()] : [])];
  journal.happened('a refund in part');
  if (ordered.length > 1) journal.happened('several refunds of one payment');
  if ((await shop.refund(payment, payment.amount)) === null)
    journal.happened('a refund of more than is left');
  if (random.chance(0.5)) return;
  await cancelOnce(context, claim);
  journal.happened('a cancel after a refund in part');
}

/** A refund that had succeeded comes back: the provider says so. It is ordered anew. */
async function refundFails(context: Context): Promise<void> {
  const bought = await buyThroughStripe(context);
  if (!bought) return;
  const { claim, payment } = bought;
  const { shop } = context;
  const { random, journal } = shop.deps;
  const amount = random.chance(0.5) ? payment.amount : Math.ceil(payment.amount / 3);
  const id = await shop.refund(payment, amount);
  if (id === null || !(await shop.waitForRefund(claim, id, SETTLED_WITHIN_MS))) return;
  journal.refunds.get(id)!.failed = true;
  await shop.failRefund(payment, id, amount);
  journal.happened('a refund that failed afterwards');
  if (random.chance(0.3)) return;
  if ((await shop.refund(payment, amount)) !== null) journal.happened('a refund ordered anew');
  if (random.chance(0.3)) await cancelOnce(context, claim);
}

/** The provider gives back by itself: after the sale, before it tells of the payment, or at the same time. */
async function refundByProvider(context: Context): Promise<void> {
  const { shop } = context;
  const { random, journal } = shop.deps;
  if (random.chance(0.4)) {
    const bought = await buyThroughStripe(context);
    if (!bought) return;
    const { claim, payment } = bought;
    await shop.refundByProvider(payment, Math.ceil(payment.amount / random.between(1, 3)), false);
    journal.happened('a refund that the provider made by itself');
    if (random.chance(0.4)) await cancelOnce(context, claim);
    return;
  }
  const claim = await takeSeats(context);
  if (!claim) return;
  const payment = newPayment(context, claim, claim.total, 'stripe');
  const refund = shop.refundByProvider(payment, Math.ceil(payment.amount / 2), true);
  if (random.chance(0.6)) await refund;
  await together([refund, deliver(context, payment)]);
  journal.happened('a refund told before its payment');
}

/** The buyer's bank disputes what is left of a payment; meanwhile a refund is ordered, or the sale cancelled. */
const disputeThatIs =
  (end: 'won' | 'lost') =>
  async (context: Context): Promise<void> => {
    const bought = await buyThroughStripe(context);
    if (!bought) return;
    const { claim, payment } = bought;
    const { shop } = context;
    const { random, journal } = shop.deps;
    const before = random.chance(0.3) ? Math.floor(payment.amount / 3) : 0;
    if (before > 0) await shop.refund(payment, before);
    const dispute = `dp_${random.uuid()}`;
    const disputed = payment.amount - before;
    await shop.dispute(payment, dispute, disputed, 'open');
    const waiting = random.chance(0.7)
      ? await shop.refund(payment, random.between(1, disputed))
      : null;
    if (waiting !== null) journal.happened('a refund that waits for a dispute');
    const cancels = random.chance(0.4);
    if (cancels) await cancelOnce(context, claim);
    await shortDelay(context, 4_000);
    // All that was left is gone, so what waited is superfluous.
    if (end === 'lost' && waiting !== null) journal.refunds.get(waiting)!.failed = true;
    await shop.dispute(payment, dispute, disputed, end);
    journal.happened(`a dispute that was ${end}`);
    if (!cancels && random.chance(0.3)) await cancelOnce(context, claim);
  };

const disputeThatIsWon = disputeThatIs('won');
const disputeThatIsLost = disputeThatIs('lost');

/** A client confirms with a reference that the provider then proves for another buyer. */
async function claimForeignReference(context: Context): Promise<void> {
  const { shop } = context;
  const { random, journal } = shop.deps;
  const [stranger, payer] = [await takeSeats(context), await takeSeats(context)];
  if (!stranger || !payer) return;
  const payment = newPayment(context, payer, payer.total, 'stripe');
  const claim = () =>
    shop.confirm(stranger, payment.reference, stranger.total, ['422 payment_mismatch']);
  if (random.chance(0.3)) {
    await together([claim(), deliver(context, payment)]);
    return;
  }
  const { status } = await claim();
  if (random.chance(0.3)) await cancelOnce(context, stranger);
  await deliver(context, payment);
  if (status < 300) journal.happened('a claim that a proof contradicts');
  if (random.chance(0.6)) await cancelOnce(context, stranger);
  if (random.chance(0.3)) await cancelOnce(context, payer);
}

/** The provider tells one reference for two reservations: one of them is paid. */
async function proveOneReferenceTwice(context: Context): Promise<void> {
  const { random, journal } = context.shop.deps;
  const [one, other] = [await takeSeats(context), await takeSeats(context)];
  if (!one || !other) return;
  const first = newPayment(context, one);
  const [way] = first.ways;
  const second = journal.recordPayment(way!, first.reference, other.id, other.total);
  if (random.chance(0.5)) await together([deliver(context, first), deliver(context, second)]);
  else {
    await deliver(context, first);
    await deliver(context, second);
  }
  journal.happened('a reference proven for two reservations');
}

/** Money in the other mode confirms nothing and is never given back. */
async function payInOtherMode(context: Context): Promise<void> {
  const claim = await takeSeats(context);
  if (!claim) return;
  const payment = newPayment(context, claim, claim.total, 'stripe');
  payment.foreign = true;
  await deliver(context, payment);
  context.shop.deps.journal.happened('a payment of another account or mode');
  if (context.shop.deps.random.chance(0.5)) await deliver(context, newPayment(context, claim));
}

async function browse(context: Context): Promise<void> {
  const { shop, catalogue } = context;
  const { random, journal } = shop.deps;
  const event = random.pick(catalogue.events());
  await shop.get('events', '/v1/events');
  await shop.get('seats', `/v1/events/${event}/seats`);
  await shop.get('list', `/v1/reservations?event=${event}&limit=50`, 'operator');
  const claims = [...journal.claims.values()].slice(-40);
  if (claims.length === 0) return;
  const claim = random.pick(claims);
  await shop.read(claim);
  await shop.get('history', `/v1/reservations/${claim.id}/history`, 'operator');
  const stranger = claim.client === 'client' ? 'client2' : 'client';
  await shop.get("another client's", `/v1/reservations/${claim.id}`, stranger, [404]);
  await shop.misuseKey(claim, random.pick(['client', 'client2']));
}

type Scenario = (context: Context) => Promise<void>;

/** The scenarios of a simulated buyer, with their weights. */
export const SCENARIOS: readonly (readonly [weight: number, scenario: Scenario])[] = [
  [14, buyByWebhook],
  [10, buyByConfirm],
  [6, race],
  [10, payLate],
  [5, payWrongly],
  [5, payTwice],
  [6, bothWays],
  [9, payAndCancel],
  [6, extendRepeatedly],
  [4, payWithoutReservation],
  [7, signalByHand],
  [4, browse],
  [5, refundInParts],
  [5, refundFails],
  [4, refundByProvider],
  [3, disputeThatIsWon],
  [3, disputeThatIsLost],
  [5, claimForeignReference],
  [4, proveOneReferenceTwice],
  [3, payInOtherMode],
];

/** In which scenario each kind of money trouble happens. */
const SCENARIO_OF: Record<MoneyKind, Scenario> = {
  'a refund in part': refundInParts,
  'several refunds of one payment': refundInParts,
  'a refund of more than is left': refundInParts,
  'a cancel after a refund in part': refundInParts,
  'a refund that failed afterwards': refundFails,
  'a refund ordered anew': refundFails,
  'a dispute that was won': disputeThatIsWon,
  'a dispute that was lost': disputeThatIsLost,
  'a refund that waits for a dispute': disputeThatIsWon,
  'a claim that a proof contradicts': claimForeignReference,
  'a refund by hand': claimForeignReference,
  'a refund that the provider made by itself': refundByProvider,
  'a refund told before its payment': refundByProvider,
  'a reference proven for two reservations': proveOneReferenceTwice,
  'a payment of another account or mode': payInOtherMode,
  'a payment without a reservation': payWithoutReservation,
};

/** The scenarios of the kinds that have not happened yet. */
export function missingScenarios(journal: Journal): Scenario[] {
  return journal.missingKinds().map((kind) => SCENARIO_OF[kind]);
}
