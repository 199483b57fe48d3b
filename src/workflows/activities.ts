import {
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import type {
  DocumentActivities,
  MailActivities,
  RefundActivities,
  ReservationActivities,
  WebhookActivities,
} from '../activities';
import {
  SUMMARY_BYTES,
  TASK_QUEUES,
  type KeptMessage,
  type Progress,
  type ReservationInput,
  type SignalledMessage,
  type StartedByRelay,
} from '../contracts/reservation';
import { clipToBytes } from '../domain/clip';
import { formatMoney } from '../domain/currency';

/**
 * A transaction. It is retried until the database is available again, so nothing that was promised
 * is lost.
 */
const transaction: ActivityOptions = {
  taskQueue: TASK_QUEUES.reservations,
  startToCloseTimeout: '20 seconds',
  retry: {
    initialInterval: '200 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '10 seconds',
  },
};

/**
 * The same transaction inside the workflow task, which spares Temporal the task of an activity and a workflow task
 * after it. One short try: a longer one would have to keep the workflow task alive.
 */
const shortTry = proxyLocalActivities<ReservationActivities>({
  scheduleToCloseTimeout: '2 seconds',
  retry: { maximumAttempts: 1 },
});
const lasting = proxyActivities<ReservationActivities>(transaction);

/** A summary as Temporal takes it. Summaries are no steps: a replay does not compare them. */
const says = (text: string) => ({ summary: clipToBytes(text, SUMMARY_BYTES) });

/** The steps of one reservation's life; each resolves with how the reservation stands then. */
export interface Steps {
  /** Whether a step is tried inside the workflow task first. Workflows of older releases did not. */
  triesShort(): boolean;
  /** Adopts the hold of the API; of a reservation that was started by hand, takes the seats. */
  adoptHold(input: ReservationInput): ReturnType<ReservationActivities['holdSeats']>;
  /** Gives the seats back if the hold is over. */
  endHold(): Promise<Progress>;
  /** Settles the inbox. @param news its messages in words, as the rings named them; may be empty */
  handleNews(news: readonly string[]): Promise<Progress>;
}

/**
 * The steps of a reservation, for one workflow.
 * @param id of the reservation
 * @param input of the workflow; by hand it may have been started with none
 */
export function stepsOf(id: string, input: StartedByRelay | undefined): Steps {
  const triesShort = () => input?.shortTries === true || patched('short-tries');
  /** A short try, and after a failure the activity that is retried until it succeeds. */
  const step = async <Result>(
    run: (activities: typeof shortTry | typeof lasting) => Promise<Result>,
  ): Promise<Result> => {
    if (triesShort()) {
      try {
        return await run(shortTry);
      } catch (error) {
        if (isCancellation(error)) throw error;
      }
    }
    return run(lasting);
  };
  return {
    triesShort,
    adoptHold: (hold) =>
      step(({ holdSeats }) =>
        holdSeats.executeWithOptions(says('Adopt the hold, or take the seats'), [id, hold]),
      ),
    endHold: () =>
      step(({ releaseSeats }) =>
        releaseSeats.executeWithOptions(says('Give the seats back if the hold is over'), [id]),
      ),
    handleNews: (news) =>
      step(({ settleInbox }) =>
        settleInbox.executeWithOptions(
          says(news.length > 0 ? `Handle: ${news.join('; ')}` : 'Look into the inbox'),
          [id],
        ),
      ),
  };
}

export const { lookAtChange } = proxyActivities<ReservationActivities>({
  ...transaction,
  summary: 'See where the change stands, end its quote in time',
});
/** How many messages are kept by one activity. */
const KEPT_TOGETHER = 100;
const { keepSignalled, keepSignalledPayment, keepSignalledCancel } = lasting;

const inWords = (message: SignalledMessage): string =>
  message.kind === 'payment'
    ? `Keep payment ${message.payment.reference}, ${formatMoney(message.payment)}, by hand`
    : 'Keep the cancel by hand';

/** One activity for each message, as workflows did that began before. */
async function keepOne(id: string, message: SignalledMessage): Promise<KeptMessage> {
  const options = says(inWords(message));
  const kept =
    message.kind === 'payment'
      ? await keepSignalledPayment.executeWithOptions(options, [id, message.payment])
      : await keepSignalledCancel.executeWithOptions(options, [id]);
  // Workers of release 1.0 return the kind alone.
  return typeof kept === 'string' ? { kind: kept } : kept;
}

/**
 * Writes messages that an operator signalled into the inbox, in their order.
 * @returns what became of each
 */
export async function keepMessages(
  id: string,
  messages: readonly SignalledMessage[],
): Promise<KeptMessage[]> {
  const kept: KeptMessage[] = [];
  const together = messages.length > 0 && patched('messages-kept-together');
  while (kept.length < messages.length) {
    const next = messages.slice(kept.length, kept.length + KEPT_TOGETHER);
    const [first] = next;
    if (!together) kept.push(await keepOne(id, first!));
    else {
      const words = `${inWords(first!)}${next.length > 1 ? ` and ${next.length - 1} more` : ''}`;
      kept.push(...(await keepSignalled.executeWithOptions(says(words), [id, next])));
    }
  }
  return kept;
}

/** Batch follows batch, so these take as long as there is work; each batch is a heartbeat. */
const housekeeping: ActivityOptions = {
  ...transaction,
  startToCloseTimeout: '4 minutes',
  heartbeatTimeout: '30 seconds',
};
export const { sweepOverdue } = proxyActivities<ReservationActivities>({
  ...housekeeping,
  summary: 'Move on what is overdue',
});
export const { restartLostActors } = proxyActivities<ReservationActivities>({
  ...housekeeping,
  summary: 'Give lost holds their actors back',
});

export const { carryOutRefund, refundPayment } = proxyActivities<RefundActivities>({
  taskQueue: TASK_QUEUES.refunds,
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
  summary: 'Give the money back, once',
});

const { renderTickets } = proxyActivities<DocumentActivities>({
  taskQueue: TASK_QUEUES.documents,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

/** @param tickets how many, in words */
export const printTickets = (id: string, tickets: string) =>
  renderTickets.executeWithOptions(says(`Print ${tickets}`), [id]);

const { sendMail, sendOwedMail } = proxyActivities<MailActivities>({
  taskQueue: TASK_QUEUES.mail,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

export const { deliverWebhooks } = proxyActivities<WebhookActivities>({
  taskQueue: TASK_QUEUES.webhooks,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Send what is due',
});

/** @param what the mail has or says */
export const mailBuyer = (occasion: Parameters<typeof sendMail>[0], what: string) =>
  sendMail.executeWithOptions(says(`Mail ${what} to the buyer`), [occasion]);
export const mailOwed = (mailId: string) =>
  sendOwedMail.executeWithOptions(says(`Send mail ${mailId} to the buyer`), [mailId]);
