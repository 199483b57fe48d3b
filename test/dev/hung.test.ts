import { spawn } from 'node:child_process';
import { endHungParts } from '../../dev/hung';
import type { Stack } from '../../dev/stack';
import { eventually } from '../support/api';
import { testServices } from '../support/services';
import { createMigratedNamespace, startSystem, type TestSystem } from '../support/system';
import { startTcpProxy } from '../support/tcp-proxy';

describe('One of several workers', () => {
  let system: TestSystem;
  beforeAll(async () => {
    const workers = ['reservations,relay', 'reservations', 'mail', 'documents,webhooks'];
    system = await startSystem({ workers });
  });
  afterAll(() => system.stop());

  const untilDegraded = (roles: string[] | undefined) =>
    eventually(async () => {
      const answer = await fetch(`${system.info.apiUrl}/readyz`);
      const { degraded } = (await answer.json()) as { degraded?: string[] };
      expect([answer.status, degraded]).toEqual([200, roles]);
    });
  const workersSeen = async () =>
    Number(
      (await system.db.pool.query<{ n: string }>('select count(*) as n from workers')).rows[0]!.n,
    );

  it.each([
    [1, ['reservations']],
    [2, ['mail']],
    [3, ['documents', 'webhooks']],
  ])(
    'that stands still (number %i) is seen by /readyz, which names its roles',
    async (index, roles) => {
      await untilDegraded(undefined);
      const hung = system.stack.pids().workers[index]!;
      process.kill(hung, 'SIGSTOP');
      await untilDegraded(roles);
      process.kill(hung, 'SIGCONT');
      await untilDegraded(undefined);
    },
  );

  it('that died is not missed once another one has its place', async () => {
    await untilDegraded(undefined);
    const dead = system.stack.pids().workers[2]!;
    process.kill(dead, 'SIGKILL');
    await eventually(async () => {
      expect(system.stack.pids().workers[2]).not.toBe(dead);
      expect(await workersSeen()).toBe(4);
    });
    await new Promise((resolve) => setTimeout(resolve, 17_000));
    await untilDegraded(undefined);
  });

  it('that stops in order has left, whatever it still finishes', async () => {
    const mail = system.stack.part('worker-3')!;
    await mail.stop();
    expect(await workersSeen()).toBe(3);
    await mail.start();
    await eventually(async () => {
      expect(await workersSeen()).toBe(4);
    });
  });
});

describe('A worker that stands still (SIGSTOP)', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(() => system.stop());

  const degraded = async () =>
    ((await (await fetch(`${system.info.apiUrl}/readyz`)).json()) as { degraded?: string[] })
      .degraded;

  it('is seen by /readyz, and ended and started again by npm run dev', async () => {
    await eventually(async () => {
      expect(await degraded()).toBeUndefined();
    });
    const [hung] = system.stack.pids().workers;
    process.kill(hung!, 'SIGSTOP');
    await eventually(async () => {
      expect(await degraded()).toEqual(['temporal']);
    });
    process.kill(hung!, 'SIGCONT');
    await eventually(async () => {
      expect(await degraded()).toBeUndefined();
    });

    const stop = new AbortController();
    const said: string[] = [];
    const progress = (line: string) => said.push(line);
    const watching = endHungParts(system.stack, { signal: stop.signal, progress, everyMs: 200 });
    await eventually(async () => {
      const url = system.stack.workerMetricsUrls[0]!.replace('metrics', 'livez');
      expect((await fetch(url)).status).toBe(200);
    });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    process.kill(hung!, 'SIGSTOP');
    await eventually(async () => {
      expect(system.stack.pids().workers[0]).not.toBe(hung);
      expect(await degraded()).toBeUndefined();
    });
    expect(said).toEqual([`worker-1 does not answer any more (process ${hung}) and is ended`]);
    stop.abort();
    await watching;
  });
});

describe('A process that does not answer', () => {
  /** Answers until it gets SIGUSR2; from then on it is busy with other things. */
  const PROGRAM = `
    let busy = false;
    process.on('SIGUSR2', () => (busy = true));
    setInterval(() => busy && JSON.parse('[1]'), 5);
    require('node:http')
      .createServer((_, response) => busy || response.end())
      .listen(0, '127.0.0.1', function () { process.send(this.address().port); });`;

  async function startServer() {
    const child = spawn(process.execPath, ['-e', PROGRAM], {
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const endedAt = new Promise<number>((resolve) =>
      child.once('exit', () => resolve(performance.now())),
    );
    const port = await new Promise<number>((resolve) => child.once('message', resolve));
    return { pid: child.pid!, url: `http://127.0.0.1:${port}`, endedAt };
  }

  it('is ended soon when it stands still, and late when it runs', async () => {
    const [late, standing] = await Promise.all([startServer(), startServer()]);
    const parts: Record<string, { pid: number }> = { api: late, 'worker-1': standing };
    const stack = {
      part: (name: string) => parts[name],
      info: () => ({ apiUrl: late.url, temporalAddress: '127.0.0.1:1', temporalNamespace: 'none' }),
      workerMetricsUrls: [`${standing.url}/metrics`],
    } as unknown as Stack;
    const stop = new AbortController();
    const said: string[] = [];
    const watching = endHungParts(stack, {
      signal: stop.signal,
      progress: (line) => said.push(line),
      everyMs: 100,
      withinMs: 1_000,
    });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    process.kill(late.pid, 'SIGUSR2');
    process.kill(standing.pid, 'SIGSTOP');
    const begun = performance.now();
    const [standingEndedAt, lateEndedAt] = await Promise.all([standing.endedAt, late.endedAt]);
    expect(said).toEqual([
      `worker-1 does not answer any more (process ${standing.pid}) and is ended`,
      `api does not answer any more (process ${late.pid}) and is ended`,
    ]);
    // Twelve looks of a second and not three.
    expect(standingEndedAt).toBeLessThan(lateEndedAt);
    expect(lateEndedAt - begun).toBeGreaterThan(11_000);
    stop.abort();
    await watching;
  });
});

it('A Temporal that lives and answers nothing is ended, too', async () => {
  const { temporalAddress } = testServices();
  const temporalNamespace = await createMigratedNamespace();
  const [host, port] = temporalAddress.split(':') as [string, string];
  const proxy = await startTcpProxy({ host, port: Number(port) });
  const temporal = spawn('sleep', ['600'], { detached: true });
  const ended = new Promise((resolve) => temporal.once('exit', (_code, signal) => resolve(signal)));
  const stack = {
    part: (name: string) => (name === 'temporal' ? { pid: temporal.pid } : undefined),
    info: () => ({
      apiUrl: 'http://127.0.0.1:1',
      temporalAddress: `127.0.0.1:${proxy.port}`,
      temporalNamespace,
    }),
    workerMetricsUrls: [],
  } as unknown as Stack;
  const stop = new AbortController();
  const said: string[] = [];
  const progress = (line: string) => said.push(line);
  const watching = endHungParts(stack, { signal: stop.signal, progress, everyMs: 200 });
  // It has answered, so it is not one that is starting.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(temporal.exitCode).toBeNull();
  proxy.stall();
  expect(await ended).toBe('SIGKILL');
  expect(said).toEqual([
    `temporal does not answer any more (process ${temporal.pid}) and is ended`,
  ]);
  stop.abort();
  await Promise.all([watching, proxy.close()]);
});
