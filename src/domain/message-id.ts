import { createHash } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Stands for the sender's domain in an id that is fixed before the sender is known. */
const ANY_DOMAIN = '@holdfast.invalid>';

/**
 * The Message-ID is fixed before the first attempt, so a mail that is repeated after a crash counts
 * as the same mail for every mail system that compares Message-IDs. It follows from what the mail
 * carries: with new tickets it is another mail.
 * @param sequence 0 for the first mail; each resend adds one
 * @param codes the codes of the tickets in the mail, in any order
 */
export const ticketsMessageId = (
  reservationId: string,
  sequence: number,
  codes: readonly string[],
) =>
  `<tickets.${digest(JSON.stringify([reservationId, ...[...codes].sort()]))}.${sequence}${ANY_DOMAIN}`;

/** @param cancelledAt when: after a restore a reservation may be sold and cancelled once more */
export const cancelMessageId = (reservationId: string, cancelledAt: string) =>
  `<cancelled.${digest(JSON.stringify([reservationId, cancelledAt]))}${ANY_DOMAIN}`;

/** @param notice each is another mail; after a restore its number may be given again, its time is not */
export const changedMessageId = (
  reservationId: string,
  { id, createdAt }: { id: number; createdAt: string },
) => `<changed.${digest(JSON.stringify([reservationId, createdAt]))}.${id}${ANY_DOMAIN}`;

/**
 * The id as it is sent: mail systems trust an id of the sender's own domain.
 * @param domain in ASCII
 */
export const messageIdOf = (fixed: string, domain: string) =>
  fixed.replace(ANY_DOMAIN, `@${domain}>`);
