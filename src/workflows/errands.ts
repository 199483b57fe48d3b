import type { RefundInput, ResendInput } from '../contracts/reservation';
import { refundPayment, renderTickets, restartLostActors, sendMail, sweepOverdue } from './activities';

/** Gives one payment back, once, and tells the buyer where that is owed. */
export async function refund({ reference }: RefundInput): Promise<string> {
  const { mailDueTo } = await refundPayment(reference);
  if (mailDueTo === null) return 'refunded';
  return sendMail({ reservationId: mailDueTo, kind: 'late_payment_refund', sequence: 0, reference });
}

/** Sends the tickets of a confirmed reservation once more. */
export async function resend({ reservationId, sequence }: ResendInput): Promise<string> {
  if ((await renderTickets(reservationId)) === 'not_confirmed') return 'not_confirmed';
  return sendMail({ reservationId, kind: 'tickets', sequence, reference: null });
}

/** Runs on a schedule: finds what should have moved by now, whatever was terminated, lost or restored meanwhile. */
export async function housekeeping(): Promise<{ swept: Awaited<ReturnType<typeof sweepOverdue>>; restarted: number }> {
  const swept = await sweepOverdue();
  return { swept, restarted: await restartLostActors() };
}
