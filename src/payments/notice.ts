import type { PaymentNotice } from '../db/payments';
import type { ProviderDispute, ProviderRefund, RefundedTotal } from '../db/refunds';

/** The meaning of a provider's event. Amounts in minor units of ISO 4217. */
export type Notice =
  | { kind: 'paid'; payment: Omit<PaymentNotice, 'source' | 'actor'> }
  /** A payment of another account, or of the other mode. */
  | {
      kind: 'unmatched';
      payment: Omit<PaymentNotice, 'source' | 'actor'>;
      why: { expected: string; came: string };
    }
  /** No payment was required. */
  | { kind: 'free'; reservationId: string; reference: string; type: string }
  /** A payment has failed, or is pending. */
  | { kind: 'failed' | 'pending'; reservationId: string; reference: string; eventKey: string }
  | { kind: 'refunds'; refunds: readonly ProviderRefund[]; total: RefundedTotal | null }
  | ({ kind: 'dispute' } & ProviderDispute)
  /** An event of an unknown meaning that names a reservation, or a payment that may be of one. */
  | {
      kind: 'not_understood';
      reservationId: string | null;
      references: readonly string[];
      /** It tells of a refund or a dispute. */
      afterPayment: boolean;
      type: string;
      why: string;
    }
  | { kind: 'ignored' };

export const IGNORED: Notice = { kind: 'ignored' };
