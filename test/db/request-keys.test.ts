import { randomUUID } from 'node:crypto';
import { sql, type Database } from '../../src/db/database';
import { forgetOldKeys, isKeyKnown, oncePerKey } from '../../src/db/request-keys';
import { fingerprintOf } from '../../src/domain/idempotency-key';
import { openTestDatabase } from '../support/system';

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: 6, prepared: false });
});
afterAll(() => db.close());

const request = (body: unknown, key: string = randomUUID(), space = {}) => ({
  client: 'shop',
  call: 'createRefund',
  resource: 'reservation-1',
  key,
  fingerprint: fingerprintOf(key, body),
  ...space,
});

/** Makes something with a number of its own, or refuses. */
let made = 0;
const ask = (asked: ReturnType<typeof request>, refuse = false) =>
  db.transaction((tx) =>
    oncePerKey(
      tx,
      asked,
      async () => (refuse ? { kind: 'refused' as const } : { kind: 'made' as const, id: ++made }),
      (result) => (result.kind === 'made' ? String(result.id) : null),
    ),
  );

describe('A call under a key', () => {
  it('is done once by many at once, and told what was made', async () => {
    const asked = request({ amount: 1 });
    const results = await Promise.all(Array.from({ length: 6 }, () => ask(asked)));
    const [first, ...more] = results.filter(({ kind }) => kind === 'made');
    expect(more).toEqual([]);
    const { id } = first as { id: number };
    const others = results.filter((result) => result !== first);
    expect(others).toEqual(Array(5).fill({ kind: 'replayed', answer: String(id) }));
  });

  it('with another body is refused', async () => {
    const key = randomUUID();
    await ask(request({ amount: 1 }, key));
    expect(await ask(request({ amount: 2 }, key))).toEqual({ kind: 'reused' });
  });

  it('is another one for another client, call or resource', async () => {
    const key = randomUUID();
    const spaces = [{}, { client: 'other' }, { call: 'createChange' }, { resource: '' }];
    for (const space of spaces) expect((await ask(request({}, key, space))).kind).toBe('made');
  });

  it('that was refused, or failed, leaves its key unused', async () => {
    const asked = request({});
    expect(await ask(asked, true)).toEqual({ kind: 'refused' });
    const fails = db.transaction((tx) =>
      oncePerKey(
        tx,
        asked,
        () => Promise.reject(new Error('crash')),
        () => 'x',
      ),
    );
    await expect(fails).rejects.toThrow('crash');
    expect(await isKeyKnown(db, asked)).toBe(false);
    expect((await ask(asked)).kind).toBe('made');
  });

  it('is known for ninety days', async () => {
    const [old, young] = [request({}), request({})];
    await ask(old);
    await ask(young);
    const age = sql(
      'raw:age',
      `update request_keys set created_at = now() - $2 * interval '1 day' where key = $1`,
    );
    await db.run(age, [old.key, 91]);
    await db.run(age, [young.key, 89]);
    await forgetOldKeys(db, 100);
    expect([await isKeyKnown(db, old), await isKeyKnown(db, young)]).toEqual([false, true]);
  });
});
