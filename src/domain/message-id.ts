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

export const cancelMessageId = (reservationId: string) =>
  `<cancelled.${digest(reservationId)}${ANY_DOMAIN}`;

/** @param notice the number of the notice: each is another mail */
export const changedMessageId = (reservationId: string, notice: number) =>
  `<changed.${digest(reservationId)}.${notice}${ANY_DOMAIN}`;

/**
 * The id as it is sent: mail systems trust an id of the sender's own domain.
 * @param domain in ASCII
 */
export const messageIdOf = (fixed: string, domain: string) =>
  fixed.replace(ANY_DOMAIN, `@${domain}>`);
