/**
 * All types of entries in the history. The feed has the same types, and the database checks the
 * same list.
 */
export const HISTORY_TYPES = [
  'reservation.held',
  'reservation.extended',
  'reservation.changed',
  'reservation.confirmed',
  'reservation.cancel_requested',
  'reservation.cancelled',
  'reservation.expired',
  'reservation.updated',
  'reservation.erased',
  'change.quoted',
  'change.applied',
  'change.expired',
  'change.withdrawn',
  'payment.received',
  'payment.pending',
  'payment.failed',
  'payment.unmatched',
  'payment.disputed',
  'payment.dispute_won',
  'payment.dispute_lost',
  'refund.created',
  'refund.succeeded',
  'refund.failed',
  'tickets.ready',
  'tickets.resend_requested',
  'tickets.mailed',
  'tickets.mail_refused',
  'ticket.voided',
  'ticket.checked_in',
  'ticket.check_in_undone',
  'event.created',
  'event.changed',
  'allotment.created',
  'allotment.ended',
] as const;

export type HistoryType = (typeof HISTORY_TYPES)[number];
