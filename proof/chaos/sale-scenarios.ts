import { setTimeout as sleep } from 'node:timers/promises';
import type { Change, Claim, Payment, SALE_KINDS } from './journal';
import {
  afterwards,
  buy,
  cancelOnce,
  CATEGORIES,
  codeOf,
  deliver,
  msUntilEnd,
  newPayment,
  ROWS,
  SEATS_A_ROW,
  SETTLED_WITHIN_MS,
  shortDelay,
  takeOrder,
  takeSeats,
  TERMS_PERCENT,
  together,
  wishFor,
  withOffset,
  type Context,
  type Scenario,
} from './scenario-steps';
import { HOLD_ANSWERS, type ChangeRequest, type Line, type Ticket } from './shop';

const ALLOTTED_CLIENT = 'client' as const;
const PRICES = [4500, 5000, 4000];
const PAUSED_MS = 300;

/** Two seats side by side. */
function pairOf({ shop }: Context): [string, string] {
  const { random } = shop.deps;
  const [row, first] = [random.pick(ROWS), random.between(1, SEATS_A_ROW - 1)];
  return [`${row}-${first}`, `${row}-${first + 1}`];
}

const oneOf = (event: string, category: string): Line => ({
  event,
  bestAvailable: { quantity: 1, category },
});

/** Seats of two events, all or nothing: one payment confirms. */
async function buySeveralEvents(context: Context): Promise<void> {
  const { random, journal } = context.shop.deps;
  const events = random.shuffled(context.catalogue.events()).slice(0, 2);
  const claim = await takeOrder(
    context,
    events.map((event) => ({ event, ...wishFor(context) })),
    random.chance(0.2) ? codeOf(events[0]!) : undefined,
  );
  if (!claim) return;
  const payment = newPayment(context, claim);
  if (random.chance(0.2)) await sleep(msUntilEnd(claim) + random.between(-300, 2_000));
  await deliver(context, payment);
  journal.happened('an order over several events');
  await afterwards(context, claim);
}

/** More buyers than uses ask for one code. */
async function useCode(context: Context): Promise<void> {
  const { random } = context.shop.deps;
  const event = random.pick(context.catalogue.events());
  const buyers = Array.from({ length: 6 }, () =>
    takeOrder(context, [oneOf(event, random.pick(CATEGORIES))], codeOf(event)),
  );
  for (const claim of await Promise.all(buyers)) {
    if (!claim || random.chance(0.3)) continue;
    if (random.chance(0.2)) await sleep(msUntilEnd(claim) + random.between(-300, 1_000));
    await deliver(context, newPayment(context, claim));
  }
}

/** A hold that changes, before its payment or at the same time. */
async function changeWhileHeld(context: Context): Promise<void> {
  const { shop, catalogue } = context;
  const { random, journal } = shop.deps;
  const event = random.pick(catalogue.events());
  const claim = await takeSeats(context, { seats: pairOf(context) }, event);
  if (!claim) return;
  const [first, second] = claim.seats;
  const asked = random.pick<ChangeRequest>([
    { release: [first!] },
    { take: [oneOf(random.pick(catalogue.events()), 'floor')] },
    { release: [second!], take: [oneOf(event, 'stalls')], code: codeOf(event) },
    { priceTypes: [{ seat: first!, priceType: 'child' }] },
  ]);
  const before = newPayment(context, claim);
  if (random.chance(0.3)) {
    // The payment is of the total from before: it counts if it comes first, and the change is a quote. A code comes too late then.
    const { code: _code, ...seats } = asked;
    await together([shop.change(claim, seats), deliver(context, before)]);
  } else {
    if ((await shop.change(claim, asked)) !== null) journal.happened('a change while held');
    if (random.chance(0.3)) await deliver(context, before);
  }
  await deliver(context, newPayment(context, claim));
  await afterwards(context, claim);
}

interface Quoted {
  claim: Claim;
  change: Change;
}

/** Two seats that are sold. */
async function sell(context: Context): Promise<Claim | null> {
  const { shop, catalogue } = context;
  const { random } = shop.deps;
  const hasTerms = random.chance(0.4);
  const event = random.pick(hasTerms ? catalogue.eventsWithTerms() : catalogue.events());
  const held = await takeOrder(context, [{ event, seats: pairOf(context) }]);
  if (held && hasTerms) held.termsPercent = TERMS_PERCENT;
  return (await buy(context, held))?.claim ?? null;
}

/** A sale with an open quote. @param asked what of; null: anything */
async function quote(
  context: Context,
  asked: ((claim: Claim) => ChangeRequest) | null = null,
): Promise<Quoted | null> {
  const { shop } = context;
  const claim = await sell(context);
  if (!claim) return null;
  const [first, second] = claim.seats;
  const { event } = first!;
  const anything = shop.deps.random.pick<ChangeRequest>([
    { release: [first!] },
    { release: [first!], take: [oneOf(event, 'floor')] },
    { release: [second!], take: [oneOf(event, 'stalls'), oneOf(event, 'floor')] },
    { take: [oneOf(event, 'stalls')] },
    { priceTypes: [{ seat: second!, priceType: 'child' }] },
  ]);
  const change = await shop.change(claim, asked?.(claim) ?? anything);
  return change && { claim, change };
}

/** One seat more: there is something to pay. */
const oneMore = ({ seats }: Claim): ChangeRequest => ({ take: [oneOf(seats[0]!.event, 'stalls')] });
const swap = ({ seats }: Claim): ChangeRequest => ({
  release: [seats[0]!],
  take: [oneOf(seats[0]!.event, 'stalls'), oneOf(seats[0]!.event, 'floor')],
});

/** A provider delivers the payment of a quote. @returns it */
async function payFor(
  context: Context,
  { claim, change }: Quoted,
  money = change.due!,
): Promise<Payment> {
  const payment = newPayment(context, claim, money, undefined, change.id);
  change.asked = true;
  await deliver(context, payment);
  const isInTime = Date.now() < Date.parse(change.expiresAt!);
  if (isInTime && money.amount === change.due!.amount) change.paidInTime = true;
  return payment;
}

async function whenApplied(
  context: Context,
  { claim, change }: Quoted,
  before: readonly Ticket[],
): Promise<void> {
  const { shop } = context;
  const { journal, random } = shop.deps;
  if ((await shop.waitForChange(claim, change, SETTLED_WITHIN_MS)) !== 'applied') return;
  journal.recordApplied(claim, change);
  journal.happened('a change applied');
  if (change.refund !== null) {
    journal.happened('a refund in part by a change');
    if (claim.termsPercent < 100) journal.happened('a refund that the terms keep a part of');
  }
  const old = before.filter(({ event, seat }) =>
    change.release.some((one) => one.event === event && one.label === seat),
  );
  for (const { code } of old) claim.voided.add(code);
  if (random.chance(0.5)) for (const ticket of old) await shop.checkIn(claim, ticket);
  if (random.chance(0.3)) await cancelOnce(context, claim);
}

/** A quote that is confirmed in time: by a provider, by the client, or for nothing. */
async function changeSale(context: Context): Promise<void> {
  const { shop } = context;
  const { random, journal } = shop.deps;
  const quoted = await quote(context);
  if (!quoted) return;
  const { claim, change } = quoted;
  const before = random.chance(0.5) ? ((await shop.tickets(claim)) ?? []) : [];
  if (change.due === null) {
    await shop.confirmChange(claim, change, null);
  } else if (random.chance(0.4)) {
    const reference = `own_${random.uuid()}`;
    const payment = journal.recordPayment('confirm', reference, claim.id, change.due, change.id);
    const { status } = await shop.confirmChange(claim, change, payment);
    if (status < 300) journal.happened('a change paid by a client');
  } else {
    await payFor(context, quoted);
  }
  await whenApplied(context, quoted, before);
}

/** The payment comes after the quote's end: it is applied if it still can be, or goes back. */
async function payQuoteLate(context: Context): Promise<void> {
  const { shop } = context;
  const { random, journal } = shop.deps;
  const quoted = await quote(context, random.pick([oneMore, swap]));
  if (!quoted?.change.due) return;
  const { change, claim } = quoted;
  await sleep(Math.max(0, Date.parse(change.expiresAt!) - Date.now()) + random.between(50, 2_500));
  if (random.chance(0.5)) {
    const [taken] = change.take;
    await takeSeats(context, { seats: [taken!.label] }, taken!.event);
  }
  await payFor(context, quoted);
  journal.happened('a quote paid late');
  if (random.chance(0.3)) await cancelOnce(context, claim);
}

/** Less than is due goes back, and the quote stays open for what is due. */
async function payQuoteWrongly(context: Context): Promise<void> {
  const { random, journal } = context.shop.deps;
  const quoted = await quote(context, oneMore);
  if (!quoted?.change.due) return;
  await payFor(context, quoted, withOffset(quoted.change.due, -1));
  journal.happened('a quote paid too little');
  if (random.chance(0.6)) await payFor(context, quoted);
}

async function withdrawQuote(context: Context): Promise<void> {
  const { shop } = context;
  const { random, journal } = shop.deps;
  const quoted = await quote(context, oneMore);
  if (!quoted?.change.due) return;
  const { claim, change } = quoted;
  const withdraw = () => shop.withdrawChange(claim, change);
  if (random.chance(0.3)) {
    // Whichever commits first.
    await together([withdraw(), payFor(context, quoted)]);
    return;
  }
  const { status } = await withdraw();
  if (status === 200) journal.happened('a quote withdrawn');
  if (random.chance(0.5)) await payFor(context, quoted);
}

async function cancelQuoted(context: Context): Promise<void> {
  const { shop } = context;
  const { random, journal } = shop.deps;
  const quoted = await quote(context, oneMore);
  if (!quoted?.change.due) return;
  const { claim, change } = quoted;
  if (random.chance(0.3)) {
    await together([cancelOnce(context, claim), payFor(context, quoted)]);
    return;
  }
  const isOpen = (await shop.readChange(claim, change)).status === 'quoted';
  await cancelOnce(context, claim);
  const { status } = await shop.readChange(claim, change);
  if (isOpen && status === 'expired' && isBeforeItsEnd(change))
    journal.happened('a quote ended by a cancel');
  if (random.chance(0.5)) await payFor(context, quoted);
}

const isBeforeItsEnd = ({ expiresAt }: Change) => Date.now() < Date.parse(expiresAt!);

/** Somebody comes in with a ticket that the quote would give back. */
async function enterQuoted(context: Context): Promise<void> {
  const { shop } = context;
  const { random, journal } = shop.deps;
  const claim = await sell(context);
  if (!claim) return;
  let tickets: Ticket[] | null = null;
  for (const until = Date.now() + SETTLED_WITHIN_MS; !tickets && Date.now() < until;) {
    tickets = await shop.tickets(claim);
    if (!tickets) await sleep(500);
  }
  const ticket = tickets?.find(({ seat }) => seat === claim.seats[0]!.label);
  if (!ticket) return;
  const change = await shop.change(claim, swap(claim));
  if (!change?.due) return;
  const quoted = { claim, change };
  if (random.chance(0.3)) {
    await together([shop.checkIn(claim, ticket), payFor(context, quoted)]);
    return;
  }
  const { status } = await shop.checkIn(claim, ticket);
  const after = await shop.readChange(claim, change);
  if (status === 201 && after.status === 'expired' && isBeforeItsEnd(change))
    journal.happened('a quote ended by a check-in');
  if (random.chance(0.5)) await payFor(context, quoted);
}

/** Seats are kept for a client: nobody else takes one, until the allotment ends, at times with a hold in it. */
async function allot(context: Context): Promise<void> {
  const { shop, catalogue } = context;
  const { random, journal } = shop.deps;
  const event = random.pick(catalogue.events());
  const seats = pairOf(context);
  const lasts = random.chance(0.3) ? random.between(1_500, 4_000) : null;
  const until = lasts === null ? undefined : new Date(Date.now() + lasts).toISOString();
  const allotment = await shop.allot(event, seats, until);
  if (!allotment) return;
  const request = (label: string, own: boolean) => ({
    id: random.uuid(),
    lines: [{ event, seats: [label], ...(own && { allotment: allotment.id }) }],
    buyer: { name: 'Sponsor', email: 'sponsor@example.org' },
    client: own ? ALLOTTED_CLIENT : ('client2' as const),
  });
  if (until === undefined) {
    const strange = await shop.hold(request(seats[1], false));
    if (strange)
      journal.violation('nobody else takes a seat of an allotment', allotment.id, seats[1]);
  }
  let held: Claim | null = null;
  if (until === undefined || random.chance(0.5)) {
    // 422: it has ended by itself.
    const more = until === undefined ? [] : ['422 validation_failed'];
    held = (await shop.askToHold(request(seats[0], true), [...HOLD_ANSWERS, ...more])).claim;
  }
  await shortDelay(context);
  if (until !== undefined) await sleep(Math.max(0, Date.parse(until) - Date.now()));
  const isHeld = held !== null && msUntilEnd(held) > 0;
  if (until === undefined) await shop.endAllotment(allotment);
  journal.happened('an allotment ended');
  if (isHeld && msUntilEnd(held!) > 0)
    journal.happened('an allotment ended while a seat of it was held');
  if (random.chance(0.5)) await takeSeats(context, { seats: [seats[1]] }, event);
  if (held) await deliver(context, newPayment(context, held));
}

/** An operator changes a price, or pauses the sale: what is asked for afterwards is bound by it. */
async function editEvent(context: Context): Promise<void> {
  const { shop, catalogue } = context;
  const { random, journal } = shop.deps;
  const event = random.pick(catalogue.events());
  if (catalogue.beingEdited.has(event)) return;
  catalogue.beingEdited.add(event);
  try {
    const request = () => ({
      id: random.uuid(),
      lines: [oneOf(event, 'stalls')],
      buyer: { name: 'Early Bird', email: 'bird@example.org' },
      client: 'client' as const,
    });
    if (random.chance(0.5)) {
      const price = random.pick(PRICES);
      await shop.editEvent(event, { categories: categoriesAt(price) });
      journal.happened('a price edited');
      const claim = await shop.hold(request());
      if (claim && claim.total.amount !== price + FEE)
        journal.violation('a price binds what begins after it', claim.id, `${price} was edited`);
      return;
    }
    await shop.editEvent(event, { salesPaused: true });
    const { code, claim } = await shop.askToHold(request());
    if (claim) journal.violation('a paused sale sells nothing', claim.id, event);
    if (code === 'sale_paused') journal.happened('a sale paused');
    await sleep(PAUSED_MS);
    await shop.editEvent(event, { salesPaused: false });
  } finally {
    catalogue.beingEdited.delete(event);
  }
}

/** By ticket, minor units. */
export const FEE = 150;
/** The categories of the events. @param stalls the price of a seat in the stalls, minor units */
export const categoriesAt = (stalls: number) => [
  { code: 'stalls', name: 'Stalls', price: stalls, prices: { child: stalls - 2000 } },
  { code: 'floor', name: 'Floor', price: 2000 },
];

/** The scenarios of orders, changes, allotments and edits, with their weights. */
export const SALE_SCENARIOS: readonly (readonly [weight: number, scenario: Scenario])[] = [
  [6, buySeveralEvents],
  [4, useCode],
  [6, changeWhileHeld],
  [9, changeSale],
  [5, payQuoteLate],
  [3, payQuoteWrongly],
  [3, withdrawQuote],
  [3, cancelQuoted],
  [3, enterQuoted],
  [5, allot],
  [3, editEvent],
];

/** In which scenario each kind happens; the readers of the feed read by themselves. */
export const SALE_SCENARIO_OF: Partial<Record<(typeof SALE_KINDS)[number], Scenario>> = {
  'an order over several events': buySeveralEvents,
  'a hold with a code of limited uses': useCode,
  'a code that was used up': useCode,
  'a change while held': changeWhileHeld,
  'a change applied': changeSale,
  'a change paid by a client': changeSale,
  'a refund in part by a change': changeSale,
  'a refund that the terms keep a part of': changeSale,
  'a quote paid late': payQuoteLate,
  'a quote paid too little': payQuoteWrongly,
  'a quote withdrawn': withdrawQuote,
  'a quote ended by a cancel': cancelQuoted,
  'a quote ended by a check-in': enterQuoted,
  'an allotment ended': allot,
  'an allotment ended while a seat of it was held': allot,
  'a price edited': editEvent,
  'a sale paused': editEvent,
};
