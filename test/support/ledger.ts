import { sql, type Database } from '../../src/db/database';

interface Entry {
  reference: string;
  amount: number;
  currency: string;
}

const CHARGES = sql(
  'test_charges',
  'select reference, amount, currency from test_provider.charges where reference = $1',
);
const REFUNDS = sql(
  'test_refunds',
  'select reference, amount, currency from test_provider.refunds where reference = $1',
);

/** What the test provider's own books say was taken under a reference. */
export const chargesOf = (db: Database, reference: string) =>
  db.rows<Entry & Record<string, unknown>>(CHARGES, [reference]);

/** What the test provider's own books say was given back of a reference. */
export const refundsOf = (db: Database, reference: string) =>
  db.rows<Entry & Record<string, unknown>>(REFUNDS, [reference]);
