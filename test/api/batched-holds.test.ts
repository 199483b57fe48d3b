import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { ApiClient, refusal, type Reservation } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const rows = <Row>(name: string, text: string) => system.db.rows<Row>(sql<Row>(name, text));
const run = (name: string, text: string) => system.db.run(sql(name, text));

/** What was sent to the database together so far, and in how many batches. */
async function batched(
  what: 'hold' | 'payment' = 'hold',
): Promise<{ holds: number; batches: number }> {
  const answer = await fetch(`${system.info.apiUrl}/metrics`, {
    headers: { authorization: `Bearer ${system.info.keys.operator}` },
  });
  const text = await answer.text();
  const figure = (name: string) =>
    Number(new RegExp(`^holdfast_${what}_batch_size_${name} (\\d+)$`, 'm').exec(text)![1]);
  return { holds: figure('sum'), batches: figure('count') };
}

const labels = Array.from({ length: 40 }, (_, index) => `A-${index + 1}`);
const post = (event: string, label: string, key: string) =>
  api.call<Reservation>('POST', '/v1/reservations', {
    body: { event, seats: [label], buyer: { name: 'Ada', email: `${key}@example.org` } },
    headers: { 'idempotency-key': key },
  });
const sections = [{ name: 'Hall', category: 'stalls', rows: [{ name: 'A', seats: 40 }] }];

describe('Holds that come at the same moment', () => {
  it('are committed together, and each has its own answer, workflow and history', async () => {
    const event = await api.event({ sections });
    const before = await batched();
    const answers = await Promise.all(labels.map((label) => post(event, label, randomUUID())));
    expect(answers.map(({ status }) => status)).toEqual(labels.map(() => 201));
    expect(
      answers.map(({ body }) => (body.seats as unknown as { label: string }[])[0]!.label),
    ).toEqual(labels);
    const after = await batched();
    expect(after.holds).toBeGreaterThan(before.holds);
    expect(after.batches - before.batches).toBeLessThan(after.holds - before.holds);
    expect(refusal(await post(event, 'A-1', randomUUID()))).toEqual([409, 'seats_unavailable']);
    const { body } = answers[20]!;
    await api.confirm(body);
    await api.until(body.id, 'confirmed');
  });

  it('go alone, each by itself, when they come one after the other', async () => {
    const event = await api.event({ sections });
    const before = await batched();
    for (const label of labels.slice(0, 5))
      expect((await post(event, label, randomUUID())).status).toBe(201);
    expect(await batched()).toEqual(before);
  });

  it('get 503 when their connection is lost half-way, and each key has one result afterwards', async () => {
    const event = await api.event({ sections });
    await run(
      'test_slow',
      `create or replace function test_slow() returns trigger language plpgsql as $$
       begin if new.subject like 'slow-%' then perform pg_sleep(60); end if; return new; end $$`,
    );
    await run(
      'test_slow_trigger',
      'create trigger test_slow before insert on outbox for each row execute function test_slow()',
    );
    const keys = labels.map(() => `slow-${randomUUID()}`);
    const all = Promise.all(labels.map((label, at) => post(event, label, keys[at]!)));
    let answered = false;
    void all.finally(() => (answered = true));
    while (!answered)
      await rows(
        'test_kill',
        `select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
      );
    const answers = await all;
    for (const { status, headers } of answers) {
      expect(status).toBe(503);
      expect(headers.get('retry-after')).not.toBeNull();
    }
    await run('test_slow_end', 'drop trigger test_slow on outbox');
    const again = await Promise.all(labels.map((label, at) => post(event, label, keys[at]!)));
    expect(again.map(({ status }) => status)).toEqual(labels.map(() => 201));
    const [held] = await rows<{ reservations: number; seats: number }>(
      'test_held',
      `select count(distinct r.id) as reservations, count(*) as seats
         from reservations r join seats s on s.reservation_id = r.id where r.id like 'slow-%'`,
    );
    expect(held).toEqual({ reservations: 40, seats: 40 });
  });
});

describe('Payments that come at the same moment', () => {
  it('are recorded together, and each confirms its own reservation; what is sent again is known', async () => {
    const event = await api.event({ sections });
    const held = await Promise.all(labels.map((label) => post(event, label, randomUUID())));
    const before = await batched('payment');
    const tell = () =>
      Promise.all(
        held.map(({ body: { id, total } }) =>
          api.standard({ reservation: id, reference: `pay-${id}`, ...total }),
        ),
      );
    for (const answers of [await tell(), await tell()])
      expect(answers.map(({ status, body }) => [status, body])).toEqual(
        labels.map(() => [200, { received: true, ignored: false }]),
      );
    const after = await batched('payment');
    expect(after.batches - before.batches).toBeLessThan(after.holds - before.holds);
    for (const { body } of held) await api.until(body.id, 'confirmed');
    const [payments] = await rows<{ count: number; confirming: number }>(
      'test_payments',
      `select count(*) as count, count(*) filter (where role = 'confirming') as confirming
         from payments p join reservations r on r.id = p.reservation_id
         join events e on e.id = r.event_id where e.slug = '${event}'`,
    );
    expect(payments).toEqual({ count: 40, confirming: 40 });
  });
});
