import { createHash } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);

/**
 * Message-IDs are fixed before the first try, so that a mail repeated after a crash is the same mail to every mail
 * system that compares them. `sequence`: 0 the first sending, one up for each resend asked for.
 */
export const ticketsMessageId = (reservationId: string, sequence: number) =>
  `<tickets.${digest(reservationId)}.${sequence}@holdfast.invalid>`;

export const cancelMessageId = (reservationId: string) =>
  `<cancelled.${digest(reservationId)}@holdfast.invalid>`;
