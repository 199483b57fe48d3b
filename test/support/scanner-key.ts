import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/db/database';
import { addKey, newKey } from '../../src/db/keys';
import type { ApiClient } from './api';

/** A scanner's key for one event alone. */
export async function scannerKeyFor(db: Database, api: ApiClient, event: string): Promise<string> {
  const key = newKey('scanner');
  const { body } = await api.call<{ id: string }>('GET', `/v1/events/${event}`);
  const owner = { client: `door-${randomUUID().slice(0, 8)}`, role: 'scanner' } as const;
  await addKey(db, key, owner, { demo: false, eventId: body.id });
  return key;
}
