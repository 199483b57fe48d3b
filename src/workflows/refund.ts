import {
  condition,
  continueAsNew,
  defineSignal,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  SIGNALS,
  type RefundInput,
  type RefundOrderInput,
  type RefundProgress,
} from '../contracts/reservation';
import { formatMoney } from '../domain/currency';
import { inputOf } from './by-hand';
import { carryOutRefund, refundPayment, sendMail } from './activities';

const ringSignal = defineSignal(SIGNALS.ring);

/** How soon a provider that refused is asked again. */
const ASK_AGAIN = '15 minutes';
/** How soon a provider that has taken the refund is asked what became of it: its event may be lost. */
const LOOK_AGAIN = '1 hour';

function detailsOf({ payment, reservation, amount, status, by, reason, error }: RefundProgress) {
  return [
    `**${status}**${error === null ? '' : `: ${error}`}`,
    `${formatMoney(amount)} of payment ${payment} · reservation ${reservation}`,
    `reason: ${reason} · given back by: ${by}`,
  ].join('  \n');
}

/** One refund, until the provider says that it is done or failed. A ring makes it look again. */
export async function refundOrder(given: RefundOrderInput): Promise<string> {
  const input = inputOf(given, { refundId: 'text' });
  let rung = false;
  setHandler(ringSignal, () => void (rung = true));
  for (;;) {
    const progress = await carryOutRefund(input.refundId);
    if (progress === null) return 'unknown';
    setCurrentDetails(detailsOf(progress));
    if (progress.status !== 'pending') return progress.status;
    // Whoever took the money gives it back, and says so: nothing is left to do here.
    if (progress.by === 'client') return 'by_client';
    await condition(() => rung, progress.error === null ? LOOK_AGAIN : ASK_AGAIN);
    rung = false;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof refundOrder>(input);
  }
}

/** As release 1.0 starts it: gives a payment back, and tells the buyer where that is owed. */
export async function refund(input: RefundInput): Promise<string> {
  const { reference } = inputOf(input, { reference: 'text' });
  const { mailDueTo } = await refundPayment(reference);
  if (mailDueTo === null) return 'refunded';
  return sendMail({
    reservationId: mailDueTo,
    kind: 'late_payment_refund',
    sequence: 0,
    reference,
  });
}
