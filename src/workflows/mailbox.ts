import { defineSignal, setHandler } from '@temporalio/workflow';
import { SIGNALS, type PaymentSignal } from '../contracts/reservation';

const ringSignal = defineSignal(SIGNALS.ring);
const paymentConfirmedSignal = defineSignal<[unknown]>(SIGNALS.paymentConfirmed);
const cancelSignal = defineSignal(SIGNALS.cancel);

/** What an operator signalled by hand; it goes into the database's inbox before anything comes of it. */
type SignalledMessage = { kind: 'payment'; payment: PaymentSignal } | { kind: 'cancel' };

/**
 * An actor's mailbox. Handlers only note, and never fail: what is noted is worked off by the actor, one at a time.
 */
export interface Mailbox {
  /** Something came, or may wait in the database. */
  hasMessages(): boolean;
  /** The messages signalled since the last call; forgets them and the ring. */
  take(): SignalledMessage[];
  put(message: SignalledMessage): void;
}

/** A payment as an operator types it; null when it is none. The same rules as in the API's schema. */
function parsePayment(value: unknown): PaymentSignal | null {
  if (value === null || typeof value !== 'object') return null;
  const { reference, amount, currency } = value as Record<string, unknown>;
  if (
    typeof reference !== 'string' ||
    reference.length < 1 ||
    reference.length > 255 ||
    reference.includes('\0')
  )
    return null;
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 0) return null;
  if (typeof currency !== 'string' || !/^[A-Za-z]{3}$/.test(currency)) return null;
  return { reference, amount, currency: currency.toUpperCase() };
}

/** Opens the mailbox. `onRefused` hears of a signal that makes no sense, so that the operator can read it. */
export function openMailbox(onRefused: (why: string) => void): Mailbox {
  let rung = false;
  const signalled: SignalledMessage[] = [];
  const put = (message: SignalledMessage) => {
    // A flood of signals by hand is no use case; what goes over the limit is refused aloud.
    if (signalled.length >= 100) onRefused('too many signals at once');
    else signalled.push(message);
  };
  setHandler(ringSignal, () => void (rung = true));
  setHandler(cancelSignal, () => put({ kind: 'cancel' }));
  setHandler(paymentConfirmedSignal, (value) => {
    const payment = parsePayment(value);
    if (payment) put({ kind: 'payment', payment });
    else
      onRefused(
        'a paymentConfirmed signal needs { "reference": text, "amount": minor units, "currency": "EUR" }',
      );
  });
  return {
    hasMessages: () => rung || signalled.length > 0,
    take() {
      rung = false;
      return signalled.splice(0);
    },
    put,
  };
}
