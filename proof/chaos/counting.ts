import { Client as TemporalClient, Connection } from '@temporalio/client';
import { Client, type QueryResultRow } from 'pg';
import type { Services } from '../../dev/services';
import type { Violation } from './book';

/** Direct ways into the system for whoever counts: past the proxies, and with none of the engine's code. */
export interface Counter {
  rows<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  temporal: TemporalClient;
  close(): Promise<void>;
}

/** Opens the direct ways. The database connection is made anew for each question: the server may die in between. */
export async function openCounter(services: Services): Promise<Counter> {
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

/** Collects what is wrong under one rule. */
export class Findings {
  readonly violations: Violation[] = [];
  /** How many things each rule was held against: a rule that looked at nothing proves nothing. */
  readonly looked = new Map<string, number>();

  /** Holds one rule against one subject. @param wrong what is wrong, or null */
  check(rule: string, subject: string, wrong: string | null): void {
    this.looked.set(rule, (this.looked.get(rule) ?? 0) + 1);
    if (wrong !== null) this.violations.push({ rule, subject, detail: wrong });
  }
}
