import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { SERVER_ENV, writeServerConfig } from '../../proof/bench/targets/temporal-config';
import { startTemporalOnPostgres } from '../../proof/bench/targets/temporal-postgres';
import { seekTemporalServer } from '../../proof/bench/targets/temporal-server';
import { startStack } from '../../dev/stack';
import { PROJECT } from '../../dev/steps';
import { ApiClient } from '../support/api';
import { testServices } from '../support/services';

const { PATH, HOME, XDG_CACHE_HOME } = process.env;
// Building the server takes minutes; `npm run bench -- --temporal postgres` does it.
const there = seekTemporalServer({ PATH, HOME, XDG_CACHE_HOME }) !== undefined;
if (!there)
  process.stderr.write(
    'Skipped, what runs on a Temporal server with PostgreSQL: it is not built here\n',
  );

describe('The second target of the benchmark', () => {
  it('is set as the server of docker-compose.yml is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-temporal-'));
    const pair = { rpc: 1, membership: 2 };
    const ports = { frontend: pair, matching: pair, history: pair, worker: pair };
    writeServerConfig(folder, 'postgres://user:p%40ss@127.0.0.1:5/holdfast', ports);
    const config = JSON.parse(readFileSync(join(folder, 'bench.yaml'), 'utf8')) as {
      persistence: {
        numHistoryShards: number;
        datastores: Record<string, { sql: { password: string } }>;
      };
      dynamicConfigClient: { filepath: string };
    };
    rmSync(folder, { recursive: true });
    const compose = readFileSync(join(PROJECT, 'docker-compose.yml'), 'utf8');
    expect(compose).toContain(`NUM_HISTORY_SHARDS: '${config.persistence.numHistoryShards}'`);
    expect(compose).toContain(`- ./${relative(PROJECT, config.dynamicConfigClient.filepath)}:`);
    expect(compose).toContain(`GOGC: '${SERVER_ENV.GOGC}'`);
    expect(existsSync(config.dynamicConfigClient.filepath)).toBe(true);
    expect(config.persistence.datastores.default?.sql.password).toBe('p@ss');
  });
});

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
