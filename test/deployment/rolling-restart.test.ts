import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient, eventually } from '../support/api';
import { freePort } from '../support/free-port';
import { findHaproxy } from '../support/find-debian-program';
import { testServices } from '../support/services';
import { startSystem, type TestSystem } from '../support/system';
import { startTcpProxy } from '../support/tcp-proxy';

const EVERY_MS = 50;
/** Of a hold that the API cannot answer in time. */
const ATTEMPTS = 3;
const API = join(__dirname, '../../dist/src/api/main.js');

const haproxy = findHaproxy();
if ('reason' in haproxy)
  process.stderr.write(`Skipped, what runs behind HAProxy: ${haproxy.reason}\n`);

let system: TestSystem;
let api: ApiClient;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await system.stop();
});

function launch(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('exit', (code) => resolve(code)));

/** One more API process of the system, in default settings, once it is ready. */
async function startApi(port: number, settings: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const { databaseUrl, temporalAddress, temporalNamespace, webhookSecrets } = system.info;
  const child = launch(process.execPath, [API], {
    PATH: process.env.PATH,
    PORT: String(port),
    HOST: '127.0.0.1',
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: temporalNamespace,
    STANDARD_WEBHOOK_SECRET: webhookSecrets.standard,
    ...settings,
  });
  await eventually(async () => {
    if (!(await fetch(`http://127.0.0.1:${port}/readyz`)).ok) throw new Error('not ready');
  });
  return child;
}

interface Outcome {
  status: number | string;
  closes: boolean;
}
/** `again`: after how many seconds the API takes the same request. */
interface Answer extends Outcome {
  again?: string | undefined;
}

/** Sends one hold over a connection that is kept alive. @returns the answer, or the error of the connection */
function send(url: string, agent: Agent, id: string, body: string): Promise<Answer> {
  return new Promise((resolve) => {
    const call = request(
      `${url}/v1/reservations`,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${system.info.keys.client}`,
          'content-type': 'application/json',
          'idempotency-key': id,
        },
      },
      (answer) => {
        const closes = answer.headers.connection === 'close';
        const again = answer.headers['retry-after'];
        answer.resume();
        answer.once('end', () => resolve({ status: answer.statusCode!, closes, again }));
        answer.once('error', (error) => resolve({ status: error.message, closes }));
      },
    );
    call.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ status: error.code ?? error.message, closes: false }),
    );
    call.end(body);
  });
}

/**
 * Holds a seat of its own. On a machine that is busy with other things, PostgreSQL may be too late for one: that is
 * sent again, as the API says in its answer. HAProxy's own 503 does not say so, and is a failure.
 * @returns the status, or the error of the connection
 */
async function hold(url: string, agent: Agent, event: string, seat: string): Promise<Outcome> {
  const id = randomUUID();
  const body = JSON.stringify({
    event,
    seats: [seat],
    buyer: { name: 'Ada', email: `${id}@example.org` },
  });
  for (let attempt = 1; ; attempt++) {
    const { again, ...outcome } = await send(url, agent, id, body);
    if (outcome.status !== 503 || again === undefined || attempt === ATTEMPTS) return outcome;
    await delay(Number(again) * 1000);
  }
}

interface Sending {
  /** Waits until so many requests were sent, however busy the machine is. */
  until(count: number): Promise<void>;
  stop(): Promise<Outcome[]>;
}

/** Sends a request at a time, at an even pace, until told to stop. */
function startSending(send: (index: number) => Promise<Outcome>): Sending {
  const outcomes: Promise<Outcome>[] = [];
  const timer = setInterval(() => outcomes.push(send(outcomes.length)), EVERY_MS);
  return {
    until: (count) => eventually(() => expect(outcomes.length).toBeGreaterThanOrEqual(count)),
    stop() {
      clearInterval(timer);
      return Promise.all(outcomes);
    },
  };
}

const house = () =>
  api.event({
    maxSeatsPerReservation: 10,
    categories: [{ code: 'floor', name: 'Floor', price: 1000 }],
    sections: [{ name: 'F', category: 'floor', places: 20_000 }],
  });
const failures = (outcomes: readonly Outcome[]) => outcomes.filter(({ status }) => status !== 201);

describe('An API process that is asked to end', () => {
  it.each([
    ['by itself', '1'],
    ['as two on one port', '2'],
  ])(
    '(%s) answers on while it says that it is not ready, each answer the last of its connection, and loses none',
    async (_, processes) => {
      const port = await freePort();
      // All that is sent within two seconds is answered before it takes no more connections, on a busy machine too.
      const child = await startApi(port, { DRAIN_SECONDS: '10', API_PROCESSES: processes });
      const url = `http://127.0.0.1:${port}`;
      const event = await house();
      const agent = new Agent({ keepAlive: true, maxSockets: 8 });
      const idle = new Agent({ keepAlive: true });
      expect((await hold(url, idle, event, 'F-19999')).status).toBe(201);
      const sending = startSending((index) => hold(url, agent, event, `F-${index + 1}`));
      await delay(1000);
      const end = ended(child);
      child.kill('SIGTERM');
      await delay(1000);
      const ready = await fetch(`${url}/readyz`);
      expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      const late = hold(url, agent, event, 'F-20000');
      await sending.until(60);
      const outcomes = await sending.stop();
      expect(failures(outcomes)).toEqual([]);
      expect(outcomes.filter(({ closes }) => closes).length).toBeGreaterThan(10);
      expect(await late).toEqual({ status: 201, closes: true });
      expect(await end).toBe(0);
    },
  );

  it('waits for what runs, and ends its streams in order', async () => {
    const port = await freePort();
    const child = await startApi(port, { DRAIN_SECONDS: '0' });
    const url = `http://127.0.0.1:${port}`;
    const event = await house();
    const stream = await fetch(`${url}/v1/events/${event}/stream`);
    const reader = stream.body!.getReader();
    await reader.read();
    // Somebody has the seat's row for two seconds, so the hold takes as long.
    const slow = system.db.transaction(async (tx) => {
      await tx.rows(
        {
          name: '',
          text: `select from seats where label = 'F-7' and event_id = (select id from events where slug = $1) for update`,
        },
        [event],
      );
      await delay(2000);
    });
    await delay(300);
    const held = hold(url, new Agent({ keepAlive: true }), event, 'F-7');
    await delay(300);
    const end = ended(child);
    child.kill('SIGTERM');
    expect(await held).toMatchObject({ status: 201 });
    await slow;
    // The stream ends as a whole one does: no error.
    for (;;) if ((await reader.read()).done) break;
    expect(await end).toBe(0);
  });
});

describe('Behind HAProxy in its default settings', () => {
  if ('reason' in haproxy) {
    it.skip(haproxy.reason, () => undefined);
    return;
  }
  const balancer = haproxy;

  /**
   * Starts HAProxy in front of these processes; it asks their `/readyz`.
   * @returns its address, once it answers, whether it sends requests to a process, and how to end it
   */
  async function startBalancer(ports: readonly number[]) {
    const [front, statistics] = await Promise.all([freePort(), freePort()]);
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-haproxy-'));
    const config = join(folder, 'haproxy.cfg');
    writeFileSync(
      config,
      `defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
listen api
  bind 127.0.0.1:${front}
  option httpchk GET /readyz
${ports.map((port) => `  server api-${port} 127.0.0.1:${port} check\n`).join('')}
listen statistics
  bind 127.0.0.1:${statistics}
  stats enable
  stats uri /
`,
    );
    const proxy = launch(balancer.file, ['-f', config, '-db'], {
      PATH: process.env.PATH,
      LD_LIBRARY_PATH: balancer.libraryPath,
    });
    const url = `http://127.0.0.1:${front}`;
    await eventually(async () => {
      if (!(await fetch(`${url}/livez`)).ok) throw new Error('HAProxy does not answer yet');
    });
    /** The columns are those of its manual: the 18th has the state. */
    async function isUp(port: number): Promise<boolean> {
      const table = await (await fetch(`http://127.0.0.1:${statistics}/;csv`)).text();
      const row = table.split('\n').find((line) => line.startsWith(`api,api-${port},`));
      return row?.split(',')[17] === 'UP';
    }
    return {
      url,
      isUp,
      stop: () => {
        proxy.kill('SIGTERM');
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }

  it('a rolling restart of two API processes in theirs fails no request of twenty a second', async () => {
    const ports = await Promise.all([freePort(), freePort()]);
    const running = new Map<number, ChildProcess>();
    for (const port of ports) running.set(port, await startApi(port));
    const { url, isUp, stop } = await startBalancer(ports);
    const event = await house();
    const agent = new Agent({ keepAlive: true });
    const sending = startSending((index) => hold(url, agent, event, `F-${index + 1}`));
    await delay(2000);
    for (const port of ports) {
      const old = running.get(port)!;
      const end = ended(old);
      old.kill('SIGTERM');
      expect(await end).toBe(0);
      running.set(port, await startApi(port));
      // Two good checks, two seconds apart, and it has requests again; later on a busy machine.
      await eventually(async () => expect(await isUp(port)).toBe(true));
      await delay(2000);
    }
    await sending.until(400);
    expect(failures(await sending.stop())).toEqual([]);
    stop();
  });

  it.each<['refuses connections' | 'hangs']>([['refuses connections'], ['hangs']])(
    'no hold of twenty a second fails while Temporal %s',
    async (how) => {
      const [host, temporalPort] = system.info.temporalAddress.split(':') as [string, string];
      const temporal = await startTcpProxy({ host, port: Number(temporalPort) });
      const ports = await Promise.all([freePort(), freePort()]);
      const settings = { TEMPORAL_ADDRESS: `127.0.0.1:${temporal.port}` };
      const running = await Promise.all(ports.map((port) => startApi(port, settings)));
      const { url, stop } = await startBalancer(ports);
      const event = await house();
      const agent = new Agent({ keepAlive: true });
      const sending = startSending((index) => hold(url, agent, event, `F-${index + 1}`));
      await delay(1000);
      if (how === 'hangs') temporal.stall();
      else temporal.cut();
      // Three failed checks, two seconds apart, would take a process out; for longer than that.
      await delay(10_000);
      const ready = await fetch(`${url}/readyz`);
      expect(await ready.json()).toMatchObject({ degraded: ['temporal'] });
      await sending.until(150);
      expect(failures(await sending.stop())).toEqual([]);
      for (const child of running) child.kill('SIGKILL');
      stop();
      await temporal.close();
    },
  );
});

describe('A process whose output nobody reads', () => {
  const worker = join(__dirname, '../../dist/src/worker/main.js');
  const start = (file: string, port: number): ChildProcess => {
    const { databaseUrl, temporalNamespace, temporalAddress } = system.info;
    const child = spawn(process.execPath, [file], {
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        HOST: '127.0.0.1',
        DRAIN_SECONDS: '0',
        DATABASE_URL: databaseUrl,
        TEMPORAL_ADDRESS: temporalAddress,
        TEMPORAL_NAMESPACE: temporalNamespace,
        SMTP_URL: testServices().smtpUrl,
        WORKER_ROLES: 'mail',
        RATE_LIMIT: 'off',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.add(child);
    return child;
  };
  const firstLine = (child: ChildProcess) =>
    new Promise((resolve) => child.stdout!.once('data', resolve));

  it.each([
    ['worker', worker],
    ['API', API],
  ])('ends when it is asked to: a %s whose reader has gone', async (_name, file) => {
    const child = start(file, await freePort());
    await firstLine(child);
    child.stdout!.destroy();
    const end = ended(child);
    // Its last lines are the first that nobody takes.
    child.kill('SIGTERM');
    expect(await end).toBe(0);
  });

  it('ends when it is asked to: an API whose reader has stopped reading', async () => {
    const port = await freePort();
    const child = start(API, port);
    await firstLine(child);
    child.stdout!.pause();
    for (let round = 0; round < 40; round++)
      await Promise.all(
        Array.from({ length: 100 }, async () =>
          (await fetch(`http://127.0.0.1:${port}/livez`)).text(),
        ),
      );
    const end = ended(child);
    child.kill('SIGTERM');
    expect(await end).toBe(0);
  });
});
