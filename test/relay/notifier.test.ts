import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../src/db/database';
import { createNotifier } from '../../src/db/outbox-notifier';

describe('A notification of the relays', () => {
  const notified: unknown[] = [];
  const db = {
    run: (_statement: unknown, [queue]: unknown[]) => {
      notified.push(queue);
      return Promise.reject(new Error('the database is away'));
    },
  } as unknown as Database;
  beforeEach(() => void notified.splice(0));

  it('goes out after the answer to the request that asked for it', async () => {
    const notify = createNotifier(db);
    notify('starts');
    const answered = await Promise.resolve().then(() => [...notified]);
    await nextTurn();
    expect([answered, notified]).toEqual([[], ['starts']]);
  });

  it('is one for many requests at once, and one more for those that came meanwhile', async () => {
    const notify = createNotifier(db);
    for (let request = 0; request < 50; request++) notify('starts');
    notify('commands');
    await nextTurn();
    expect(notified).toEqual(['starts', 'commands']);
    while (notified.length < 3) await delay(5);
    await delay(50);
    expect(notified).toEqual(['starts', 'commands', 'starts']);
  });
});
