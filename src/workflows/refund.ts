import type { RefundInput } from '../contracts/reservation';
import { refundPayment, sendMail } from './activities';

/** Gives one payment back, once, and tells the buyer where that is owed. */
export async function refund({ reference }: RefundInput): Promise<string> {
  const { mailDueTo } = await refundPayment(reference);
  if (mailDueTo === null) return 'refunded';
  return sendMail({
    reservationId: mailDueTo,
    kind: 'late_payment_refund',
    sequence: 0,
    reference,
  });
}
