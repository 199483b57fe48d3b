import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { openEventStream } from '../support/event-stream';
import { createTestDatabase, startSystem, type TestSystem } from '../support/system';
import { testServices } from '../support/services';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';

let system: TestSystem;
let api: ApiClient;
let database: TcpProxy;
let temporal: TcpProxy;

/** The system reaches both services through proxies of its own, so that they can be taken away from it alone. */
beforeAll(async () => {
  const databaseUrl = await createTestDatabase();
  const url = new URL(databaseUrl);
  const [host, port] = testServices().temporalAddress.split(':') as [string, string];
  database = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  temporal = await startTcpProxy({ host, port: Number(port) });
  url.hostname = '127.0.0.1';
  url.port = String(database.port);
  const reachedAt = { databaseUrl: url.href, temporalAddress: `127.0.0.1:${temporal.port}` };
  system = await startSystem({ databaseUrl, reachedAt });
  api = new ApiClient(system.info);
});
afterAll(async () => {
  await system.stop();
  await database.close();
  await temporal.close();
});

const cancel = ({ id }: Reservation) => api.cancel(id, { once: true });
async function timed<Value>(work: () => Promise<Value>): Promise<{ value: Value; ms: number }> {
  const started = performance.now();
  const value = await work();
  return { value, ms: performance.now() - started };
}
/** What a busy machine may add to a promised time. */
const SLACK_MS = 10_000;
const untilReady = (degraded: string[] | undefined) =>
  eventually(async () => {
    const { status, body } = await api.call('GET', '/readyz', { key: null });
    expect([status, body.degraded]).toEqual([200, degraded]);
  });

/** What must go on, be kept, and be carried out afterwards, while nobody carries anything out. */
async function expectSalesGoOn(bringBack: () => Promise<void> | void) {
  const event = await api.event({ holdTtlSeconds: 120 });
  const [first, second, third, fourth] = await Promise.all(
    ['A-1', 'A-2', 'A-3', 'A-4'].map((seat) => api.held(event, [seat])),
  );
  expect(refusal(await api.hold(event, ['A-1']))).toEqual([409, 'seats_unavailable']);
  expect((await api.get(first!.id)).body.status).toBe('held');
  expect((await api.call('POST', `/v1/reservations/${first!.id}/extend`)).status).toBe(200);
  expect((await api.pay(first!)).status).toBe(200);

  const [confirmed, cancelled] = await Promise.all([
    timed(() => api.confirm(second!, `pay-${second!.id}`, { once: true })),
    timed(() => cancel(third!)),
  ]);
  for (const { value, ms } of [confirmed, cancelled]) {
    expect([value.status, value.body.status]).toEqual([202, 'held']);
    expect(value.headers.get('location')).toBe(`/v1/reservations/${value.body.id}`);
    expect(Number(value.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(ms).toBeGreaterThan(4000);
    expect(ms).toBeLessThan(5000 + SLACK_MS);
  }
  expect((await api.get(first!.id)).body).toMatchObject({
    status: 'held',
    payment: { status: 'captured' },
  });
  expect((await api.get(fourth!.id)).body.status).toBe('held');

  await bringBack();
  await api.until(first!.id, 'confirmed');
  expect((await api.until(second!.id, 'confirmed')).payment!.reference).toBe(`pay-${second!.id}`);
  await api.until(third!.id, 'cancelled');
  expect(await api.tickets(first!.id)).toHaveLength(1);
  expect((await api.confirm(second!, `pay-${second!.id}`)).status).toBe(200);
  expect((await api.confirm(fourth!)).body.status).toBe('confirmed');
  await untilReady(undefined);
}

describe('Without a worker', () => {
  it('sales go on; confirm and cancel are kept, answered 202, and carried out afterwards', async () => {
    const worker = system.stack.part('worker-1')!;
    await worker.stop();
    await untilReady(['temporal']);
    await expectSalesGoOn(() => worker.start());
  });

  it('a payment in time keeps its hold past the end, and a hold that nobody paid ends all the same', async () => {
    const event = await api.event({ holdTtlSeconds: 10 });
    const worker = system.stack.part('worker-1')!;
    await worker.stop();
    const [paid, unpaid] = await Promise.all([api.held(event, ['A-1']), api.held(event, ['A-2'])]);
    expect((await api.pay(paid)).status).toBe(200);
    await api.until(unpaid.id, 'expired');
    expect((await api.get(paid.id)).body.status).toBe('held');
    expect(refusal(await api.hold(event, ['A-1']))).toEqual([409, 'seats_unavailable']);
    expect((await api.hold(event, ['A-2'])).status).toBe(201);
    await worker.start();
    await api.until(paid.id, 'confirmed');
  });

  it('a payment that came before its workflow starts it, and is there as it begins', async () => {
    const worker = system.stack.part('worker-1')!;
    await worker.stop();
    const held = await api.held(await api.event(), ['A-1']);
    expect((await api.pay(held)).status).toBe(200);
    // Its start is later than its payment, as in the backlog of a burst.
    const waiting = "delete from outbox where kind = 'start' and subject = $1";
    expect((await system.db.pool.query(waiting, [held.id])).rowCount).toBe(1);
    await worker.start();
    await api.until(held.id, 'confirmed');
    const { events } = await system.temporal.workflow.getHandle(held.id).fetchHistory();
    expect(events![1]!.workflowExecutionSignaledEventAttributes?.signalName).toBe('ring');
    // It waits neither for the ring nor for the end of the hold.
    expect(events!.filter((event) => event.timerStartedEventAttributes)).toEqual([]);
  });
});

describe('Without Temporal', () => {
  it('sales go on; confirm and cancel are kept, answered 202, and carried out afterwards', async () => {
    temporal.cut();
    await untilReady(['temporal']);
    await expectSalesGoOn(() => temporal.mend());
  });

  it('a known key is answered all the same: Temporal may have forgotten it long ago', async () => {
    const event = await api.event();
    const [open, closed] = [await api.held(event, ['A-1']), await api.held(event, ['A-2'])];
    await cancel(closed);
    temporal.cut();
    for (const [{ id, seats, buyer }, status] of [
      [open, 'held'],
      [closed, 'cancelled'],
    ] as const) {
      const labels = seats.map(({ label }) => label);
      const again = await api.hold(event, labels, { id, email: buyer!.email });
      const replayed = again.headers.get('idempotency-replayed');
      expect([again.status, replayed, again.body.status]).toEqual([201, 'true', status]);
    }
    temporal.mend();
    await untilReady(undefined);
  });
});

describe('Without the database', () => {
  const expectUnavailable = async (
    call: () => Promise<{ status: number; headers: Headers; body: unknown }>,
  ) => {
    const { value, ms } = await timed(call);
    expect(refusal(value)).toEqual([503, 'temporarily_unavailable']);
    expect(Number(value.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(ms).toBeLessThan(10_000 + SLACK_MS);
  };

  it.each([
    ['is gone', () => database.cut()],
    ['says nothing', () => database.stall()],
  ])(
    'that %s every call is answered 503 in time, and the same key later gives the one result',
    async (_how, takeAway) => {
      const event = await api.event();
      const known = await api.held(event, ['A-1']);
      const id = randomUUID();
      takeAway();
      await Promise.all([
        expectUnavailable(() => api.hold(event, ['A-2'], { id })),
        expectUnavailable(() => api.get(known.id)),
        expectUnavailable(() => api.confirm(known, `pay-${known.id}`, { once: true })),
        expectUnavailable(() => cancel(known)),
        expectUnavailable(() => api.pay(known)),
        expectUnavailable(() => api.call('GET', `/v1/events/${event}/seats`, { key: null })),
        // It is answered from what was seen in the background, so it follows within seconds.
        eventually(() => expectUnavailable(() => api.call('GET', '/readyz', { key: null }))),
      ]);
      expect((await api.call('GET', '/livez', { key: null })).status).toBe(200);
      database.mend();

      const held = await eventually(async () => {
        const answer = await api.hold(event, ['A-2'], { id });
        expect(answer.status).toBe(201);
        return answer.body;
      });
      expect(held).toMatchObject({ id, seats: [{ label: 'A-2' }] });
      expect((await api.confirm(held)).body.status).toBe('confirmed');
      await untilReady(undefined);
    },
  );
});

describe('Without the database for a while', () => {
  it('a live seat map stays open, and goes on', async () => {
    const event = await api.event();
    const stream = await openEventStream(`${system.info.apiUrl}/v1/events/${event}/stream`);
    await stream.until({ 'A-1': 'available' });
    database.cut();
    await delay(30_000);
    database.mend();
    await eventually(() => api.held(event, ['A-1']));
    await stream.until({ 'A-1': 'held' });
    stream.close();
    await untilReady(undefined);
  });

  it('/metrics has the figures of the process, and says that the database is away', async () => {
    const figures = (key: string) => api.call<string>('GET', '/metrics', { key });
    const { operator } = system.info.keys;
    expect((await figures(operator)).body).toMatch(/^holdfast_database_up 1$/m);
    database.cut();
    try {
      await eventually(async () => {
        const { status, body } = await figures(operator);
        expect(status).toBe(200);
        expect(body).toMatch(/^holdfast_database_up 0$/m);
        expect(body).toMatch(/^holdfast_http_request_duration_seconds_count/m);
        expect(body).not.toContain('holdfast_outbox_entries{');
      });
      // A key of which this process knows nothing may be any.
      expect(refusal(await api.call('GET', '/metrics', { key: 'hf_operator_unknown' }))).toEqual([
        503,
        'temporarily_unavailable',
      ]);
    } finally {
      database.mend();
    }
    await untilReady(undefined);
  });
});

// Last: after a stall the workers take their time to reach Temporal again.
describe('Temporal away', () => {
  it.each([
    ['is gone', () => temporal.cut()],
    ['says nothing', () => temporal.stall()],
  ])('that %s a probe is answered within the second that it waits', async (_how, takeAway) => {
    takeAway();
    // Through the time in which nobody knows yet, and beyond it.
    for (let probe = 0; probe < 12; probe++) {
      const { value, ms } = await timed(() => fetch(`${system.info.apiUrl}/readyz`));
      expect(value.status).toBe(200);
      expect(ms).toBeLessThan(1000);
      await delay(500);
    }
    await untilReady(['temporal']);
    temporal.mend();
    await untilReady(undefined);
  });
});
