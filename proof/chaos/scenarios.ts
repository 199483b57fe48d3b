import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim, Money, Payment } from './book';
import type { Shop, Wish } from './shop';

/** What a buyer finds in the shop. */
interface Venue {
  /** The events on sale, hottest last. */
  events(): readonly string[];
}

export interface Scene {
  shop: Shop;
  venue: Venue;
}

const ROWS = ['A', 'B'];
const SEATS_A_ROW = 10;
const CATEGORIES = ['stalls', 'floor'];
const NAMES = ['Ada Lovelace', 'Zdeněk Novák', 'Søren Kierkegaard', 'Ngô Bảo Châu', "Miles O'Brien"];

const together = async (work: readonly Promise<unknown>[]): Promise<void> => {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};

function wishFor({ shop }: Scene): Wish {
  const { random } = shop.deps;
  if (random.chance(0.4)) {
    return { bestAvailable: { quantity: random.between(1, 3), category: random.pick(CATEGORIES) } };
  }
  const row = random.pick(ROWS);
  const first = random.between(1, SEATS_A_ROW - 1);
  const seats = random.chance(0.5) ? [first] : [first, first + 1];
  return { seats: seats.map((seat) => `${row}-${seat}`) };
}

/** Takes seats, sometimes with the same request at the same time or once more. */
async function takeSeats(scene: Scene, wish: Wish = wishFor(scene), event?: string): Promise<Claim | null> {
  const { shop, venue } = scene;
  const { random } = shop.deps;
  const id = random.uuid();
  const request = {
    id,
    event: event ?? random.pick(venue.events()),
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

function newPayment(scene: Scene, claim: Pick<Claim, 'id' | 'total'>, money: Money = claim.total): Payment {
  const { book, random } = scene.shop.deps;
  const way = random.chance(0.5) ? ('stripe' as const) : ('standard' as const);
  const reference = `${way === 'stripe' ? 'pi' : 'pay'}_${random.uuid()}`;
  return book.payment(way, reference, claim.id, money);
}

/** A provider tells of a payment: once, again, both events of it, all at the same time. */
async function deliver({ shop }: Scene, payment: Payment): Promise<void> {
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
    const kind = both && index % 2 === 1 ? 'checkout.session.completed' : 'payment_intent.succeeded';
    return shop.payStripe(payment, kind, `evt_${kind.length}_${eventId}`);
  };
  const count = both ? Math.max(2, repeats) : repeats;
  if (random.chance(0.6)) await together(Array.from({ length: count }, (_, index) => one(index)));
  else for (let index = 0; index < count; index++) await one(index);
}

const later = (money: Money, more: number): Money => ({ ...money, amount: Math.max(1, money.amount + more) });

const soon = (scene: Scene, highMs = 800): Promise<void> => sleep(scene.shop.deps.random.between(0, highMs));

const msUntilEnd = (claim: Claim): number => Math.max(0, Date.parse(claim.promisedUntil) - Date.now());

async function buyByWebhook(scene: Scene): Promise<void> {
  const claim = await takeSeats(scene);
  if (!claim) return;
  await soon(scene);
  if (scene.shop.deps.random.chance(0.2)) await scene.shop.payFailed(claim, `fail_${claim.id}`);
  await deliver(scene, newPayment(scene, claim));
  await afterwards(scene, claim);
}

async function buyByConfirm(scene: Scene): Promise<void> {
  const { shop } = scene;
  const claim = await takeSeats(scene);
  if (!claim) return;
  await soon(scene);
  const reference = `own_${shop.deps.random.uuid()}`;
  const times = shop.deps.random.chance(0.3) ? 3 : 1;
  await together(Array.from({ length: times }, () => shop.confirm(claim, reference)));
  if (shop.deps.random.chance(0.2)) await shop.confirm(claim, reference);
  if (shop.deps.random.chance(0.1)) await shop.confirm(claim, `other_${shop.deps.random.uuid()}`);
  await afterwards(scene, claim);
}

/** What buyers do with a reservation that they have paid: sometimes nothing. */
async function afterwards(scene: Scene, claim: Claim): Promise<void> {
  const { shop } = scene;
  const { random } = shop.deps;
  if (random.chance(0.5) || !(await shop.waitFor(claim, ['confirmed'], 15_000))) return;
  const what = random.weighed([
    [3, 'tickets'],
    [2, 'cancel'],
    [2, 'resend'],
    [1, 'second payment'],
  ]);
  if (what === 'cancel') await cancelOnce(scene, claim);
  else if (what === 'second payment') await deliver(scene, newPayment(scene, claim));
  else await useTickets(scene, claim, what === 'resend');
}

async function useTickets(scene: Scene, claim: Claim, again: boolean): Promise<void> {
  const { shop } = scene;
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
    if (random.chance(0.2)) await cancelOnce(scene, claim);
    return;
  }
}

async function cancelOnce({ shop }: Scene, claim: Claim): Promise<void> {
  const times = shop.deps.random.chance(0.3) ? 2 : 1;
  await together(Array.from({ length: times }, () => shop.cancel(claim)));
  if (claim.cancelled.done && shop.deps.random.chance(0.3)) await shop.cancel(claim);
}

/** Many want one seat; who gets it may pay. */
async function race(scene: Scene): Promise<void> {
  const { random } = scene.shop.deps;
  const event = random.pick(scene.venue.events());
  const seats = [`${random.pick(ROWS)}-${random.between(1, SEATS_A_ROW)}`];
  const claims = await Promise.all(Array.from({ length: 6 }, () => takeSeats(scene, { seats }, event)));
  for (const claim of claims) if (claim && random.chance(0.5)) await deliver(scene, newPayment(scene, claim));
}

/** The money comes after the hold has ended: with the seats free, or taken by another, or when all is over. */
async function payLate(scene: Scene): Promise<void> {
  const { random, book } = scene.shop.deps;
  const claim = await takeSeats(scene);
  if (!claim) return;
  const payment = newPayment(scene, claim);
  if (random.chance(0.25)) {
    book.deferred.push(() => deliver(scene, payment));
    return;
  }
  await sleep(msUntilEnd(claim) + random.between(-300, 3_000));
  if (random.chance(0.5)) {
    const other = await takeSeats(scene, { seats: claim.labels }, claim.event);
    if (other && random.chance(0.5)) {
      await together([deliver(scene, newPayment(scene, other)), deliver(scene, payment)]);
      return;
    }
  }
  await deliver(scene, payment);
  if (random.chance(0.3)) await deliver(scene, newPayment(scene, claim));
}

async function payWrongly(scene: Scene): Promise<void> {
  const { shop } = scene;
  const claim = await takeSeats(scene);
  if (!claim) return;
  const wrong = shop.deps.random.chance(0.5) ? later(claim.total, -1) : { ...claim.total, currency: 'USD' };
  if (shop.deps.random.chance(0.5)) await shop.confirm(claim, `wrong_${shop.deps.random.uuid()}`, wrong);
  else await deliver(scene, newPayment(scene, claim, wrong));
  if (shop.deps.random.chance(0.6)) await deliver(scene, newPayment(scene, claim));
}

/** Two payments at once, and a confirm with one of their references. */
async function payTwice(scene: Scene): Promise<void> {
  const { shop } = scene;
  const claim = await takeSeats(scene);
  if (!claim) return;
  const [first, second] = [newPayment(scene, claim), newPayment(scene, claim)];
  await together([deliver(scene, first), deliver(scene, second)]);
  if (shop.deps.random.chance(0.5)) {
    await shop.confirm(claim, shop.deps.random.pick([first, second]).reference);
  }
}

/** The shop confirms and the provider tells, both of the same payment, at the same time. */
async function bothWays(scene: Scene): Promise<void> {
  const claim = await takeSeats(scene);
  if (!claim) return;
  const payment = newPayment(scene, claim);
  await together([deliver(scene, payment), scene.shop.confirm(claim, payment.reference)]);
  await afterwards(scene, claim);
}

async function changeOfMind(scene: Scene): Promise<void> {
  const { random } = scene.shop.deps;
  const claim = await takeSeats(scene);
  if (!claim) return;
  const payment = newPayment(scene, claim);
  const pay = (): Promise<unknown> =>
    random.chance(0.5) ? deliver(scene, payment) : scene.shop.confirm(claim, `own_${random.uuid()}`);
  await soon(scene);
  switch (random.below(3)) {
    case 0:
      await cancelOnce(scene, claim);
      if (random.chance(0.5)) await pay();
      break;
    case 1:
      await together([pay(), cancelOnce(scene, claim)]);
      break;
    default:
      await pay();
      await cancelOnce(scene, claim);
  }
}

async function extendAndSee(scene: Scene): Promise<void> {
  const { random } = scene.shop.deps;
  const claim = await takeSeats(scene);
  if (!claim) return;
  const times = random.between(1, 5);
  for (let index = 0; index < times; index++) {
    await sleep(random.between(0, Math.max(1, msUntilEnd(claim) - 300)));
    if (!(await scene.shop.extend(claim))) break;
  }
  if (random.chance(0.5)) await deliver(scene, newPayment(scene, claim));
}

/** Money for a reservation that never was, or that comes only after its money. */
async function payForNothing(scene: Scene): Promise<void> {
  const { shop, venue } = scene;
  const { random } = shop.deps;
  const id = random.uuid();
  const total = { amount: random.pick([4500, 2000]), currency: 'EUR' };
  await deliver(scene, newPayment(scene, { id, total }));
  if (random.chance(0.5)) return;
  const wish = { bestAvailable: { quantity: 1, category: random.pick(CATEGORIES) } };
  const buyer = { name: 'Early Payer', email: 'early@example.org' };
  await shop.hold({ id, event: random.pick(venue.events()), wish, buyer, client: 'client' });
}

/** An operator says it by hand, in Temporal. */
async function byHand(scene: Scene): Promise<void> {
  const { shop } = scene;
  const { random, book } = shop.deps;
  const claim = await takeSeats(scene);
  if (!claim) return;
  await sleep(random.between(300, 1_500));
  if (random.chance(0.6)) {
    const payment = book.payment('signal', `hand_${random.uuid()}`, claim.id, claim.total);
    const result = await shop.signalPayment(payment);
    if (result === 'taken' && random.chance(0.5)) await shop.signalPayment(payment);
    if (random.chance(0.3)) await deliver(scene, newPayment(scene, claim));
  } else {
    await shop.signalCancel(claim);
    if (random.chance(0.5)) await deliver(scene, newPayment(scene, claim));
  }
}

async function lookAround(scene: Scene): Promise<void> {
  const { shop, venue } = scene;
  const { random, book } = shop.deps;
  const event = random.pick(venue.events());
  await shop.look('events', '/v1/events');
  await shop.look('seats', `/v1/events/${event}/seats`);
  await shop.look('list', `/v1/reservations?event=${event}&limit=50`, 'operator');
  const claims = [...book.claims.values()].slice(-40);
  if (claims.length === 0) return;
  const claim = random.pick(claims);
  await shop.read(claim);
  await shop.look('history', `/v1/reservations/${claim.id}/history`, 'operator');
  const stranger = claim.client === 'client' ? 'client2' : 'client';
  await shop.look("another client's", `/v1/reservations/${claim.id}`, stranger, [404]);
  await shop.misuseKey(claim, random.pick(['client', 'client2']));
}

/** What a simulated buyer does next. */
export const SCENARIOS: readonly (readonly [weight: number, scenario: (scene: Scene) => Promise<void>])[] = [
  [14, buyByWebhook],
  [10, buyByConfirm],
  [6, race],
  [10, payLate],
  [5, payWrongly],
  [5, payTwice],
  [6, bothWays],
  [9, changeOfMind],
  [6, extendAndSee],
  [4, payForNothing],
  [7, byHand],
  [4, lookAround],
];
