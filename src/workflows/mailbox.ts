import { defineSignal, patched, setHandler } from '@temporalio/workflow';
import { SIGNALS, type PaymentSignal } from '../contracts/reservation';

const ringSignal = defineSignal(SIGNALS.ring);
const paymentConfirmedSignal = defineSignal<[unknown]>(SIGNALS.paymentConfirmed);
const cancelSignal = defineSignal(SIGNALS.cancel);

/**
 * A message that an operator signalled by hand. It is written into the database's inbox before it
 * has any effect.
 */
type SignalledMessage = { kind: 'payment'; payment: PaymentSignal } | { kind: 'cancel' };

/**
 * The signals of a workflow. Signal handlers only record them, and never fail; the workflow handles
 * them one at a time.
 */
export interface Mailbox {
  /** Whether a signal arrived, or the database's inbox may have a new row. */
  hasMessages(): boolean;
  /** Returns the messages since the last call, and resets the mailbox. */
  take(): SignalledMessage[];
  put(message: SignalledMessage): void;
}

/**
 * A payment as an operator enters it; null when it is invalid. The rules are those of the API's
 * schema.
 */
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

const ONCE_THE_MOST = 100;

/**
 * Registers the signal handlers. `onRefused` is told of an invalid signal, so that the operator can
 * read the reason.
 */
export function openMailbox(onRefused: (why: string) => void): Mailbox {
  let rung = false;
  const signalled: SignalledMessage[] = [];
  const put = (message: SignalledMessage) => {
    // How many there can be is Temporal's own limit (10,000 for one workflow). Histories of release
    // 1.0 refuse those over a hundred.
    if (signalled.length >= ONCE_THE_MOST && !patched('every-signal-counts'))
      onRefused('too many signals at once');
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
