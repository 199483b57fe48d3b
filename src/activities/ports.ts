import type { RefundJob } from '../db/refunds';
import type { PrintedTickets, TicketSheet } from '../documents/ticket-sheet';

/** Refunds money. Repeating a call with the same reference gives the money back once. */
export interface PaymentProvider {
  /**
   * @returns `refunded`, or `refused` when the provider says no for good (an operator has to look).
   * @throws when the provider cannot be reached or does not know yet: try again.
   */
  refund(
    payment: Pick<RefundJob, 'reference' | 'amount' | 'currency' | 'source'>,
  ): Promise<{ kind: 'refunded' } | { kind: 'refused'; reason: string }>;
}

/** Prints tickets as one PDF. */
export type TicketPrinter = (sheet: TicketSheet) => Promise<PrintedTickets>;
