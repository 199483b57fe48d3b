import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createDatabase, sql } from '../../src/db/database';
import { eventually } from '../support/api';
import { freePort } from '../support/free-port';
import { runProgram } from '../support/run-program';
import { createTestNamespace, testServices } from '../support/services';
import { createTestDatabase } from '../support/system';
import { startTcpProxy } from '../support/tcp-proxy';

const API = join(__dirname, '../../dist/src/api/main.js');
const MIGRATE = join(__dirname, '../../dist/src/cli/migrate.js');

const running: ChildProcess[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  }
});

async function startApi(databaseUrl: string, env: NodeJS.ProcessEnv = {}) {
  const port = await freePort();
  const child = spawn(process.execPath, [API], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: testServices().temporalAddress,
      TEMPORAL_NAMESPACE: await createTestNamespace(),
      HOST: '127.0.0.1',
      PORT: String(port),
      DRAIN_SECONDS: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (said += data.toString()));
  return {
    child,
    port,
    said: () => said,
    isReady: () =>
      eventually(async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
        expect(answer.status).toBe(200);
      }),
  };
}

describe('An API that is started', () => {
  it('before the schema says what to run, and serves once that is done', async () => {
    const url = await createTestDatabase();
    const api = await startApi(url);
    await eventually(() => {
      expect(api.said()).toContain('the database has no schema yet: run npm run migrate');
    });
    expect(api.child.exitCode).toBeNull();
    expect((await runProgram(MIGRATE, { DATABASE_URL: url })).code).toBe(0);
    await api.isReady();
  });

  it('on the schema of an older release says what is missing', async () => {
    const url = await createTestDatabase();
    await runProgram(MIGRATE, { DATABASE_URL: url });
    const db = createDatabase({ url, pool: 1, prepared: false, applicationName: 'holdfast-test' });
    await db.run(sql('older', `delete from schema_migrations where name like '0011%'`));
    const api = await startApi(url);
    await eventually(() => {
      expect(api.said()).toMatch(/older release \(it has no 0011_\w+\): run npm run migrate/);
    });
    await db.close();
    api.child.kill('SIGTERM');
    expect(await once(api.child, 'exit')).toEqual([0, null]);
  });

  it('before PostgreSQL waits for it', async () => {
    const url = new URL(await createTestDatabase());
    await runProgram(MIGRATE, { DATABASE_URL: url.href });
    const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
    proxy.cut();
    url.host = `127.0.0.1:${proxy.port}`;
    const api = await startApi(url.href);
    await eventually(() => {
      expect(api.said()).toContain('PostgreSQL is not there yet, trying again');
    });
    proxy.mend();
    await api.isReady();
    await proxy.close();
  });

  it.each(['1', '2'])('on a port that is taken says so, in lines (%s processes)', async (count) => {
    const url = await createTestDatabase();
    await runProgram(MIGRATE, { DATABASE_URL: url });
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const api = await startApi(url, { PORT: String(port), API_PROCESSES: count });
    expect(await once(api.child, 'exit')).toEqual([1, null]);
    other.close();
    expect(api.said()).toContain('Setting PORT cannot be used: the port is taken');
    expect(api.said()).not.toMatch(/^\s+at /m);
  });

  it('with a password that is wrong says so in one line', async () => {
    const url = new URL(await createTestDatabase());
    url.password = 'wrong';
    url.username = 'nobody';
    const api = await startApi(url.href, { LOG_LEVEL: 'silent' });
    expect(await once(api.child, 'exit')).toEqual([1, null]);
    expect(api.said()).toMatch(/^Setting DATABASE_URL cannot be used: .*\n$/);
  });
});
