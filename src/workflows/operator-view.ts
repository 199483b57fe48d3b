import {
  defineSearchAttributeKey,
  SearchAttributeType,
  type SearchAttributeUpdatePair,
} from '@temporalio/common';
import {
  defineQuery,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  eventsOf,
  SEARCH_ATTRIBUTES,
  seatsInWords,
  STATE_QUERY,
  type Progress,
  type ReservationState,
} from '../contracts/reservation';
import { formatMoney } from '../domain/currency';

const statusKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.status, SearchAttributeType.KEYWORD);
const eventKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.event, SearchAttributeType.KEYWORD);
const stateQuery = defineQuery<ReservationState | null>(STATE_QUERY);

const MAX_LINES = 40;

/**
 * Shows the state of a reservation to an operator in the Temporal UI: search attributes, details in
 * words, and the query.
 */
export interface OperatorView {
  /** After a step: the new state and what the step did. */
  publish(progress: Progress, firstLine?: string): void;
  /** Adds one line to the details. */
  note(line: string): void;
  /** Describes what a timer waits for. */
  waitingFor(progress: Progress): string;
}

const utc = (rfc3339: string) => `${rfc3339.slice(0, 10)} ${rfc3339.slice(11, 19)} UTC`;

const saidOf = ({ status, error }: NonNullable<ReservationState['refunds']>[number]) =>
  error === null ? status : `${status} (${error})`;

export function createOperatorView(): OperatorView {
  let state: ReservationState | null = null;
  let paid = false;
  const lines: string[] = [];
  setHandler(stateQuery, () => state);

  const publishDetails = () => {
    if (!state) return;
    const { status, total, expiresAt, payment } = state;
    const holds =
      status === 'held'
        ? paid
          ? ' · paid in time, being confirmed'
          : ` until ${utc(expiresAt)}`
        : '';
    setCurrentDetails(
      [
        `**${status}**${holds}`,
        `${seatsInWords(state)} · ${formatMoney(total)}`,
        ...(payment ? [`payment ${payment.reference}: ${payment.status}`] : []),
        ...(state.refunds ?? []).map(
          (refund) => `refund of ${formatMoney(refund.amount)}: ${saidOf(refund)}`,
        ),
        '',
        ...lines.map((line) => `- ${line}`),
      ].join('  \n'),
    );
  };

  const note = (line: string) => {
    lines.push(`${utc(new Date().toISOString())} · ${line}`);
    if (lines.length > MAX_LINES) lines.splice(1, lines.length - MAX_LINES);
    publishDetails();
  };

  const indexState = (shown: ReservationState) => {
    const { status } = shown;
    const [event] = eventsOf(shown);
    const known = workflowInfo().typedSearchAttributes;
    const changed: SearchAttributeUpdatePair[] = [];
    if (known.get(statusKey) !== status) changed.push({ key: statusKey, value: status });
    if (event !== undefined && known.get(eventKey) !== event)
      changed.push({ key: eventKey, value: event });
    if (changed.length > 0) upsertSearchAttributes(changed);
  };

  return {
    publish(progress, firstLine) {
      const before = state;
      state = progress.state;
      paid = progress.paid;
      indexState(state);
      if (firstLine !== undefined) note(firstLine);
      for (const line of progress.story) note(line);
      if (
        before?.status === 'held' &&
        state.status === 'held' &&
        before.expiresAt !== state.expiresAt
      ) {
        note(`extended until ${utc(state.expiresAt)}`);
      }
      // What a provider said of a refund since the last step.
      for (const refund of state.refunds ?? []) {
        const known = before?.refunds?.find(({ id }) => id === refund.id);
        if (known && (known.status !== refund.status || known.error !== refund.error))
          note(`refund of ${formatMoney(refund.amount)}: ${saidOf(refund)}`);
      }
      publishDetails();
    },
    note,
    waitingFor: (progress) =>
      progress.paid
        ? 'paid in time; look into the inbox again'
        : `hold ends ${utc(progress.state.expiresAt)}`,
  };
}
