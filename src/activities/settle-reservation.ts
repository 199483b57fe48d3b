import { ApplicationFailure } from '@temporalio/activity';
import type { ChangeProgress, Progress, Refused, ReservationInput } from '../contracts/reservation';
import { whyUnreadable } from '../contracts/unreadable';
import type { Database } from '../db/database';
import { IDEMPOTENCY_KEY } from '../domain/idempotency-key';
import { readProgress } from '../db/reservations';
import { lookAtChange } from '../db/changes';
import { releaseOverdueHold, settleInbox, type Watcher } from '../db/settlement';
import type { TicketSigner } from '../db/transitions';
import { holdSeats } from './hold-seats';
import { BY_HAND } from './keep-signalled';
import { NOTHING_MORE } from '../db/holds';
import { countExpired, countSettled, observeConfirm } from '../outcome-metrics';

function known(progress: Progress | null, id: string): Progress {
  if (progress) return progress;
  throw ApplicationFailure.nonRetryable(`There is no reservation ${id}`, 'ReservationUnknown');
}

const MAX_SEATS = 100;

/** Labels are stored in normal form NFC, so they are compared in that form. */
const labelsOf = (seats: readonly string[]) => seats.map((label) => label.normalize('NFC'));

/**
 * What is wrong with the id or the input of a workflow that was started by hand; null when both are
 * valid.
 */
function whyNotByHand(id: string, input: unknown): string | null {
  if (!IDEMPOTENCY_KEY.test(id))
    return 'the workflow id must be 8 to 128 characters of A-Z a-z 0-9 _ . -';
  const unreadable = whyUnreadable(input);
  if (unreadable !== null) return `the input could not be read (${unreadable})`;
  const { event, seats } = (input ?? {}) as Partial<Record<keyof ReservationInput, unknown>>;
  const isText = (value: unknown) =>
    typeof value === 'string' && value !== '' && !value.includes('\0');
  if (!isText(event)) return 'the input needs { "event": slug, "seats": [labels] }';
  if (
    !Array.isArray(seats) ||
    seats.length < 1 ||
    seats.length > MAX_SEATS ||
    !seats.every(isText)
  ) {
    return `"seats" must be a list of 1 to ${MAX_SEATS} labels`;
  }
  return new Set(labelsOf(seats)).size === seats.length ? null : '"seats" names a seat twice';
}

/** Counts what the activities of a workflow write, whichever of them does it. */
const counted: Watcher = {
  onSettled({ outcome, late, waitedSeconds }) {
    countSettled(outcome, late);
    if (outcome === 'confirmed') observeConfirm(waitedSeconds);
  },
  onExpired: countExpired,
};

interface SettlementDeps {
  db: Database;
  sign: TicketSigner;
  /** Seconds, for events that set none. */
  defaultTtlSeconds: number;
}

/**
 * The activities of a reservation. Each is one transaction, and safe to run twice or to fail at any
 * point.
 */
export const createReservationActivities = ({ db, sign, defaultTtlSeconds }: SettlementDeps) => ({
  /**
   * Adopts the hold that the API took. If the hold has ended, the end is recorded and no seat is
   * taken. Without a hold (started by hand) the activity takes the seats itself, for no client.
   */
  async holdSeats(id: string, input: ReservationInput): Promise<Progress | Refused> {
    const adopted = await releaseOverdueHold(db, id, counted);
    if (adopted) return adopted;
    const wrong = whyNotByHand(id, input);
    if (wrong !== null) return { refused: wrong };
    const result = await holdSeats(db, {
      id,
      client: null,
      fingerprint: null,
      seats: labelsOf(input.seats).map((label) => ({
        event: input.event,
        label,
        priceType: null,
      })),
      buyer: null,
      ...NOTHING_MORE,
      defaultTtlSeconds,
      buyerCap: null,
      actor: BY_HAND,
    });
    if (result.kind === 'held' || result.kind === 'replayed')
      return known(await readProgress(db, id), id);
    return {
      refused:
        'seats' in result
          ? `${result.kind}: ${result.seats.map(({ label }) => label).join(', ')}`
          : result.kind,
    };
  },

  /**
   * Handles the rows of the inbox in order: a payment confirms or is refunded, a cancellation
   * releases the seats or voids the tickets.
   */
  async settleInbox(id: string): Promise<Progress> {
    return known(await settleInbox(db, id, sign, counted), id);
  },

  /**
   * Releases the seats if the hold has ended by the database's clock; otherwise changes nothing and
   * returns how long it lasts.
   */
  async releaseSeats(id: string): Promise<Progress> {
    return known(await releaseOverdueHold(db, id, counted), id);
  },

  /** Says where a change stands, and ends a quote whose time is over. null: there is none of that id. */
  async lookAtChange(changeId: string): Promise<ChangeProgress | null> {
    return lookAtChange(db, changeId);
  },
});
