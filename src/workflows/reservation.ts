import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  Progress,
  ReservationInput,
  ReservationRef,
  ReservationState,
} from '../contracts/reservation';
import {
  holdSeats,
  keepSignalledCancel,
  keepSignalledPayment,
  releaseSeats,
  settleInbox,
} from './activities';
import { inputOf } from './by-hand';
import { startDelivery, type Delivery } from './delivery';
import { openMailbox, type Mailbox } from './mailbox';
import { createOperatorView, type OperatorView } from './operator-view';

/**
 * How soon the workflow of a paid reservation reads its inbox again, in case the signal was lost.
 */
const PAID_LOOK_AGAIN_MS = 30_000;

/**
 * One reservation, from its hold to its end: the actor that owns one buyer's claim on some seats.
 * Its id is the client's idempotency key. It waits for signals and for its timer; activities do the
 * work, and the database decides.
 */
export async function reservation(input: ReservationInput): Promise<ReservationState> {
  const view = createOperatorView();
  const mailbox = openMailbox((why) => view.note(`refused a signal: ${why}`));
  const id = workflowInfo().workflowId;

  return unlessCancelled(mailbox, async () => {
    const hold = await holdSeats(id, input);
    if ('refused' in hold)
      throw ApplicationFailure.nonRetryable(`Nothing was held: ${hold.refused}`, 'SeatsRefused');
    view.publish(hold, 'seats held');

    // This includes a reservation that ended long ago and is started again only to handle its
    // inbox.
    const first = hold.inboxWaiting ? await handleInbox(id, mailbox, view) : hold;
    view.publish(first);
    const settled = await untilHoldEnds(id, first, mailbox, view);
    return untilDelivered(id, settled, mailbox, view);
  });
}

/**
 * Handles what arrives for a reservation whose workflow has closed: a late payment, the
 * cancellation of a sale, an unfinished delivery.
 */
export async function settlement(input: ReservationRef): Promise<ReservationState> {
  const { reservationId } = inputOf(input, { reservationId: 'text' });
  const view = createOperatorView();
  const mailbox = openMailbox((why) => view.note(`refused a signal: ${why}`));

  return unlessCancelled(mailbox, async () => {
    const settled = await handleInbox(reservationId, mailbox, view);
    view.publish(settled);
    const ended = await untilHoldEnds(reservationId, settled, mailbox, view);
    return untilDelivered(reservationId, ended, mailbox, view);
  });
}

/**
 * Waits for a payment, a cancellation or the end of the hold. The database says which one came
 * first.
 */
async function untilHoldEnds(
  id: string,
  hold: Progress,
  mailbox: Mailbox,
  view: OperatorView,
): Promise<Progress> {
  let progress = hold;
  while (progress.state.status === 'held') {
    if (!progress.inboxWaiting) {
      const waitMs = progress.paid ? PAID_LOOK_AGAIN_MS : Math.max(1, progress.holdEndsInMs);
      await condition(() => mailbox.hasMessages(), waitMs, { summary: view.waitingFor(progress) });
    }
    const look = mailbox.hasMessages() || progress.inboxWaiting || progress.paid;
    progress = look ? await handleInbox(id, mailbox, view) : await releaseSeats(id);
    view.publish(progress);
  }
  // The hold has ended by now, but no row says so: the timer and the database's clock may differ
  // slightly.
  return progress.state.status === 'expired' ? releaseSeats(id) : progress;
}

/**
 * Delivers the tickets of a confirmed reservation. Signals are still received, because the
 * reservation may be cancelled meanwhile.
 */
async function untilDelivered(
  id: string,
  settled: Progress,
  mailbox: Mailbox,
  view: OperatorView,
): Promise<ReservationState> {
  let progress = settled;
  let delivery: Delivery | null = null;
  let delivered = progress.state.revision;
  for (;;) {
    // What was printed before a change is not sent any more.
    if (
      delivery &&
      delivered !== progress.state.revision &&
      progress.state.status === 'confirmed'
    ) {
      delivery.cancel();
      delivery = null;
    }
    delivered = progress.state.revision;
    // This includes a delivery for a payment that arrived while the end of the hold was being
    // written.
    if (progress.deliveryDue) delivery ??= startDelivery(id, (line) => view.note(line));
    await condition(() => mailbox.hasMessages() || !delivery || delivery.ended());
    if (mailbox.hasMessages()) {
      progress = await handleInbox(id, mailbox, view);
      view.publish(progress);
      if (progress.state.status !== 'confirmed') delivery?.cancel();
    } else {
      return progress.state;
    }
  }
}

/** Writes an operator's signals into the inbox, then handles the inbox. */
async function handleInbox(id: string, mailbox: Mailbox, view: OperatorView): Promise<Progress> {
  for (const message of mailbox.take()) {
    if (message.kind === 'payment') {
      const { reference } = message.payment;
      const kept = await keepSignalledPayment(id, message.payment);
      if (kept === 'mismatch')
        view.note(`no effect: reference ${reference} belongs to another reservation`);
      if (kept === 'known')
        view.note(
          `no effect: payment ${reference} is known already; another payment needs a reference of its own`,
        );
    } else {
      const kept = await keepSignalledCancel(id);
      if (kept === 'already_checked_in')
        view.note('no effect: somebody has come in with one of its tickets');
      else if (kept !== 'recorded') view.note(`no effect of a cancel: the reservation is ${kept}`);
    }
  }
  return settleInbox(id);
}

/**
 * Cancelling the workflow in Temporal has the same effect as the signal `cancel`: the seats are
 * released or the sale is undone, and the workflow completes. No step is interrupted.
 */
async function unlessCancelled<T>(mailbox: Mailbox, life: () => Promise<T>): Promise<T> {
  const asked = CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (isCancellation(error)) mailbox.put({ kind: 'cancel' });
  });
  void asked;
  return CancellationScope.nonCancellable(life);
}
