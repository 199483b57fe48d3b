import type { PaymentProvider } from '../activities/ports';
import type { Database } from '../db/database';
import { writeTestRefund } from '../db/refunds';

/**
 * The built-in provider for development and tests: it always refunds, and keeps its own books (schema `test_provider`),
 * which nothing else in Holdfast reads, so that money can be counted independently.
 */
export function createTestProvider(db: Database): PaymentProvider {
  return {
    async refund(payment) {
      await writeTestRefund(db, payment);
      return { kind: 'refunded' };
    },
  };
}
