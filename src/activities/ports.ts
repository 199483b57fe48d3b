import type { ProviderRefund, RefundOrder } from '../db/refunds';
import type { PrintedTickets, TicketSheet } from '../documents/ticket-sheet';

/** What a provider answers when it is asked for a refund. */
export type RefundAnswer =
  /** Given back. */
  | { kind: 'succeeded'; providerRefundId: string | null }
  /** On its way: it tells later. */
  | { kind: 'pending'; providerRefundId: string }
  /** Not given back, for good. */
  | { kind: 'failed'; providerRefundId: string | null; reason: string }
  /** Not taken as it stands: to be asked again, and for an operator to look at. */
  | { kind: 'refused'; reason: string }
  /** There is nothing left to give back: the provider has done so by itself. */
  | { kind: 'superseded'; made: readonly ProviderRefund[] };

/** Refunds money that it captured. Repeating a call for the same refund gives the money back once. */
export interface PaymentProvider {
  /** @throws when the provider cannot be reached or does not know yet: try again. */
  refund(order: RefundOrder): Promise<RefundAnswer>;
}

/** The providers that this system is set up for, each for what it captured. */
export interface PaymentProviders {
  test: PaymentProvider;
  stripe: PaymentProvider | null;
}

/** Prints tickets as one PDF. */
export type TicketPrinter = (sheet: TicketSheet) => Promise<PrintedTickets>;
