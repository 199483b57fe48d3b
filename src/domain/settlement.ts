import { sameMoney, type Money } from './money';

/**
 * The legal transitions: held → confirmed, expired or cancelled; confirmed → cancelled; expired →
 * confirmed, by a late payment only.
 */
export const RESERVATION_STATUSES = ['held', 'confirmed', 'expired', 'cancelled'] as const;
export type ReservationStatus = (typeof RESERVATION_STATUSES)[number];

export const REFUND_REASONS = [
  'cancelled',
  'change',
  'change_ended',
  'duplicate',
  'event_started',
  'expired',
  'mismatch',
  'unknown_reservation',
] as const;
export type RefundReason = (typeof REFUND_REASONS)[number];

/** Where a payment stands: kept by its refunds and disputes. */
export const PAYMENT_STATUSES = [
  'captured',
  'refunding',
  'partially_refunded',
  'refunded',
  'disputed',
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export const REFUND_STATUSES = ['pending', 'succeeded', 'failed'] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

/** What a decision about a reservation rests on, read under the locks of its seats and itself. */
export interface ReservationFacts {
  /**
   * The status at this moment: a hold that has ended without a payment in time counts as `expired`.
   */
  status: ReservationStatus;
  total: Money;
  /** Whether a cancel was accepted, although the hold ended before it was carried out. */
  cancelRequested: boolean;
  /** Whether the event has begun. */
  eventStarted: boolean;
  /**
   * Whether every seat still belongs to the reservation or can be taken: it is free, or its hold
   * has ended.
   */
  seatsObtainable: boolean;
}

/** What is left of a payment when it is decided. */
export interface PaymentLeft extends Money {
  /** Nothing, as its provider gave it back whole: it says no more that what costs nothing is wanted. */
  isGivenBack?: boolean;
}

export type PaymentDecision = { kind: 'confirm' } | { kind: 'refund'; reason: RefundReason };

/**
 * Decides whether a payment confirms its reservation or is refunded. A late payment takes the same
 * seats again if possible, until the event begins. There is no third outcome, so no payment stays
 * undecided.
 */
export function decidePayment(facts: ReservationFacts, payment: PaymentLeft): PaymentDecision {
  if (facts.status === 'cancelled') return { kind: 'refund', reason: 'cancelled' };
  if (facts.status === 'confirmed') return { kind: 'refund', reason: 'duplicate' };
  if (payment.isGivenBack || !sameMoney(facts.total, payment))
    return { kind: 'refund', reason: 'mismatch' };
  if (facts.status === 'expired' && facts.cancelRequested)
    return { kind: 'refund', reason: 'cancelled' };
  if (facts.status === 'expired' && facts.eventStarted)
    return { kind: 'refund', reason: 'event_started' };
  if (!facts.seatsObtainable) return { kind: 'refund', reason: 'expired' };
  return { kind: 'confirm' };
}

export type CancelDecision = { kind: 'release' } | { kind: 'void' } | { kind: 'nothing' };

/**
 * Decides the effect of a request to cancel: a hold is released; a sale is undone (tickets void,
 * payment refunded); an ended reservation stays as it is.
 */
export function decideCancel(facts: Pick<ReservationFacts, 'status'>): CancelDecision {
  if (facts.status === 'held') return { kind: 'release' };
  if (facts.status === 'confirmed') return { kind: 'void' };
  return { kind: 'nothing' };
}

/** What the decision about a change's payment rests on, read under the locks of all seats concerned. */
export interface ChangeFacts {
  change: 'quoted' | 'applied' | 'expired' | 'withdrawn';
  /** It was paid for, or confirmed where nothing was due, before its end. */
  inTime: boolean;
  due: Money;
  reservation: ReservationStatus;
  cancelRequested: boolean;
  /** An event whose seats it changes has begun; or one of the order has since it was quoted. */
  eventStarted: boolean;
  /** Each seat that it takes is held for it, or free. */
  takesObtainable: boolean;
  /** What it gives back or reprices is still sold to the reservation, and nobody has come in with it. */
  releasesUnused: boolean;
  /** Another change was applied since it was quoted, or was quoted and paid for in time. */
  overtaken: boolean;
}

export type ChangeDecision = { kind: 'apply' } | { kind: 'refund'; reason: RefundReason };

/**
 * Decides whether a quote is applied, now that it is paid for; or that the payment goes back. A late payment applies it if
 * everything is still possible, until the event begins, as a late payment of a hold does.
 * @param payment what came; null when nothing was due
 */
export function decideChange(facts: ChangeFacts, payment: PaymentLeft | null): ChangeDecision {
  if (facts.reservation !== 'confirmed' || facts.cancelRequested)
    return { kind: 'refund', reason: 'cancelled' };
  if (facts.change === 'applied') return { kind: 'refund', reason: 'duplicate' };
  if (payment && (payment.isGivenBack || !sameMoney(facts.due, payment)))
    return { kind: 'refund', reason: 'mismatch' };
  if (facts.change === 'withdrawn' || facts.overtaken)
    return { kind: 'refund', reason: 'change_ended' };
  if (facts.eventStarted && !facts.inTime) return { kind: 'refund', reason: 'event_started' };
  return facts.takesObtainable && facts.releasesUnused
    ? { kind: 'apply' }
    : { kind: 'refund', reason: 'change_ended' };
}
