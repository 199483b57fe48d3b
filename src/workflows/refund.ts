import {
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  isCancellation,
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
import { carryOutRefund, mailBuyer, refundPayment } from './activities';
import { beginStory, tellUnknownSignals, type Story } from './story';

const ringSignal = defineSignal(SIGNALS.ring);

/** How soon a provider that refused is asked again. */
const ASK_AGAIN = '15 minutes';
/** How soon a provider that has taken the refund is asked what became of it: its event may be lost. */
const LOOK_AGAIN = '1 hour';

function headOf({ payment, reservation, amount, status, by, reason, error }: RefundProgress) {
  return [
    `**${status}**${error === null ? '' : `: ${error}`}`,
    `${formatMoney(amount)} of payment ${payment} · reservation ${reservation}`,
    `reason: ${reason} · given back by: ${by}`,
  ];
}

/** The answer of the provider as a line; it is told when it is another than before. */
const answerOf = ({ by, status, error }: RefundProgress): string =>
  `${by}: ${status}${error === null ? '' : ` (${error})`}`;

/**
 * One refund, until the provider says that it is done or failed. A ring makes it look again. Cancelling the workflow
 * has no effect, and says so: the money is owed.
 */
export async function refundOrder(given: RefundOrderInput): Promise<string> {
  const input = inputOf(given, { refundId: 'text' });
  const story = beginStory();
  let rung = false;
  setHandler(ringSignal, () => void (rung = true), {
    description: 'Ask the provider again now. Harmless at any time; takes nothing.',
  });
  tellUnknownSignals([SIGNALS.ring], story);
  void CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (isCancellation(error))
      story.note('no effect of the cancel: what is owed goes back, or fails at the provider');
  });
  return CancellationScope.nonCancellable(() =>
    untilGivenBack(input, story, {
      isRung: () => rung,
      reset: () => (rung = false),
    }),
  );
}

async function untilGivenBack(
  input: RefundOrderInput,
  story: Story,
  ring: { isRung: () => boolean; reset: () => void },
): Promise<string> {
  let answer = '';
  for (;;) {
    const progress = await carryOutRefund(input.refundId);
    if (progress === null) return 'unknown';
    story.show(headOf(progress));
    const now = answerOf(progress);
    if (now !== answer) story.note(now);
    answer = now;
    if (progress.status !== 'pending') return progress.status;
    // Whoever took the money gives it back, and says so: nothing is left to do here.
    if (progress.by === 'client') return 'by_client';
    await condition(ring.isRung, progress.error === null ? LOOK_AGAIN : ASK_AGAIN, {
      summary: progress.error === null ? 'ask what became of it' : 'ask the provider again',
    });
    ring.reset();
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof refundOrder>(input);
  }
}

/** As release 1.0 starts it: gives a payment back, and tells the buyer where that is owed. */
export async function refund(input: RefundInput): Promise<string> {
  const { reference } = inputOf(input, { reference: 'text' });
  const { mailDueTo } = await refundPayment(reference);
  if (mailDueTo === null) return 'refunded';
  return mailBuyer(
    { reservationId: mailDueTo, kind: 'late_payment_refund', sequence: 0, reference },
    'the refund of a late payment',
  );
}
