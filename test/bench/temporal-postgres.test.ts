import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTemporalOnPostgres } from '../../src/bench/targets/temporal-postgres';
import { seekTemporalServer } from '../../src/bench/targets/temporal-server';
import { startStack } from '../../src/dev/stack';
import { ApiClient } from '../support/api';
import { testServices } from '../support/services';

const { PATH, HOME, XDG_CACHE_HOME } = process.env;
// Building the server takes minutes; `npm run bench -- --temporal postgres` does it.
const there = seekTemporalServer({ PATH, HOME, XDG_CACHE_HOME }) !== undefined;
if (!there) process.stderr.write('Skipped, what runs on a Temporal server with PostgreSQL: it is not built here\n');

(there ? describe : describe.skip)('A Temporal server on PostgreSQL', () => {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-temporal-'));
  // As root, Postgres runs as a user of its own, who must get through.
  chmodSync(home, 0o711);
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('carries reservations, and goes on with its data when it is started again', async () => {
    const confirmed: string[] = [];
    for (let life = 0; life < 2; life++) {
      const temporal = await startTemporalOnPostgres({
        home: join(home, 'temporal'),
        env: { PATH, HOME, XDG_CACHE_HOME },
      });
      const named = { DATABASE_URL: temporal.databaseUrl, TEMPORAL_ADDRESS: temporal.address };
      try {
        const stack = await startStack({
          home: join(home, 'system'),
          env: { PATH, HOME, ...named, SMTP_URL: testServices().smtpUrl, RATE_LIMIT: 'off' },
          ports: { PORT: 0 },
          workers: ['reservations,documents,mail,relay'],
          seed: false,
        });
        try {
          const api = new ApiClient(stack.info());
          const held = await api.held(await api.event(), ['A-1']);
          expect((await api.pay(held)).status).toBe(200);
          confirmed.push((await api.until(held.id, 'confirmed')).id);
          expect(await api.tickets(held.id)).toHaveLength(1);
          for (const id of confirmed) expect((await api.get(id)).body.status).toBe('confirmed');
        } finally {
          await stack.stop();
        }
      } finally {
        await temporal.stop();
      }
    }
  });
});
