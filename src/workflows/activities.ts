import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { DocumentActivities, MailActivities, ReservationActivities } from '../activities';
import { TASK_QUEUES } from '../contracts/reservation';

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

const summarised = (summary: string) =>
  proxyActivities<ReservationActivities>({ ...transaction, summary });

export const { holdSeats } = summarised('Adopt the hold, or take the seats');
export const { settleInbox } = summarised('Handle what came: payments, cancels');
export const { releaseSeats } = summarised('Give the seats back if the hold is over');
export const { lookAtChange } = summarised('See where the change stands, end its quote in time');
export const { keepSignalledPayment } = summarised("Keep the operator's payment");
export const { keepSignalledCancel } = summarised("Keep the operator's cancel");

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

export const { carryOutRefund, refundPayment } = proxyActivities<ReservationActivities>({
  taskQueue: TASK_QUEUES.reservations,
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
  summary: 'Give the money back, once',
});

export const { renderTickets } = proxyActivities<DocumentActivities>({
  taskQueue: TASK_QUEUES.documents,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Print the tickets',
});

export const { sendMail, sendOwedMail } = proxyActivities<MailActivities>({
  taskQueue: TASK_QUEUES.mail,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Write to the buyer',
});
