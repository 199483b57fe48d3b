import { createHash } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);

/**
 * The Message-ID is fixed before the first attempt, so a mail that is repeated after a crash counts
 * as the same mail for every mail system that compares Message-IDs. `sequence`: 0 for the first
 * mail; each resend adds one.
 */
export const ticketsMessageId = (reservationId: string, sequence: number) =>
  `<tickets.${digest(reservationId)}.${sequence}@holdfast.invalid>`;

export const lateRefundMessageId = (reference: string) =>
  `<refund.${digest(reference)}@holdfast.invalid>`;
