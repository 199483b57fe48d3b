import type { PaymentNotice } from '../db/payments';
import type { ProviderDispute, ProviderRefund, RefundedTotal } from '../db/refunds';

/** What a provider's event means for us. Amounts in minor units of ISO 4217. */
export type Notice =
  | { kind: 'paid'; payment: Omit<PaymentNotice, 'source' | 'actor'> }
  /** The money came for another account or in the other mode. */
  | {
      kind: 'unmatched';
      payment: Omit<PaymentNotice, 'source' | 'actor'>;
      why: { expected: string; came: string };
    }
  /** No money was needed. */
  | { kind: 'free'; reservationId: string; reference: string; type: string }
  /** It has failed, or it is on its way. */
  | { kind: 'failed' | 'pending'; reservationId: string; reference: string; eventKey: string }
  | { kind: 'refunds'; refunds: readonly ProviderRefund[]; total: RefundedTotal | null }
  | ({ kind: 'dispute' } & ProviderDispute)
  /** It names a reservation, and that is all that we understand of it. */
  | {
      kind: 'not_understood';
      reservationId: string;
      reference: string | null;
      type: string;
      why: string;
    }
  | { kind: 'ignored' };

export const IGNORED: Notice = { kind: 'ignored' };
