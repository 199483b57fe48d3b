import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal, Kind } from './journal';
import { SALE_SCENARIO_OF, SALE_SCENARIOS } from './sale-scenarios';
import {
  afterwards,
  buyThroughStripe,
  cancelOnce,
  CATEGORIES,
  deliver,
  msUntilEnd,
  newPayment,
  ROWS,
  SEATS_A_ROW,
  SETTLED_WITHIN_MS,
  shortDelay,
  takeSeats,
  together,
  withOffset,
  type Context,
  type Scenario,
} from './scenario-steps';

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
    const [first] = claim.seats;
    const seats = claim.seats.filter(({ event }) => event === first!.event);
    const labels = seats.map(({ label }) => label);
    const other = await takeSeats(context, { seats: labels }, first!.event);
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
  const total = { amount: random.pick([4650, 2150]), currency: 'EUR' };
  await deliver(context, newPayment(context, { id, total }));
  shop.deps.journal.happened('a payment without a reservation');
  if (random.chance(0.5)) return;
  const wish = { bestAvailable: { quantity: 1, category: random.pick(CATEGORIES) } };
  const buyer = { name: 'Early Payer', email: 'early@example.org' };
  const lines = [{ event: random.pick(catalogue.events()), ...wish }];
  await shop.hold({ id, lines, buyer, client: 'client' });
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
    const waitingAmount = random.between(1, disputed);
    const waiting = random.chance(0.7) ? await shop.refund(payment, waitingAmount) : null;
    if (waiting !== null) {
      journal.happened('a refund that waits for a dispute');
      if (random.chance(0.4)) {
        journal.refunds.get(waiting)!.failed = true;
        await shop.failRefund(payment, waiting, waitingAmount);
        journal.happened('a refund that failed while it was pending');
      }
    }
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
  if (random.chance(0.3)) {
    await deliver(context, payment);
    if ((await claim()).code === 'payment_mismatch')
      journal.happened('a claim of what is proven for another');
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
  ...SALE_SCENARIOS,
];

/** In which scenario each kind happens. What receivers of webhooks do happens by itself. */
const SCENARIO_OF: Partial<Record<Kind, Scenario>> = {
  ...SALE_SCENARIO_OF,
  'a refund in part': refundInParts,
  'several refunds of one payment': refundInParts,
  'a refund of more than is left': refundInParts,
  'a cancel after a refund in part': refundInParts,
  'a refund that failed afterwards': refundFails,
  'a refund ordered anew': refundFails,
  'a dispute that was won': disputeThatIsWon,
  'a dispute that was lost': disputeThatIsLost,
  'a refund that waits for a dispute': disputeThatIsWon,
  'a refund that failed while it was pending': disputeThatIsWon,
  'a claim that a proof contradicts': claimForeignReference,
  'a claim of what is proven for another': claimForeignReference,
  'a refund by hand': claimForeignReference,
  'a refund that the provider made by itself': refundByProvider,
  'a refund told before its payment': refundByProvider,
  'a reference proven for two reservations': proveOneReferenceTwice,
  'a payment of another account or mode': payInOtherMode,
  'a payment without a reservation': payWithoutReservation,
};

/** The scenarios of the kinds that have not happened yet. */
export function missingScenarios(journal: Journal): Scenario[] {
  return journal.missingKinds().flatMap((kind) => SCENARIO_OF[kind] ?? []);
}
