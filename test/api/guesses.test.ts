import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from 'koa';
import { createAuthenticator } from '../../src/api/middleware/authenticate';
import type { Database } from '../../src/db/database';
import { hashKey } from '../../src/db/keys';

const GOOD = 'the-good-key';
const CALLER = { keyId: 1, client: 'shop', role: 'client', eventId: null };

/** A database that knows one key and takes its time, and counts what it is asked. */
function fakeDatabase() {
  const asked = { queries: 0, keys: 0 };
  const rows = async (_statement: unknown, [hashes]: [Buffer[]]) => {
    asked.queries++;
    asked.keys += hashes.length;
    await delay(5);
    const hash = hashKey(GOOD);
    return hashes.some((one) => one.equals(hash)) ? [{ ...CALLER, hash }] : [];
  };
  return { asked, db: { rows } as unknown as Database };
}
const withKey = (key: string) =>
  ({
    get: (name: string) => (name === 'authorization' ? `Bearer ${key}` : ''),
  }) as unknown as Context;
const sessions = { read: async () => null, begin: async () => undefined, end: () => undefined };
const nothing = async () => undefined;
const limits = { key: nothing, address: nothing };

describe('Keys', () => {
  it('that nobody has cost next to no queries, 3,000 of them at 200 a time, and a good key is found among them', async () => {
    const { asked, db } = fakeDatabase();
    const authenticate = createAuthenticator(db, limits, 0, sessions);
    let refused = 0;
    const guesses = Array.from({ length: 200 }, async (_, guesser) => {
      for (let guess = 0; guess < 15; guess++) {
        await authenticate(withKey(`guess-${guesser}-${guess}`), ['client']).catch(() => refused++);
      }
    });
    await delay(10);
    expect(await authenticate(withKey(GOOD), ['client'])).toMatchObject(CALLER);
    await Promise.all(guesses);
    expect(refused).toBe(3000);
    expect(asked.keys).toBe(3001);
    expect(asked.queries).toBeLessThan(100);
  });

  it('are looked up again after an outage of the database', async () => {
    const { db } = fakeDatabase();
    const authenticate = createAuthenticator(db, limits, 0, sessions);
    jest.spyOn(db, 'rows').mockRejectedValueOnce(new Error('away'));
    await expect(authenticate(withKey(GOOD), ['client'])).rejects.toThrow('away');
    expect(await authenticate(withKey(GOOD), ['client'])).toMatchObject(CALLER);
  });
});
