import type { RefundInput } from '../contracts/reservation';
import { refundPayment, sendMail } from './activities';

/** Refunds one payment, once, and mails the buyer if the refund requires it. */
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
