import { sameMoney, type Money } from './money';

/** held → confirmed | expired | cancelled; confirmed → cancelled; and, by a late payment alone, expired → confirmed. */
export const RESERVATION_STATUSES = ['held', 'confirmed', 'expired', 'cancelled'] as const;
export type ReservationStatus = (typeof RESERVATION_STATUSES)[number];

export const REFUND_REASONS = [
  'cancelled',
  'duplicate',
  'event_started',
  'expired',
  'mismatch',
  'unknown_reservation',
] as const;
export type RefundReason = (typeof REFUND_REASONS)[number];

/** What a decision about a reservation rests on, read under the locks of its seats and itself. */
export interface ReservationFacts {
  /** As it reads now: a hold past its end that nobody paid in time is `expired`. */
  status: ReservationStatus;
  total: Money;
  /** A cancel of it was accepted, though its hold ended first. */
  cancelRequested: boolean;
  /** Its event has begun. */
  eventStarted: boolean;
  /** Each of its seats is still its own, or nobody's: free, or held by someone whose time is over. */
  seatsObtainable: boolean;
}

export type PaymentDecision = { kind: 'confirm' } | { kind: 'refund'; reason: RefundReason };

/**
 * Where a payment goes: it confirms the reservation, or it goes back. A late one takes the same seats again if it can,
 * until the event begins; there is no third way, so money is never left lying.
 */
export function decidePayment(facts: ReservationFacts, payment: Money): PaymentDecision {
  if (facts.status === 'cancelled') return { kind: 'refund', reason: 'cancelled' };
  if (facts.status === 'confirmed') return { kind: 'refund', reason: 'duplicate' };
  if (!sameMoney(facts.total, payment)) return { kind: 'refund', reason: 'mismatch' };
  if (facts.status === 'expired' && facts.cancelRequested)
    return { kind: 'refund', reason: 'cancelled' };
  if (facts.status === 'expired' && facts.eventStarted)
    return { kind: 'refund', reason: 'event_started' };
  if (!facts.seatsObtainable) return { kind: 'refund', reason: 'expired' };
  return { kind: 'confirm' };
}

export type CancelDecision = { kind: 'release' } | { kind: 'void' } | { kind: 'nothing' };

/** What a wish to cancel does: a hold is released, a sale is undone (tickets void, money back), an end stays an end. */
export function decideCancel(facts: Pick<ReservationFacts, 'status'>): CancelDecision {
  if (facts.status === 'held') return { kind: 'release' };
  if (facts.status === 'confirmed') return { kind: 'void' };
  return { kind: 'nothing' };
}
