import { ApplicationFailure } from '@temporalio/activity';
import type { PaymentSignal, Progress, Refused, ReservationInput } from '../contracts/reservation';
import type { Database } from '../db/database';
import { recordCancelRequest, recordPayment } from '../db/payments';
import { IDEMPOTENCY_KEY } from '../domain/idempotency-key';
import { readProgress } from '../db/reservations';
import { releaseOverdueHold, settleInbox } from '../db/settlement';
import type { TicketSigner } from '../db/transitions';
import { holdSeats } from './hold-seats';

const BY_HAND = 'operator';

function known(progress: Progress | null, id: string): Progress {
  if (progress) return progress;
  throw ApplicationFailure.nonRetryable(`There is no reservation ${id}`, 'ReservationUnknown');
}

const MAX_SEATS = 100;

/** Labels are compared in the form in which they are kept. */
const labelsOf = (seats: readonly string[]) => seats.map((label) => label.normalize('NFC'));

/** What is wrong with the id and the input of a workflow that was started by hand; null when nothing is. */
function whyNotByHand(id: string, input: unknown): string | null {
  if (!IDEMPOTENCY_KEY.test(id))
    return 'the workflow id must be 8 to 128 characters of A-Z a-z 0-9 _ . -';
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

interface SettlementDeps {
  db: Database;
  sign: TicketSigner;
  /** Seconds, for events that set none. */
  defaultTtlSeconds: number;
  /** Payments are also written into the test provider's books. */
  testProvider: boolean;
}

/** What a reservation's actor does to the world. Each is one transaction and safe to run twice or to die half-way. */
export const createReservationActivities = ({
  db,
  sign,
  defaultTtlSeconds,
  testProvider,
}: SettlementDeps) => ({
  /**
   * Adopts the hold that the API took ahead; past its end it is written as expired and nothing is taken. Without a hold
   * (started by hand) it takes the seats itself, for nobody's account.
   */
  async holdSeats(id: string, input: ReservationInput): Promise<Progress | Refused> {
    const adopted = await releaseOverdueHold(db, id);
    if (adopted) return adopted;
    const wrong = whyNotByHand(id, input);
    if (wrong !== null) return { refused: wrong };
    const result = await holdSeats(db, {
      id,
      client: null,
      fingerprint: null,
      event: input.event,
      labels: labelsOf(input.seats),
      buyer: null,
      defaultTtlSeconds,
      buyerCap: null,
      actor: BY_HAND,
    });
    if (result.kind === 'held' || result.kind === 'replayed')
      return known(await readProgress(db, id), id);
    return {
      refused: 'seats' in result ? `${result.kind}: ${result.seats.join(', ')}` : result.kind,
    };
  },

  /** Handles what waits in the inbox, in order: payments confirm or go back, a cancel releases or voids. */
  async settleInbox(id: string): Promise<Progress> {
    return known(await settleInbox(db, id, sign), id);
  },

  /** Gives the seats back if the hold is over by the database's clock; otherwise changes nothing and says so. */
  async releaseSeats(id: string): Promise<Progress> {
    return known(await releaseOverdueHold(db, id), id);
  },

  /** Puts a payment that an operator signalled into the inbox, as a webhook would. */
  async keepSignalledPayment(id: string, payment: PaymentSignal): Promise<string> {
    const notice = { ...payment, reservationId: id, source: 'signal' as const, actor: BY_HAND };
    return (await recordPayment(db, notice, { strict: false, testProvider })).kind;
  },

  /** Puts a cancel that an operator signalled into the inbox, as the API would. */
  async keepSignalledCancel(id: string): Promise<string> {
    return (await recordCancelRequest(db, id, BY_HAND)).kind;
  },
});
