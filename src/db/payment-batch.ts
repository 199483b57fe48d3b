import { isRefused, sql, type Database } from './database';
import { capturedBy, type PaymentNotice, type RecordResult } from './payments';

const RECORD = sql<{ recorded: number }>(
  'record_payment_batch',
  'select record_payment_batch($1, $2, $3, $4, $5, $6, $7) as recorded',
);

/** A payment that its provider proves. */
export type ProvenPayment = PaymentNotice & { source: 'stripe' | 'standard' };

/**
 * Records the payments of several reservations in one transaction: see `record_payment_batch` in the
 * migrations.
 * @param payments of one source; no two of one reservation or one reference
 * @param testProvider see `recordPayment`
 * @returns for each payment that it is recorded; null where `recordPayment` has to decide, and
 * nothing is recorded
 * @throws what says that the database was not reached or gave no answer; then each may be recorded or not
 */
export async function recordTogether(
  db: Database,
  payments: readonly ProvenPayment[],
  { testProvider }: { testProvider: boolean },
): Promise<(RecordResult | null)[]> {
  const results: (RecordResult | null)[] = payments.map(() => null);
  const { source, actor } = payments[0]!;
  try {
    const rows = await db.rows(RECORD, [
      payments.map(({ reference }) => reference),
      payments.map(({ reservationId }) => reservationId),
      payments.map(({ amount }) => amount),
      payments.map(({ currency }) => currency),
      source,
      actor,
      capturedBy(source, testProvider),
    ]);
    for (const { recorded } of rows) results[recorded - 1] = { kind: 'recorded' };
  } catch (error) {
    // Each goes alone, and hears what is wrong with its own.
    if (!isRefused(error)) throw error;
  }
  return results;
}
