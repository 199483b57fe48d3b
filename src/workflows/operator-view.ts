import type { SearchAttributeUpdatePair } from '@temporalio/common';
import {
  defineQuery,
  patched,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  eventsOf,
  seatsInWords,
  STATE_QUERY,
  type Progress,
  type ReservationState,
} from '../contracts/reservation';
import { EVENT_KEY, EVENTS_KEY, RESERVATION_KEY, STATUS_KEY } from '../contracts/search-attributes';
import { formatMoney } from '../domain/currency';
import { beginStory, utc } from './story';

const stateQuery = defineQuery<ReservationState | null>(STATE_QUERY);

/**
 * Shows the state of a reservation to an operator in the Temporal UI: search attributes, details in
 * words, and the query.
 */
export interface OperatorView {
  /** After a step: the new state and what the step did. */
  publish(progress: Progress, firstLine?: string): void;
  /** Adds one line to the details. */
  note: (line: string) => void;
  /** Describes what a timer waits for. */
  waitingFor(progress: Progress): string;
}

type RefundShown = NonNullable<ReservationState['refunds']>[number];
const saidOf = ({ amount, payment, status, error }: RefundShown) =>
  `refund of ${formatMoney(amount)} of payment ${payment}: ${error === null ? status : `${status} (${error})`}`;

function paymentLines({ payments, payment }: ReservationState): string[] {
  if (payments === undefined)
    return payment
      ? [`payment ${payment.reference}, ${formatMoney(payment)}: ${payment.status}`]
      : [];
  return payments.map(
    ({ reference, amount, provenBy, status }) =>
      `payment ${reference}, ${formatMoney(amount)}, ${provenBy === null ? 'claimed' : `proven by ${provenBy}`}: ${status}`,
  );
}

function headOf(state: ReservationState, paid: boolean): string[] {
  const { status, expiresAt, total, cancelRequestedAt } = state;
  const until = paid ? ' · paid in time, being confirmed' : ` until ${utc(expiresAt)}`;
  const cancels =
    cancelRequestedAt && status !== 'cancelled'
      ? ` · cancel accepted ${utc(cancelRequestedAt)}`
      : '';
  return [
    `**${status}**${status === 'held' ? until : ''}${cancels}`,
    `${seatsInWords(state)} · ${formatMoney(total)}`,
    ...paymentLines(state),
    ...(state.refunds ?? []).map(saidOf),
  ];
}

/** Upserts what differs from what the workflow is found by. */
function indexState(state: ReservationState): void {
  const { id, status } = state;
  const events = eventsOf(state);
  const known = workflowInfo().typedSearchAttributes;
  const changed: SearchAttributeUpdatePair[] = [];
  if (known.get(STATUS_KEY) !== status) changed.push({ key: STATUS_KEY, value: status });
  const [event] = events;
  if (event !== undefined && known.get(EVENT_KEY) !== event)
    changed.push({ key: EVENT_KEY, value: event });
  const isFound =
    known.get(RESERVATION_KEY) === id && known.get(EVENTS_KEY)?.join() === events.join();
  // One that our relay started has them from its start, so it records no patch.
  if (!isFound && event !== undefined && patched('found-by-reservation')) {
    changed.push({ key: RESERVATION_KEY, value: id }, { key: EVENTS_KEY, value: events });
  }
  if (changed.length > 0) upsertSearchAttributes(changed);
}

export function createOperatorView(): OperatorView {
  let state: ReservationState | null = null;
  setHandler(stateQuery, () => state, {
    description: 'The reservation as the API shows it, without the buyer',
  });
  const story = beginStory();

  return {
    publish(progress, firstLine) {
      const before = state;
      const now = progress.state;
      state = now;
      indexState(now);
      if (firstLine !== undefined) story.note(firstLine);
      for (const line of progress.story) story.note(line);
      if (before?.status === 'held' && now.status === 'held' && before.expiresAt !== now.expiresAt)
        story.note(`extended until ${utc(now.expiresAt)}`);
      // What a provider said of a refund since the last step.
      for (const refund of now.refunds ?? []) {
        const known = before?.refunds?.find(({ id }) => id === refund.id);
        if (known && (known.status !== refund.status || known.error !== refund.error))
          story.note(saidOf(refund));
      }
      story.show(headOf(now, progress.paid));
    },
    note: story.note,
    waitingFor: (progress) =>
      progress.paid
        ? 'paid in time; look into the inbox again'
        : `hold ends ${utc(progress.state.expiresAt)}`,
  };
}
