import { createHash } from 'node:crypto';
import { z } from 'zod';
import { amountForm, currencyForm, isAfterPayment, storedText } from './event-forms';
import { IGNORED, type Notice } from './notice';

export const STANDARD_TYPES = ['payment.succeeded', 'payment.pending', 'payment.failed'] as const;

export const standardPayment = z.object({
  reservation: storedText(500),
  reference: storedText(255),
  amount: amountForm,
  currency: currencyForm,
  /** The change of the reservation that it is for. */
  change: storedText(100).nullish(),
});

const eventForm = z.object({ type: storedText(255), data: z.unknown() });
const namesReservation = z.object({
  reservation: storedText(500),
  reference: storedText(255).optional().catch(undefined),
});

/** A note about the reservation that an event names; if it names none, the event is ignored. */
function notUnderstood(type: string, data: unknown, why: string): Notice {
  const named = namesReservation.safeParse(data);
  if (!named.success) return IGNORED;
  const { reservation: reservationId, reference } = named.data;
  const references = reference === undefined ? [] : [reference];
  const afterPayment = isAfterPayment(type);
  return { kind: 'not_understood', reservationId, references, afterPayment, type, why };
}

/**
 * What an event of the Standard Webhooks form means for us.
 * @param value the body of a request whose signature is valid, whatever it is
 * @param messageId its `webhook-id` header
 */
export function readStandardEvent(value: unknown, messageId: string): Notice {
  const event = eventForm.safeParse(value);
  if (!event.success) return IGNORED;
  const { type, data } = event.data;
  const kind = STANDARD_TYPES.find((handled) => handled === type);
  if (kind === undefined) return notUnderstood(type, data, 'a type that we do not handle');
  const read = standardPayment.safeParse(data);
  if (!read.success) {
    const fields = new Set(read.error.issues.map(({ path }) => path.join('.')));
    return notUnderstood(
      type,
      data,
      `what a payment needs cannot be read: ${[...fields].join(', ')}`,
    );
  }
  const { reservation: reservationId, change: changeId, ...payment } = read.data;
  if (kind === 'payment.succeeded')
    return { kind: 'paid', payment: { ...payment, reservationId, changeId } };
  // The sender chooses the id, so it is hashed to a form and length that can be kept.
  const eventKey = `standard:${createHash('sha256').update(messageId).digest('hex')}`;
  return {
    kind: kind === 'payment.failed' ? 'failed' : 'pending',
    reservationId,
    reference: payment.reference,
    eventKey,
  };
}
