import type { PaymentProvider } from '../activities/ports';
import type { Database } from '../db/database';
import { writeTestRefund } from '../db/refunds';

/**
 * The built-in provider for development and tests. It refunds at once, never more than it charged. Its ledger (schema
 * `test_provider`) is read by nothing else in Holdfast, so that money can be counted independently.
 */
export function createTestProvider(db: Database): PaymentProvider {
  return {
    async refund(order) {
      const written = await writeTestRefund(db, order);
      return written
        ? { kind: 'succeeded', providerRefundId: null }
        : { kind: 'refused', reason: 'more_than_was_charged' };
    },
  };
}
