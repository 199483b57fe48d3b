import { defineSignal, patched, setHandler } from '@temporalio/workflow';
import {
  SIGNALS,
  SUMMARY_BYTES,
  type PaymentSignal,
  type SignalledMessage,
} from '../contracts/reservation';
import { whyUnreadable } from '../contracts/unreadable';
import { clipToBytes } from '../domain/clip';

const ringSignal = defineSignal<[unknown?]>(SIGNALS.ring);
const paymentConfirmedSignal = defineSignal<[unknown]>(SIGNALS.paymentConfirmed);
const cancelSignal = defineSignal(SIGNALS.cancel);

/** What came since the mailbox was looked into last. */
interface Mail {
  messages: SignalledMessage[];
  /** What happened, as the rings say. */
  news: string[];
  /** An operator asked to look, by a ring that does not say why. */
  askedByHand: boolean;
}

/**
 * The signals of a workflow. Signal handlers only record them, and never fail; the workflow handles
 * them one at a time.
 */
export interface Mailbox {
  /** Whether a signal arrived, or the database's inbox may have a new row. */
  hasMessages(): boolean;
  /** Returns what came since the last call, and resets the mailbox. */
  take(): Mail;
  put(message: SignalledMessage): void;
}

/** Why a ring was sent; null for one by hand, and for those of release 1.0. */
function whyOf(ring: unknown): string | null {
  const why = (ring as { why?: unknown } | null | undefined)?.why;
  return typeof why === 'string' && why !== '' ? clipToBytes(why, SUMMARY_BYTES) : null;
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

/** Of a burst of rings these many are named. */
const NEWS_NAMED = 5;

const DESCRIPTIONS: Record<keyof typeof SIGNALS, string> = {
  ring: 'Look into the inbox. Harmless at any time; takes nothing.',
  paymentConfirmed:
    'A payment by hand: { "reference": text, "amount": minor units, "currency": "EUR" }. Counts once for each reference; what does not match goes back.',
  cancel: 'Cancel: the seats are released, or a sale is undone and refunded. Takes nothing.',
};

/**
 * Registers the signal handlers. `onRefused` is told of an invalid signal, so that the operator can
 * read the reason.
 */
export function openMailbox(onRefused: (why: string) => void): Mailbox {
  let rung = false;
  let askedByHand = false;
  const news: string[] = [];
  const signalled: SignalledMessage[] = [];
  const put = (message: SignalledMessage) => {
    // How many there can be is Temporal's own limit (10,000 for one workflow). Histories of release
    // 1.0 refuse those over a hundred.
    if (signalled.length >= ONCE_THE_MOST && !patched('every-signal-counts'))
      onRefused('too many signals at once');
    else signalled.push(message);
  };
  const described = (signal: keyof typeof SIGNALS) => ({ description: DESCRIPTIONS[signal] });
  setHandler(
    ringSignal,
    (ring) => {
      rung = true;
      const why = whyOf(ring);
      if (why === null) askedByHand = true;
      else if (news.length < NEWS_NAMED && !news.includes(why)) news.push(why);
    },
    described('ring'),
  );
  setHandler(cancelSignal, () => put({ kind: 'cancel' }), described('cancel'));
  setHandler(
    paymentConfirmedSignal,
    (value) => {
      const payment = parsePayment(value);
      const unreadable = whyUnreadable(value);
      if (payment) put({ kind: 'payment', payment });
      else if (unreadable !== null)
        onRefused(`a paymentConfirmed signal could not be read (${unreadable})`);
      else
        onRefused(
          'a paymentConfirmed signal needs { "reference": text, "amount": minor units, "currency": "EUR" }',
        );
    },
    described('paymentConfirmed'),
  );
  return {
    hasMessages: () => rung || signalled.length > 0,
    take() {
      const mail = { messages: signalled.splice(0), news: news.splice(0), askedByHand };
      rung = false;
      askedByHand = false;
      return mail;
    },
    put,
  };
}
