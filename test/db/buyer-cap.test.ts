import { randomUUID } from 'node:crypto';
import { buyerKeyOf } from '../../src/db/holds';
import { sql } from '../../src/db/database';
import { ApiClient } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

describe("A buyer's cap on open holds", () => {
  let system: TestSystem;
  let api: ApiClient;
  beforeAll(async () => {
    system = await startSystem();
    api = new ApiClient(system.info);
  });
  afterAll(() => system.stop());

  const isAtCap = async (client: string | null, email: string, cap: number) => {
    const ask = sql<{ is: boolean }>('at_cap', 'select buyer_is_at_cap($1, $2, $3) as is');
    const [row] = await system.db.rows(ask, [client, buyerKeyOf(email), cap]);
    return row!.is;
  };

  it('counts the holds at one client, and none of another', async () => {
    const event = await api.event();
    const email = `${randomUUID()}@example.org`;
    const { client } = await api.held(event, ['A-1'], { email }).then(async ({ id }) => {
      const who = sql<{ client: string }>('who', 'select client from reservations where id = $1');
      const [row] = await system.db.rows(who, [id]);
      return row!;
    });
    await api.held(event, ['A-2'], { email });
    await api.held(event, ['A-3'], { email, key: system.info.keys.client2 });
    expect(await isAtCap(client, email, 2)).toBe(true);
    expect(await isAtCap(client, email, 3)).toBe(false);
    expect(await isAtCap('another', email, 1)).toBe(false);
    expect(await isAtCap(null, email, 1)).toBe(false);
  });
});
