import { Client as TemporalClient, Connection } from '@temporalio/client';
import { Client, type QueryResultRow } from 'pg';
import type { Services } from '../../dev/services';
import type { Violation } from './journal';

/** Direct access to PostgreSQL and Temporal for the checks: it bypasses the proxies and uses no code of the product. */
export interface DirectAccess {
  rows<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  temporal: TemporalClient;
  close(): Promise<void>;
}

/** Opens the access. Each query has a connection of its own: the server may be killed in between. */
export async function openDirectAccess(services: Services): Promise<DirectAccess> {
  const connection = Connection.lazy({ address: services.temporalAddress });
  return {
    async rows<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) {
      const client = new Client({
        connectionString: services.databaseUrl,
        connectionTimeoutMillis: 5_000,
        query_timeout: 60_000,
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        return (await client.query<Row>(text, [...values])).rows;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    temporal: new TemporalClient({ connection, namespace: services.temporalNamespace }),
    close: () => connection.close(),
  };
}

/** Collects the violations of the rules. */
export class Findings {
  readonly violations: Violation[] = [];
  /** How many subjects each rule was checked on: a rule without subjects proves nothing. */
  readonly checked = new Map<string, number>();

  /** Checks one rule on one subject. @param wrong what is wrong, or null */
  check(rule: string, subject: string, wrong: string | null): void {
    this.checked.set(rule, (this.checked.get(rule) ?? 0) + 1);
    if (wrong !== null) this.violations.push({ rule, subject, detail: wrong });
  }
}
