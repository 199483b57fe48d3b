import { activityInfo, ApplicationFailure, heartbeat, log } from '@temporalio/activity';
import type { Database } from '../db/database';
import {
  findMail,
  findMailById,
  finishMail,
  markAttempted,
  noteMailError,
  REPLACED_MAIL,
  type MailJob,
} from '../db/mails';
import { readDocument, readTicketContent } from '../db/tickets';
import { messageIdOf } from '../domain/message-id';
import { observeTickets } from '../outcome-metrics';
import { faultPoint } from '../fault-points';
import { MailNotTaken, MailRefused, type Mailer } from '../mail/mailer';
import { cancelledMail } from '../mail/cancelled-mail';
import { changedMail } from '../mail/changed-mail';
import { refundMail } from '../mail/refund-mail';
import { ticketsMail } from '../mail/ticket-mail';

const HEARTBEAT_MS = 3000;

/**
 * The longest pause after a refusal by the mail server. When the server cannot be reached,
 * Temporal's retry policy applies instead.
 */
const MAX_RETRY_DELAY_MS = 900_000;

type Occasion = Parameters<typeof findMail>[1];
export type MailOutcome = 'sent' | 'refused' | 'not_owed';

/** The pause after this many attempts: 1 s, 2 s, 4 s and so on. */
export const retryDelayMs = (attempt: number): number =>
  Math.min(MAX_RETRY_DELAY_MS, 1000 * 2 ** (attempt - 1));

/** The error that makes Temporal retry the activity. */
function tryAgain({ message, answered }: MailNotTaken): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: 'MailNotTaken',
    ...(answered && { nextRetryDelay: retryDelayMs(activityInfo().attempt) }),
  });
}

const tell = ({ id, kind, reservationId }: MailJob, what: string): void => {
  log.info(what, { reservation: reservationId, mail: id, kind });
};

export const createMailActivities = ({ db, mailer }: { db: Database; mailer: Mailer }) => {
  /**
   * @returns the mail, null when it has nothing to say any more; and the revision of the reservation whose tickets it
   * has, null: it has none
   */
  async function compose(mail: MailJob & { to: NonNullable<MailJob['to']> }) {
    const { to, events, sequence, reservationId, refund, cancelled, changed } = mail;
    const messageId = messageIdOf(mail.messageId, mailer.domain);
    const told = { reservationId, to, events, messageId };
    if (refund) return { message: refundMail({ ...told, refund }), revision: null };
    const { firstEvent, eventsLeft } = mail;
    const order = {
      ...told,
      revision: mail.revision,
      firstEvent,
      eventsLeft,
      organizer: mailer.sender,
    };
    if (mail.kind === 'cancelled')
      return { message: cancelledMail({ ...order, refund: cancelled }), revision: null };
    if (changed) return { message: changedMail({ ...order, changed }), revision: null };
    const document = await readDocument(db, reservationId);
    const content = await readTicketContent(db, reservationId);
    // A mail is never sent without its tickets. The workflow prints first, so at worst this causes
    // a retry.
    if (!document?.pdf || (content && content.revision !== document.revision))
      throw ApplicationFailure.retryable(
        `The tickets of ${reservationId} are not printed yet`,
        'TicketsNotReady',
      );
    const tickets = content?.tickets ?? [];
    const { pdf, revision } = document;
    const message = ticketsMail({ ...order, sequence, pdf, tickets });
    return { message, revision };
  }

  async function send(mail: MailJob | null): Promise<MailOutcome> {
    if (!mail || mail.refused) return 'not_owed';
    if (mail.sent) return 'sent';
    const isForHolders = mail.kind === 'tickets' || mail.kind === 'event_changed';
    if (isForHolders && !mail.confirmed) return 'not_owed';
    const { reservationId } = mail;
    if (!mail.to) {
      // It is owed until there is a buyer; the one who names the buyer has it sent.
      if (!mail.erased) return 'not_owed';
      await finishMail(db, mail, reservationId, 'there is no address to write to', null);
      return 'refused';
    }
    const { message, revision } = await compose({ ...mail, to: mail.to });
    if (!message) {
      await finishMail(db, mail, reservationId, REPLACED_MAIL, null);
      return 'not_owed';
    }
    await markAttempted(db, mail.id);
    const beat = setInterval(heartbeat, HEARTBEAT_MS);
    try {
      await mailer.send(message);
      faultPoint('mail.sent');
    } catch (error) {
      if (error instanceof MailNotTaken) {
        await noteMailError(db, mail.id, error.reply);
        throw tryAgain(error);
      }
      if (!(error instanceof MailRefused)) throw error;
      const refusal = `the mail server refused it (${error.reply})`;
      const { owed } = await finishMail(db, mail, reservationId, refusal, revision);
      if (owed)
        throw ApplicationFailure.retryable('The buyer was corrected meanwhile', 'BuyerCorrected');
      tell(mail, 'a mail was refused for good');
      return 'refused';
    } finally {
      clearInterval(beat);
    }
    const { deliveredAfterSeconds } = await finishMail(db, mail, reservationId, null, revision);
    if (deliveredAfterSeconds !== null) observeTickets(deliveredAfterSeconds);
    tell(mail, 'a mail was sent');
    return 'sent';
  }

  return {
    /**
     * Sends one mail, at least once. If the process dies between the mail server's "250" and our
     * record of it, the mail is sent again with the same Message-ID, by which mail systems
     * recognise a duplicate. The address is read at each attempt, so a corrected address is used at
     * once.
     * @throws ApplicationFailure when the mail was not accepted for a reason other than the
     * address; it is retried
     */
    async sendMail(occasion: Occasion): Promise<MailOutcome> {
      return send(await findMail(db, occasion));
    },

    /** Sends a mail that is owed, by its number, as `sendMail` does. */
    async sendOwedMail(mailId: string): Promise<MailOutcome> {
      return send(await findMailById(db, mailId));
    },
  };
};
