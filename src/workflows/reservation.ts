import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import {
  SIGNALS,
  type KeptMessage,
  type Progress,
  type ReservationInput,
  type ReservationRef,
  type ReservationState,
  type SettlementInput,
  type SignalledMessage,
  type StartedByRelay,
} from '../contracts/reservation';
import { keepMessages, stepsOf, type Steps } from './activities';
import { inputOf } from './by-hand';
import { startDelivery, type Delivery } from './delivery';
import { openMailbox, type Mailbox } from './mailbox';
import { createOperatorView, type OperatorView } from './operator-view';
import { tellUnknownSignals } from './story';

/**
 * How soon the workflow of a paid reservation reads its inbox again, in case the signal was lost.
 */
const PAID_LOOK_AGAIN_MS = 30_000;
/** How long a workflow waits for the ring of a message that came before it began. The ring says what the message is. */
const RING_WITHIN_MS = 2000;

/** What one workflow works with. */
interface Actor {
  /** Of the reservation. */
  id: string;
  steps: Steps;
  mailbox: Mailbox;
  view: OperatorView;
}

/**
 * One reservation, from its hold to its end: the actor that owns one buyer's claim on some seats.
 * Its id is the client's idempotency key. It waits for signals and for its timer; activities do the
 * work, and the database decides.
 */
export async function reservation(input: ReservationInput): Promise<ReservationState> {
  const actor = createActor(workflowInfo().workflowId, input);
  const { steps, mailbox, view } = actor;

  return unlessCancelled(mailbox, async () => {
    const hold = await steps.adoptHold(input);
    if ('refused' in hold)
      throw ApplicationFailure.nonRetryable(`Nothing was held: ${hold.refused}`, 'SeatsRefused');
    view.publish(hold, 'seats held');

    if (hold.inboxWaiting && steps.triesShort())
      await condition(() => mailbox.hasMessages(), RING_WITHIN_MS, { summary: 'its ring' });
    // This includes a reservation that ended long ago and is started again only to handle its
    // inbox.
    const first = hold.inboxWaiting ? await handleInbox(actor) : hold;
    view.publish(first);
    const again = () => continueAsNew<typeof reservation>(input);
    return untilDelivered(actor, await untilHoldEnds(actor, first, again));
  });
}

/**
 * Handles what arrives for a reservation whose workflow has closed: a late payment, the
 * cancellation of a sale, an unfinished delivery.
 */
export async function settlement(input: SettlementInput): Promise<ReservationState> {
  const { reservationId } = inputOf<ReservationRef>(input, { reservationId: 'text' });
  const actor = createActor(reservationId, input);

  return unlessCancelled(actor.mailbox, async () => {
    const settled = await handleInbox(actor);
    actor.view.publish(settled);
    const again = () => continueAsNew<typeof settlement>(input);
    return untilDelivered(actor, await untilHoldEnds(actor, settled, again));
  });
}

/** Sets the handlers of signals and queries. @param input of the workflow */
function createActor(id: string, input: StartedByRelay | undefined): Actor {
  const view = createOperatorView();
  const mailbox = openMailbox((why) => view.note(`no effect: ${why}`));
  tellUnknownSignals(Object.values(SIGNALS), view);
  return { id, steps: stepsOf(id, input), mailbox, view };
}

/**
 * How long to wait for the end of a hold. By the time that the label names, so that no lag between the activity and
 * the timer adds to it; but never longer than the database said. Temporal's clock may be ahead of the database's:
 * after a timer that fired too early, only the database counts.
 */
function untilEndMs({ holdEndsInMs, state }: Progress, firedEarlyFor: string | null): number {
  if (firedEarlyFor === state.expiresAt) return Math.max(1, holdEndsInMs);
  return Math.max(1, Math.min(holdEndsInMs, Date.parse(state.expiresAt) - Date.now()));
}

/**
 * Waits for a payment, a cancellation or the end of the hold. The database says which one came
 * first.
 * @param again goes on as a new run; what the hold is by then, the database knows
 */
async function untilHoldEnds(
  actor: Actor,
  hold: Progress,
  again: () => Promise<never>,
): Promise<Progress> {
  const { steps, mailbox, view } = actor;
  let progress = hold;
  let firedEarlyFor: string | null = null;
  let isReleased = false;
  while (progress.state.status === 'held') {
    // A hold that is extended for weeks, or signalled without end.
    const isLong = workflowInfo().continueAsNewSuggested && !mailbox.hasMessages();
    if (isLong && patched('continue-a-long-hold')) await again();
    if (!progress.inboxWaiting) {
      const waitMs = progress.paid ? PAID_LOOK_AGAIN_MS : untilEndMs(progress, firedEarlyFor);
      await condition(() => mailbox.hasMessages(), waitMs, { summary: view.waitingFor(progress) });
    }
    const look = mailbox.hasMessages() || progress.inboxWaiting || progress.paid;
    if (!look) firedEarlyFor = progress.state.expiresAt;
    progress = look ? await handleInbox(actor) : await steps.endHold();
    isReleased = !look;
    view.publish(progress);
  }
  if (progress.state.status !== 'expired') return progress;
  // Where the inbox was handled, the hold has ended by now, but no row says so: the timer and the
  // database's clock may differ slightly.
  return isReleased && patched('released-once') ? progress : steps.endHold();
}

/**
 * Delivers the tickets of a confirmed reservation. Signals are still received, because the
 * reservation may be cancelled meanwhile.
 */
async function untilDelivered(actor: Actor, settled: Progress): Promise<ReservationState> {
  const { id, mailbox, view } = actor;
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
    if (progress.deliveryDue) {
      const tickets = progress.state.seats.length;
      delivery ??= startDelivery(id, tickets, (line) => view.note(line));
    }
    await condition(() => mailbox.hasMessages() || !delivery || delivery.ended());
    if (mailbox.hasMessages()) {
      progress = await handleInbox(actor);
      view.publish(progress);
      if (progress.state.status !== 'confirmed') delivery?.cancel();
    } else {
      return progress.state;
    }
  }
}

/** What an operator reads of a message by hand that changes nothing; null if it was recorded. */
function whyNoEffect(
  message: SignalledMessage,
  { kind, reservation = 'another reservation' }: KeptMessage,
): string | null {
  if (message.kind === 'payment') {
    const { reference } = message.payment;
    if (kind === 'mismatch') return `reference ${reference} belongs to ${reservation}`;
    return kind === 'known'
      ? `payment ${reference} is known already; another payment needs a reference of its own`
      : null;
  }
  if (kind === 'recorded') return null;
  return kind === 'already_checked_in'
    ? 'cannot be cancelled: somebody has come in with one of its tickets'
    : `nothing to cancel: the reservation is ${kind} already`;
}

/** Writes an operator's signals into the inbox, then handles the inbox. */
async function handleInbox({ id, steps, mailbox, view }: Actor): Promise<Progress> {
  const { messages, news, askedByHand } = mailbox.take();
  const kept = await keepMessages(id, messages);
  messages.forEach((message, index) => {
    const why = whyNoEffect(message, kept[index]!);
    if (why !== null) view.note(`no effect: ${why}`);
  });
  const progress = await steps.handleNews(news);
  if (askedByHand && messages.length === 0 && news.length === 0 && progress.story.length === 0)
    view.note('a ring by hand: nothing waited in the inbox');
  return progress;
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
