import type { SendMailOptions } from 'nodemailer';
import { oneLine } from '../documents/format';
import { formatMoney } from '../domain/currency';
import type { Money } from '../domain/money';
import { writeLetter } from './letter';
import { eventFacts, headerText, namesOf } from './mail-html';
import type { MailedEvent, Recipient } from './mail-html';

export interface RefundMail {
  reservationId: string;
  to: Recipient;
  events: MailedEvent[];
  messageId: string;
  /** What goes back of which payment, in minor units, and why: a reason of `RefundReason`, `operator` or `provider`. */
  refund: Money & { reference: string; reason: string };
}

/** Why the money goes back, to the buyer, by reason. */
const WHY: Record<string, (amount: string, event: string) => string> = {
  expired: (amount, event) =>
    `Your payment of ${amount} for ${event} reached us after the time for which your seats were held. By then somebody else had taken them, so we could not give you tickets.`,
  event_started: (amount, event) =>
    `Your payment of ${amount} for ${event} reached us after the event had begun, so we could not give you tickets.`,
  mismatch: (amount, event) =>
    `Your payment of ${amount} for ${event} is not what your reservation costs, so it could not pay for it.`,
  duplicate: (amount, event) =>
    `Your reservation for ${event} was paid already when a further payment of ${amount} reached us. Your tickets stay as they are.`,
  cancelled: (_amount, event) => `Your reservation for ${event} was cancelled.`,
};

/** Tells a buyer that money is on its way back, and why. */
export function refundMail({
  reservationId,
  to,
  events,
  messageId,
  refund,
}: RefundMail): SendMailOptions {
  const name = namesOf(events);
  const amount = formatMoney(refund);
  const why = WHY[refund.reason]?.(amount, name);
  const gone = refund.reason === 'expired' || refund.reason === 'event_started';
  const opening = [
    why ?? `A refund of ${amount} for ${name} was made.`,
    `We have sent ${amount} on its way back, to where it came from. Depending on your bank it takes some days to arrive. You need not do anything.`,
    ...(gone
      ? ['We are sorry. If there are other seats left, you are welcome to choose again.']
      : []),
  ];
  const facts: [string, string][] = [
    ...events.flatMap((event) => eventFacts(event, true)),
    ['Amount', amount],
    ['Payment', oneLine(refund.reference)],
    ['Reservation', reservationId],
  ];
  return writeLetter({
    to,
    messageId,
    subject: `Your refund of ${amount}: ${headerText(name)}`,
    title: 'Your money is on its way back',
    kicker: 'REFUND',
    preview: `${amount} for ${name}.`,
    opening,
    facts,
  });
}
