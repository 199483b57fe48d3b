import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, sql } from '../../src/db/database';
import { ApiClient, eventually } from '../support/api';
import { findPgBouncer } from '../support/find-debian-program';
import { startPgBouncer, type PgBouncer } from '../support/pgbouncer';
import {
  createTestDatabase,
  dropTestDatabase,
  startSystem,
  type TestSystem,
} from '../support/system';

/** API and workers want ten each: they have to share. */
const SERVER_CONNECTIONS = 10;

const program = findPgBouncer();
if ('reason' in program)
  process.stderr.write(`Skipped, what runs through PgBouncer: ${program.reason}\n`);

/**
 * Makes an empty database and the user that docs/guides/run-in-production.md asks for: the limits that a connection
 * cannot set through the pooler are set on the user. @returns its address
 */
async function createDatabaseWithUser(): Promise<string> {
  const url = new URL(await createTestDatabase());
  const [name, password] = [
    `user_${randomUUID().replaceAll('-', '')}`,
    randomBytes(12).toString('hex'),
  ];
  const admin = createDatabase({
    url: url.href,
    pool: 1,
    prepared: false,
    applicationName: 'holdfast-test',
  });
  await admin.run(sql('role', `create role ${name} login password '${password}'`));
  await admin.run(sql('limit', `alter role ${name} set statement_timeout = '5s'`));
  await admin.run(
    sql('idle_limit', `alter role ${name} set idle_in_transaction_session_timeout = '10s'`),
  );
  await admin.run(sql('owner', `alter database ${url.pathname.slice(1)} owner to ${name}`));
  await admin.close();
  [url.username, url.password] = [name, password];
  return url.href;
}

/** The connections that Postgres has for a database, those of this look apart. */
const CONNECTIONS = sql(
  'connections',
  `select application_name as name, query from pg_stat_activity where datname = $1 and application_name <> 'holdfast-test'`,
);

describe('Through PgBouncer in transaction mode, ten server connections for all,', () => {
  if ('reason' in program) {
    it.skip(program.reason, () => undefined);
    return;
  }

  let directUrl: string;
  let pooler: PgBouncer;
  beforeAll(async () => {
    directUrl = await createDatabaseWithUser();
    pooler = await startPgBouncer(program, directUrl, SERVER_CONNECTIONS);
  });
  afterAll(async () => {
    await pooler.stop();
    await dropTestDatabase(directUrl);
  });

  const connections = async (system: TestSystem) =>
    system.db.rows<{ name: string; query: string }>(CONNECTIONS, [
      new URL(directUrl).pathname.slice(1),
    ]);
  const listening = async (system: TestSystem) =>
    (await connections(system)).filter(({ query }) => query.startsWith('listen')).length;
  /** Migrations and commands go past the pooler; the processes through it. */
  const start = (workerEnv: NodeJS.ProcessEnv) =>
    startSystem({
      databaseUrl: directUrl,
      reachedAt: { databaseUrl: pooler.url },
      childEnv: { DATABASE_DIRECT_URL: directUrl, DATABASE_PREPARED: 'off' },
      workerEnv,
    });

  describe('with nobody who listens,', () => {
    let system: TestSystem;
    let api: ApiClient;
    beforeAll(async () => {
      system = await start({ DATABASE_DIRECT_URL: '' });
      api = new ApiClient(system.info);
    });
    afterAll(() => system.leave());

    it('seats are held, paid by webhook, confirmed and printed', async () => {
      const event = await api.event();
      const held = await api.held(event, ['A-1', 'A-2']);
      expect((await api.pay(held)).status).toBe(200);
      await api.until(held.id, 'confirmed');
      expect(await api.tickets(held.id)).toMatchObject([
        { seat: 'A-1', status: 'valid' },
        { seat: 'A-2', status: 'valid' },
      ]);
      await eventually(async () => {
        expect((await api.call('GET', `/v1/reservations/${held.id}/tickets.pdf`)).status).toBe(200);
      });
      expect(await listening(system)).toBe(0);
    });

    it('a hold is extended, cancelled by its client, and a sale is given back', async () => {
      const event = await api.event();
      const held = await api.held(event, ['A-1']);
      const extended = await api.call('POST', `/v1/reservations/${held.id}/extend`);
      expect(extended.status).toBe(200);
      expect(extended.body.expiresAt).not.toBe(held.expiresAt);
      const sold = await api.sold(event, ['A-2']);
      for (const { id } of [held, sold]) {
        await api.cancel(id);
        await api.until(id, 'cancelled');
      }
      await eventually(async () =>
        expect(await api.payments(sold.id)).toMatchObject([{ status: 'refunded' }]),
      );
      expect(await api.seatStatus(event, 'A-2')).toBe('available');
    });

    it('an expired hold is written down, by its actor or, where that is gone, by the sweep', async () => {
      const event = await api.event({ holdTtlSeconds: 10 });
      const [own, orphan] = await Promise.all([api.held(event, ['A-1']), api.held(event, ['A-2'])]);
      await eventually(() =>
        system.temporal.workflow.getHandle(orphan.id).terminate('its hold is for the sweep'),
      );
      for (const { id } of [own, orphan]) {
        await eventually(async () => {
          expect((await api.history(id)).map(({ type }) => type)).toEqual([
            'reservation.held',
            'reservation.expired',
          ]);
        });
      }
    });

    it('of twenty who want one seat at once, one gets it', async () => {
      const event = await api.event();
      const answers = await Promise.all(Array.from({ length: 20 }, () => api.hold(event, ['A-1'])));
      const counted = [201, 409].map(
        (status) => answers.filter((answer) => answer.status === status).length,
      );
      expect(counted).toEqual([1, 19]);
    });

    it('more buyers than connections are all served, and Postgres sees no more than ten', async () => {
      const event = await api.event({
        sections: [{ name: 'Floor', category: 'floor', places: 200 }],
      });
      const labels = (await api.seats(event)).map(({ label }) => label);
      let most = 0;
      let over = false;
      const watching = (async () => {
        // One that the pooler has closed is seen for a moment beside the one that took its place: two looks count.
        for (let before = 0; !over;) {
          const now = (await connections(system)).length;
          most = Math.max(most, Math.min(before, now));
          before = now;
        }
      })();
      const answers = await Promise.all(labels.map((label) => api.hold(event, [label])));
      over = true;
      await watching;
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(SERVER_CONNECTIONS);
    });

    it('statements have the limits of their user', async () => {
      const db = createDatabase({
        url: pooler.url,
        pool: 1,
        prepared: false,
        applicationName: 'holdfast-test',
      });
      expect(await db.rows(sql('show', 'show statement_timeout'))).toEqual([
        { statement_timeout: '5s' },
      ]);
      await db.close();
    });

    it('nothing that a pooler cannot do is asked of it', () => {
      const { logFolder } = system.stack;
      const logs = readdirSync(logFolder).map((name) =>
        readFileSync(join(logFolder, name), 'utf8'),
      );
      expect([...logs, pooler.log()].join('\n')).not.toMatch(
        /prepared statement|unsupported startup parameter/i,
      );
    });
  });

  describe('with a direct address for who listens,', () => {
    let system: TestSystem;
    beforeAll(async () => void (system = await start({})));
    afterAll(() => system.leave());

    it('the relay is woken on a connection of its own, and sells', async () => {
      await eventually(async () => expect(await listening(system)).toBe(1));
      const api = new ApiClient(system.info);
      const held = await api.held(await api.event(), ['A-1']);
      expect((await api.pay(held)).status).toBe(200);
      await api.until(held.id, 'confirmed');
    });
  });
});
