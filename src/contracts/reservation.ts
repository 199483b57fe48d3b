import type { ReservationStatus } from '../domain/settlement';

/** Task queues: each kind of work has its own, so that a hanging mail server or browser holds up nothing else. */
export const TASK_QUEUES = {
  reservations: 'reservations',
  documents: 'documents',
  mail: 'mail',
} as const;

/** Workflow types. A reservation's id is its idempotency key; every other workflow has a `:` in its id. */
export const WORKFLOWS = {
  reservation: 'reservation',
  settlement: 'settlement',
  refund: 'refund',
  resend: 'resend',
  housekeeping: 'housekeeping',
} as const;

export const settlementWorkflowId = (reservationId: string) => `settle:${reservationId}`;
export const refundWorkflowId = (reference: string) => `refund:${reference}`;
export const resendWorkflowId = (reservationId: string, sequence: number) =>
  `resend:${reservationId}:${sequence}`;
export const HOUSEKEEPING_SCHEDULE_ID = 'holdfast:housekeeping';

/** `ring` says "look into your inbox"; the other two are the operator's, by hand. */
export const SIGNALS = {
  ring: 'ring',
  paymentConfirmed: 'paymentConfirmed',
  cancel: 'cancel',
} as const;
export const STATE_QUERY = 'state';

export const SEARCH_ATTRIBUTES = { status: 'ReservationStatus', event: 'EventSlug' } as const;

/**
 * What a reservation's workflow starts with. The relay names the event and the seats for the operator who reads the
 * input; a workflow started by hand, without a hold made ahead of it, takes these seats itself.
 */
export interface ReservationInput {
  event: string;
  seats: string[];
}

/** Of `settlement` and `resend`: which reservation. */
export interface ReservationRef {
  reservationId: string;
}

export interface ResendInput extends ReservationRef {
  sequence: number;
}

export interface RefundInput {
  reference: string;
}

/** A payment that an operator signals by hand. Amount in minor units. */
export interface PaymentSignal {
  reference: string;
  amount: number;
  currency: string;
}

/** The reservation as the API shows it, without the buyer: what activities return and the `state` query answers. */
export interface ReservationState {
  id: string;
  status: ReservationStatus;
  event: string;
  seats: { label: string; category: string; price: { amount: number; currency: string } }[];
  total: { amount: number; currency: string };
  expiresAt: string;
  createdAt: string;
  payment: {
    reference: string;
    amount: number;
    currency: string;
    status: 'captured' | 'refunding' | 'refunded';
  } | null;
  /** When a cancel of it was accepted. */
  cancelRequestedAt: string | null;
}

/** What the first activity answers where the seats cannot be had (only a workflow started by hand gets that far). */
export interface Refused {
  refused: string;
}

/** What stands after an activity moved a reservation on. */
export interface Progress {
  state: ReservationState;
  /**
   * In words, for the operator: what happened in this step, oldest first. The name is in histories that release 1.0
   * wrote, and its workers read it while they run beside ours.
   */
  story: string[];
  /** A payment in time waits in the inbox; the hold does not end before it is decided. */
  paid: boolean;
  /** Something waits in the inbox that nobody has handled. */
  inboxWaiting: boolean;
  /** Tickets, or a mail about them, are still owed to the buyer. */
  deliveryDue: boolean;
  /** Milliseconds until the hold's end by the database's clock; 0 when it is over or no hold. */
  holdEndsInMs: number;
}
