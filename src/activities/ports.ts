import type { RefundJob } from '../db/refunds';
import type { PrintedTickets, TicketSheet } from '../documents/ticket-sheet';

export type RefundResult = { kind: 'refunded' } | { kind: 'refused'; reason: string };

/** Refunds money that it captured. Repeating a call for the same payment gives the money back once. */
export interface PaymentProvider {
  /**
   * @returns `refunded`, or `refused` when the provider says no for good (an operator has to look).
   * @throws when the provider cannot be reached or does not know yet: try again.
   */
  refund(
    payment: Pick<RefundJob, 'paymentId' | 'reference' | 'amount' | 'currency'>,
  ): Promise<RefundResult>;
}

/** The providers that this system is set up for, each for what it captured. */
export interface PaymentProviders {
  test: PaymentProvider;
  stripe: PaymentProvider | null;
}

/** Prints tickets as one PDF. */
export type TicketPrinter = (sheet: TicketSheet) => Promise<PrintedTickets>;
