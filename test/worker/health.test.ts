import { createServer } from 'node:http';
import { execFile } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createWorkerHealth, serveHealth } from '../../src/worker/health';
import { eventually } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

const WORKER = join(__dirname, '../../dist/src/worker/main.js');

describe('A worker is ready', () => {
  it('once Temporal is reached and a heartbeat is written, as long as both go on', () => {
    let clock = 0;
    let running = true;
    const health = createWorkerHealth(() => clock);
    expect(health.complaint()).toBe('Temporal has not been reached yet');
    health.watch([() => true, () => running]);
    expect(health.complaint()).toMatch(/^no heartbeat was written for 15 s/);
    health.heartbeatWritten();
    expect(health.complaint()).toBeNull();
    clock = 15_001;
    expect(health.complaint()).toMatch(/^no heartbeat/);
    health.heartbeatWritten();
    expect(health.complaint()).toBeNull();
    running = false;
    expect(health.complaint()).toBe('a poller does not run');
  });

  it('and says so over HTTP', async () => {
    let complaint: string | null = 'not yet';
    const health = { complaint: () => complaint };
    const server = await serveHealth({
      port: 0,
      host: '127.0.0.1',
      health,
      metrics: async () => 'figures 1\n',
    });
    const get = async (path: string) => {
      const response = await fetch(
        `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
      );
      return [response.status, await response.text()];
    };
    expect(await get('/livez')).toEqual([200, '{"status":"ok"}']);
    expect(await get('/readyz')).toEqual([503, '{"reason":"not yet"}']);
    complaint = null;
    expect(await get('/readyz?verbose')).toEqual([200, '{"status":"ready"}']);
    expect(await get('/metrics')).toEqual([200, 'figures 1\n']);
    expect((await get('/'))[0]).toBe(404);
    server.close();
  });
});

describe('The worker process', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startSystem({ workers: ['reservations,mail', 'relay'] });
  });
  afterAll(() => system.stop());

  it('is ready with each role, a relay without a task queue too', async () => {
    for (const url of system.stack.workerMetricsUrls) {
      const answer = await eventually(async () => {
        const response = await fetch(url.replace('/metrics', '/readyz'));
        expect(response.status).toBe(200);
        return response.json();
      });
      expect(answer).toEqual({ status: 'ready' });
      expect(await (await fetch(url)).text()).toContain('holdfast_outbox_entries');
    }
  });

  /** Every address of 127.0.0.0/8 is this machine; a listener on 127.0.0.1 has that one alone. */
  const atAnotherAddress = (url: string) => url.replace('127.0.0.1', '127.0.0.2');

  it('listens on 127.0.0.1 alone', async () => {
    const [url] = system.stack.workerMetricsUrls;
    expect((await fetch(url!)).status).toBe(200);
    await expect(fetch(atAnotherAddress(url!))).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('listens where METRICS_HOST says', async () => {
    const told = await startSystem({ workers: ['relay'], workerEnv: { METRICS_HOST: '0.0.0.0' } });
    const [url] = told.stack.workerMetricsUrls;
    await eventually(async () => {
      expect((await fetch(atAnotherAddress(url!))).status).toBe(200);
    });
    await told.stop();
  });

  it('that finds its port taken says so in one line', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const { databaseUrl, temporalAddress, temporalNamespace } = system.info;
    const env = {
      PATH: process.env.PATH,
      LOG_LEVEL: 'silent',
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: temporalNamespace,
      METRICS_PORT: String(port),
    };
    const { code, err } = await new Promise<{ code: unknown; err: string }>((resolve) => {
      execFile(process.execPath, [WORKER], { env, timeout: 60_000 }, (error, _out, stderr) =>
        resolve({ code: error?.code, err: stderr }),
      );
    });
    other.close();
    expect(err).toMatch(
      /^Settings METRICS_PORT and METRICS_HOST cannot be used: .*EADDRINUSE.*\n$/,
    );
    expect(code).toBe(1);
  });
});
