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
import { startDelivery, type Delivery } from './delivery';
import { openMailbox, type Mailbox } from './mailbox';
import { createOperatorView, type OperatorView } from './operator-view';

/** How soon a paid reservation looks again when its ring was lost. */
const PAID_LOOK_AGAIN_MS = 30_000;

/**
 * One reservation, from hold to the end: the actor behind one buyer's claim on some seats. Its id is the client's
 * idempotency key. It waits for what comes by its mailbox and for its own clock; activities do the rest, and the
 * database decides.
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

    // Also for one that has ended long ago and is only started again for what came since.
    const first = hold.inboxWaiting ? await handleInbox(id, mailbox, view) : hold;
    view.publish(first);
    const settled = await untilHoldEnds(id, first, mailbox, view);
    return untilDelivered(id, settled, mailbox, view);
  });
}

/** What comes for a reservation whose actor has closed: a late payment, a cancel of sold tickets, a delivery left undone. */
export async function settlement({ reservationId }: ReservationRef): Promise<ReservationState> {
  const view = createOperatorView();
  const mailbox = openMailbox((why) => view.note(`refused a signal: ${why}`));

  return unlessCancelled(mailbox, async () => {
    const settled = await handleInbox(reservationId, mailbox, view);
    view.publish(settled);
    const ended = await untilHoldEnds(reservationId, settled, mailbox, view);
    return untilDelivered(reservationId, ended, mailbox, view);
  });
}

/** Waits for a payment, a cancel or the end of the hold, whichever the database says came first. */
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
  // Reads as expired, but nobody has written so: the timer and the database's clock may differ by a moment.
  return progress.state.status === 'expired' ? releaseSeats(id) : progress;
}

/** Delivers the tickets of a confirmed reservation while its mailbox stays open: it may still be cancelled. */
async function untilDelivered(
  id: string,
  settled: Progress,
  mailbox: Mailbox,
  view: OperatorView,
): Promise<ReservationState> {
  let progress = settled;
  let delivery: Delivery | null = null;
  for (;;) {
    // Also one that a payment made due which came while the end was being written.
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

/** Puts what an operator said into the inbox, then has the inbox handled. */
async function handleInbox(id: string, mailbox: Mailbox, view: OperatorView): Promise<Progress> {
  for (const message of mailbox.take()) {
    if (message.kind === 'payment') {
      const { reference } = message.payment;
      const kept = await keepSignalledPayment(id, message.payment);
      if (kept === 'mismatch')
        view.note(`no effect: reference ${reference} belongs to another reservation`);
      if (kept === 'known') view.note(`payment ${reference} is known already`);
    } else {
      const kept = await keepSignalledCancel(id);
      if (kept === 'already_checked_in')
        view.note('no effect: somebody has come in with one of its tickets');
    }
  }
  return settleInbox(id);
}

/**
 * A workflow that is asked to cancel does what the `cancel` signal does: seats are released or the sale is undone, and
 * it ends by its own account. Nothing in it is torn off half-way.
 */
async function unlessCancelled<T>(mailbox: Mailbox, life: () => Promise<T>): Promise<T> {
  const asked = CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (isCancellation(error)) mailbox.put({ kind: 'cancel' });
  });
  void asked;
  return CancellationScope.nonCancellable(life);
}
