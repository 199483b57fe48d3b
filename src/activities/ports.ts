import type { ProviderRefund, RefundOrder } from '../db/refunds';
import type { PrintedTickets, TicketSheet } from '../documents/ticket-sheet';

/** A provider's answer to a request for a refund. */
export type RefundAnswer =
  /** The refund is done. */
  | { kind: 'succeeded'; providerRefundId: string | null }
  /** The provider reports the outcome later. */
  | { kind: 'pending'; providerRefundId: string }
  /** It has failed for good. */
  | { kind: 'failed'; providerRefundId: string | null; reason: string }
  /**
   * Not accepted now: it is requested again, and an operator should look at it. `made`: refunds that the provider has
   * made by itself, where so much is not left.
   */
  | { kind: 'refused'; reason: string; made?: readonly ProviderRefund[] }
  /** Nothing is left to refund: the provider has made these refunds by itself. */
  | { kind: 'superseded'; made: readonly ProviderRefund[] };

/** Refunds payments that it captured. A repeated call for the same refund refunds once. */
export interface PaymentProvider {
  /** @throws when the provider cannot be reached or has no result yet; the call is repeated */
  refund(order: RefundOrder): Promise<RefundAnswer>;
}

/** The providers of this system, by who captured the payment. */
export interface PaymentProviders {
  test: PaymentProvider;
  stripe: PaymentProvider | null;
}

/** Prints tickets as one PDF. */
export type TicketPrinter = (sheet: TicketSheet) => Promise<PrintedTickets>;
