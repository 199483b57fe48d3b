import { z } from 'zod';
import {
  amountForm as amount,
  currencyForm as currency,
  isAfterPayment,
  storedText,
} from './event-forms';
import type { Money } from '../domain/money';
import { IGNORED, type Notice } from './notice';
import type { PaymentSetup } from './setup';

import { fromStripe } from './stripe-amounts';
import { idsOf, named, readStripeRefund } from './stripe-refund';

const eventForm = z.object({
  id: storedText(255),
  type: storedText(255),
  livemode: z.boolean().optional(),
  account: storedText(255).nullish(),
  data: z.object({ object: z.looseObject({}) }),
});
type StripeEvent = z.output<typeof eventForm>;

const intentForm = z.object({
  id: storedText(255),
  amount: amount.optional(),
  amount_received: amount.optional(),
  currency,
});
const sessionForm = z.object({
  id: storedText(255),
  payment_status: z.string(),
  payment_intent: named,
  amount_total: amount.nullish(),
  currency: currency.nullish(),
});
const chargeForm = z.object({
  id: storedText(255),
  payment_intent: named,
  amount_refunded: amount,
  currency,
  refunds: z.object({ data: z.array(z.unknown()).max(100) }).nullish(),
});
const disputeForm = z.object({
  id: storedText(255),
  amount,
  currency,
  status: z.string(),
  charge: named,
  payment_intent: named,
});

/** They carry our metadata but change nothing: other events say whether the payment succeeds. */
const OF_NO_INTEREST = new Set([
  'payment_intent.created',
  'payment_intent.requires_action',
  'charge.updated',
  'checkout.session.expired',
]);

const MAX_DEPTH = 8;

/** What an object names in its `metadata`, in itself or in what it has expanded. */
function metadataIn(
  value: unknown,
  member: 'reservation_id' | 'change_id',
  depth = 0,
): string | null {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return null;
  const { metadata } = value as { metadata?: unknown };
  if (typeof metadata === 'object' && metadata !== null) {
    const read = storedText(500).safeParse((metadata as Record<string, unknown>)[member]);
    if (read.success) return read.data;
  }
  for (const part of Object.values(value)) {
    const found = metadataIn(part, member, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** The reservation that an object is for. */
const reservationIn = (value: unknown) => metadataIn(value, 'reservation_id');

/** The id by which the object's payment is known: its PaymentIntent, else its own. */
function referenceIn(object: Record<string, unknown>): string | null {
  const read = z
    .object({ id: storedText(255).optional(), payment_intent: named })
    .safeParse(object);
  if (!read.success) return null;
  return idsOf(read.data.payment_intent)[0] ?? read.data.id ?? null;
}

/** The ids by which the payment of an object may be known, the likeliest first. */
function referencesIn(object: Record<string, unknown>): string[] {
  const ids = [object.payment_intent, object.charge, object.id].flatMap((value) => {
    const read = named.safeParse(value);
    return read.success ? idsOf(read.data) : [];
  });
  return [...new Set(ids)];
}

/** Why the event is not of our account or mode, or null. */
function whyNotOurs(
  { livemode, account = null }: StripeEvent,
  setup: PaymentSetup,
): { expected: string; came: string } | null {
  const mode = (isLive: boolean) => `livemode ${isLive}`;
  if (livemode !== undefined && setup.liveMode !== null && livemode !== setup.liveMode)
    return { expected: mode(setup.liveMode), came: mode(livemode) };
  const of = (id: string | null) => (id === null ? 'our own account' : `account ${id}`);
  // Stripe names no account in the events of the endpoint's own.
  if (account !== null && account !== setup.account)
    return { expected: of(setup.account), came: of(account) };
  return null;
}

/**
 * What an event of Stripe means for us: money is known by what it is for, not by a list of names. A payment is known by
 * its PaymentIntent, so all events of one payment are one.
 * @param value the body of a request whose signature is valid, whatever it is
 */
export function readStripeEvent(value: unknown, setup: PaymentSetup): Notice {
  const form = eventForm.safeParse(value);
  // A thin event, which has no object, or no event at all.
  if (!form.success) return IGNORED;
  const event = form.data;
  const notice = readOurs(event);
  const why = whyNotOurs(event, setup);
  if (why === null || notice.kind === 'ignored') return notice;
  if (notice.kind === 'paid') return { kind: 'unmatched', payment: notice.payment, why };
  return namedIn(event, `expected ${why.expected}, came ${why.came}`);
}

/** A note about the reservation that an event names, or of whose payment it is; if there is none, the event is ignored. */
function namedIn({ type, data: { object } }: StripeEvent, why: string): Notice {
  const reservationId = reservationIn(object);
  const references = referencesIn(object);
  const afterPayment = isAfterPayment(type);
  return { kind: 'not_understood', reservationId, references, afterPayment, type, why };
}

function disputeStatusOf(status: string): 'open' | 'won' | 'lost' {
  if (status === 'lost') return 'lost';
  // An inquiry that was closed took nothing.
  return /^(won|warning_closed|prevented)$/.test(status) ? 'won' : 'open';
}

function readOurs(event: StripeEvent): Notice {
  const {
    id: eventId,
    type,
    data: { object },
  } = event;
  const reservationId = reservationIn(object);
  const reference = referenceIn(object);
  const notUnderstood = (why: string): Notice => namedIn(event, why);
  /** What an amount of Stripe means for us, in ISO's minor units. */
  const counted = (sum: number, inCurrency: string, meaning: (money: Money) => Notice): Notice => {
    const money = fromStripe(sum, inCurrency);
    return money === null
      ? notUnderstood(`${sum} is a fraction of what ${inCurrency} counts in`)
      : meaning(money);
  };

  const paid = (sum: number | null | undefined, inCurrency: string | null | undefined): Notice => {
    if (reservationId === null) return IGNORED;
    if (reference === null || sum == null || inCurrency == null)
      return notUnderstood('it names no amount');
    return counted(sum, inCurrency, (money) => ({
      kind: 'paid',
      payment: { reference, reservationId, ...money, changeId: metadataIn(object, 'change_id') },
    }));
  };
  const progress = (kind: 'failed' | 'pending'): Notice => {
    if (reservationId === null) return IGNORED;
    if (reference === null) return notUnderstood('it names no payment');
    return { kind, reservationId, reference, eventKey: `stripe:${eventId}` };
  };

  switch (type) {
    case 'payment_intent.succeeded': {
      const intent = intentForm.safeParse(object);
      if (!intent.success) return notUnderstood('it is no PaymentIntent');
      return paid(intent.data.amount_received ?? intent.data.amount, intent.data.currency);
    }
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded': {
      const session = sessionForm.safeParse(object);
      if (!session.success) return notUnderstood('it is no Checkout Session');
      const { payment_status: status, amount_total: total, currency: inCurrency } = session.data;
      if (status === 'paid') return paid(total, inCurrency);
      if (status === 'unpaid') return progress('pending');
      if (status !== 'no_payment_required')
        return notUnderstood('its payment_status is none that we know');
      if (reservationId === null) return IGNORED;
      return { kind: 'free', reservationId, reference: session.data.id, type };
    }
    case 'payment_intent.processing':
      return progress('pending');
    case 'payment_intent.payment_failed':
    case 'payment_intent.canceled':
    case 'checkout.session.async_payment_failed':
      return progress('failed');

    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed':
    case 'charge.refund.updated': {
      const refund = readStripeRefund(object);
      return refund
        ? { kind: 'refunds', refunds: [refund], total: null }
        : notUnderstood('it is no refund');
    }
    case 'charge.refunded': {
      const charge = chargeForm.safeParse(object);
      if (!charge.success) return notUnderstood('it is no charge');
      const {
        id,
        payment_intent: intent,
        amount_refunded: sum,
        currency: inCurrency,
      } = charge.data;
      const references = idsOf(intent, id);
      const refunds = (charge.data.refunds?.data ?? [])
        .map((refund) => readStripeRefund(refund, references))
        .filter((refund) => refund !== null);
      return counted(sum, inCurrency, (money) => ({
        kind: 'refunds',
        refunds,
        total: { references, ...money },
      }));
    }

    case 'charge.dispute.created':
    case 'charge.dispute.updated':
    case 'charge.dispute.closed':
    case 'charge.dispute.funds_withdrawn':
    case 'charge.dispute.funds_reinstated': {
      const dispute = disputeForm.safeParse(object);
      if (!dispute.success) return notUnderstood('it is no dispute');
      const { id, status, amount: sum, currency: inCurrency } = dispute.data;
      return counted(sum, inCurrency, (money) => ({
        kind: 'dispute',
        references: idsOf(dispute.data.payment_intent, dispute.data.charge),
        id,
        amount: money.amount,
        status: disputeStatusOf(status),
      }));
    }
    default:
      return OF_NO_INTEREST.has(type) ? IGNORED : notUnderstood('a type that we do not handle');
  }
}
