import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributeUpdatePair } from '@temporalio/common';
import { defineQuery, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES, STATE_QUERY, type Progress, type ReservationState } from '../contracts/reservation';

const statusKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.status, SearchAttributeType.KEYWORD);
const eventKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.event, SearchAttributeType.KEYWORD);
const stateQuery = defineQuery<ReservationState | null>(STATE_QUERY);

const MAX_LINES = 40;

/** Tells the operator, in the Temporal UI, where a reservation stands: search attributes, details in words, the query. */
export interface Narrator {
  /** After a step: the new state, and what it did. */
  tell(progress: Progress, firstLine?: string): void;
  say(line: string): void;
  /** What a timer is for. */
  waitingFor(progress: Progress): string;
}

const utc = (rfc3339: string) => `${rfc3339.slice(0, 10)} ${rfc3339.slice(11, 19)} UTC`;

function money({ amount, currency }: { amount: number; currency: string }): string {
  return `${amount} ${currency} (minor units)`;
}

export function createNarrator(): Narrator {
  let state: ReservationState | null = null;
  let paid = false;
  const lines: string[] = [];
  setHandler(stateQuery, () => state);

  const show = () => {
    if (!state) return;
    const { status, event, seats, total, expiresAt, payment } = state;
    const holds = status === 'held' ? (paid ? ' · paid in time, being confirmed' : ` until ${utc(expiresAt)}`) : '';
    setCurrentDetails(
      [
        `**${status}**${holds}`,
        `${event} · ${seats.map((seat) => seat.label).join(', ')} · ${money(total)}`,
        ...(payment ? [`payment ${payment.reference}: ${payment.status}`] : []),
        '',
        ...lines.map((line) => `- ${line}`),
      ].join('  \n'),
    );
  };

  const say = (line: string) => {
    lines.push(`${utc(new Date().toISOString())} · ${line}`);
    if (lines.length > MAX_LINES) lines.splice(1, lines.length - MAX_LINES);
    show();
  };

  const index = ({ status, event }: ReservationState) => {
    const known = workflowInfo().typedSearchAttributes;
    const changed: SearchAttributeUpdatePair[] = [];
    if (known.get(statusKey) !== status) changed.push({ key: statusKey, value: status });
    if (known.get(eventKey) !== event) changed.push({ key: eventKey, value: event });
    if (changed.length > 0) upsertSearchAttributes(changed);
  };

  return {
    tell(progress, firstLine) {
      const before = state;
      state = progress.state;
      paid = progress.paid;
      index(state);
      if (firstLine !== undefined) say(firstLine);
      for (const line of progress.story) say(line);
      if (before?.status === 'held' && state.status === 'held' && before.expiresAt !== state.expiresAt) {
        say(`extended until ${utc(state.expiresAt)}`);
      }
      show();
    },
    say,
    waitingFor: (progress) =>
      progress.paid ? 'paid in time; look into the inbox again' : `hold ends ${utc(progress.state.expiresAt)}`,
  };
}
