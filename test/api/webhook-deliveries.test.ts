import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import {
  SIGNALS,
  STATE_QUERY,
  webhookWorkflowId,
  type WebhookState,
} from '../../src/contracts/reservation';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, type Page } from '../support/api';
import { startReceiver, type Received, type Receiver } from '../support/receivers';
import { startSystem, type TestSystem } from '../support/system';

interface Endpoint {
  id: string;
  url: string;
  status: string;
  disabledReason: string | null;
  failingSince: string | null;
  secret?: string;
}
interface Delivery {
  id: string;
  sequence: number;
  type: string;
  reservation: string | null;
  status: string;
  attempts: number;
  responseStatus: number | null;
  error: string | null;
  nextAttemptAt: string | null;
}

let system: TestSystem;
let api: ApiClient;
const receivers: Receiver[] = [];

beforeAll(async () => {
  system = await startSystem({
    childEnv: { WEBHOOK_ALLOW_PRIVATE: 'on' },
    workers: ['reservations,documents,mail,relay', 'webhooks'],
  });
  api = new ApiClient(system.info);
});
afterAll(async () => {
  await system.stop();
  await Promise.all(receivers.map((receiver) => receiver.close()));
});

async function receive(): Promise<Receiver> {
  const receiver = await startReceiver();
  receivers.push(receiver);
  return receiver;
}

async function subscribe(url: string, types: string[] | null = null, key?: string) {
  const answer = await api.call<Endpoint>('POST', '/v1/webhook-endpoints', {
    ...(key !== undefined && { key }),
    headers: { 'idempotency-key': randomUUID() },
    body: { url, types },
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}
const path = ({ id }: { id: string }, call = '') => `/v1/webhook-endpoints/${id}${call}`;
const show = async (endpoint: Endpoint) =>
  (await api.call<Endpoint>('GET', path(endpoint), { key: system.info.keys.operator })).body;
const deliveries = async (endpoint: Endpoint, query = '') =>
  (
    await api.call<Page<Delivery>>('GET', path(endpoint, `/deliveries${query}`), {
      key: system.info.keys.operator,
    })
  ).body.data;
const stop = (endpoint: Endpoint) => api.call('DELETE', path(endpoint));
/** What is to be tried later is due now. */
const hurry = async (endpoint: Endpoint) => {
  await system.db.run(
    sql(
      'hurry',
      `update webhook_deliveries set next_attempt_at = now() where endpoint_id = $1 and next_attempt_at is not null`,
    ),
    [endpoint.id],
  );
  await system.db.run(
    sql('hurry_wake', `insert into outbox (kind, subject) values ('webhooks', $1)`),
    [endpoint.id],
  );
};
const age = (endpoint: Endpoint, days: number) =>
  system.db.run(
    sql(
      'age',
      `with d as (update webhook_deliveries set first_attempt_at = first_attempt_at - $2 * interval '1 day' where endpoint_id = $1)
       update webhook_endpoints set failing_since = failing_since - $2 * interval '1 day' where id = $1`,
    ),
    [endpoint.id, days],
  );
const typesOf = (got: Received[], id: string) =>
  got.filter(({ body }) => body.data.id === id).map(({ body }) => body.type);

describe('A webhook', () => {
  it('tells a client what happens, signed, with the resource as it is', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url);
    const held = await api.held(await api.event(), ['A-1', 'A-2']);
    const [first] = await eventually(() => {
      const got = shop.taken.filter(({ body }) => body.data.id === held.id);
      expect(got.map(({ body }) => body.type)).toEqual(['reservation.held']);
      return got;
    });
    expect(new Webhook(endpoint.secret!).verify(first!.text, first!.headers)).toEqual(first!.body);
    expect(first!.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^msg_[0-9a-f]{32}_\d+_[0-9a-f]+$/) as string,
    });
    const { type, revision, sequence, timestamp, data } = first!.body;
    expect([type, revision]).toEqual(['reservation.held', 1]);
    expect([sequence, Date.parse(timestamp)]).toEqual([
      expect.any(Number),
      Date.parse(held.createdAt),
    ]);
    expect(data).toEqual((await api.get(held.id)).body);
    const created = shop.taken.find(({ body }) => body.type === 'event.created');
    expect(created!.body.data.slug).toBe(held.event);
    await stop(endpoint);
  });

  it('tells each change of one reservation in order, also by a receiver that fails now and then', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url);
    let count = 0;
    shop.behave((_, response) => void response.writeHead(count++ % 3 === 0 ? 500 : 200).end());
    const event = await api.event();
    const ids = await Promise.all(
      ['A-1', 'A-2', 'A-3', 'A-4'].map(async (seat) => {
        const held = await api.held(event, [seat]);
        await api.call('POST', `/v1/reservations/${held.id}/extend`);
        await api.cancel(held.id);
        return held.id;
      }),
    );
    await eventually(async () => {
      await hurry(endpoint);
      for (const id of ids) expect(typesOf(shop.taken, id)).toContain('reservation.cancelled');
    });
    for (const id of ids) {
      const types = typesOf(shop.taken, id);
      expect(types).toEqual([
        'reservation.held',
        'reservation.extended',
        'reservation.cancel_requested',
        'reservation.cancelled',
      ]);
    }
    await stop(endpoint);
  });

  it('waits for nobody: a reservation whose webhook fails delays no other', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url);
    const event = await api.event();
    const stuck = randomUUID();
    shop.behave(({ body }, response) =>
      body.data.id === stuck ? undefined : void response.writeHead(200).end(),
    );
    await api.held(event, ['A-1'], { id: stuck });
    await eventually(() => expect(typesOf(shop.received, stuck)).toHaveLength(1));
    const began = Date.now();
    const other = await api.held(event, ['A-2']);
    await eventually(() => expect(typesOf(shop.taken, other.id)).toEqual(['reservation.held']));
    // Sooner than the one that hangs is given up.
    expect(Date.now() - began).toBeLessThan(12_000);
    // Nothing that follows the one that hangs is sent before it.
    await api.call('POST', `/v1/reservations/${stuck}/extend`);
    shop.behave(200);
    await eventually(async () => {
      await hurry(endpoint);
      expect(typesOf(shop.taken, stuck)).toEqual(['reservation.held', 'reservation.extended']);
    });
    await stop(endpoint);
  });

  it('that is sent for the first time has places of its own beside any number that fail again', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url, ['reservation.held']);
    const event = await api.event();
    shop.behave(500);
    const stuck = new Set<string>();
    for (let place = 1; place <= 20; place++)
      stuck.add((await api.held(event, [`Floor-${place}`])).id);
    const seen = () => new Set(shop.received.map(({ body }) => body.data.id)).size;
    await eventually(() => expect(seen()).toBe(stuck.size));
    const failed = shop.received.length;
    shop.behave(({ body }, response) =>
      stuck.has(body.data.id) ? undefined : void response.writeHead(200).end(),
    );
    await hurry(endpoint);
    await eventually(() => expect(shop.received.length).toBeGreaterThanOrEqual(failed + 12));
    const began = Date.now();
    const other = await api.held(event, ['A-1']);
    await eventually(() => expect(typesOf(shop.taken, other.id)).toHaveLength(1));
    // Sooner than those that hang are given up.
    expect(Date.now() - began).toBeLessThan(12_000);
    await stop(endpoint);
  });

  it('that is refused with Retry-After comes again then, with the same id', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url, ['reservation.held']);
    shop.behave((_, response) => void response.writeHead(429, { 'retry-after': '4' }).end());
    const held = await api.held(await api.event(), ['A-1']);
    await eventually(() => expect(shop.received).toHaveLength(1));
    shop.behave(200);
    await eventually(() => expect(typesOf(shop.taken, held.id)).toHaveLength(1));
    const [first, second] = shop.received;
    expect(second!.at - first!.at).toBeGreaterThan(3500);
    expect(second!.id).toBe(first!.id);
    await eventually(async () =>
      expect(await deliveries(endpoint)).toEqual([
        expect.objectContaining({ status: 'delivered', attempts: 2, id: first!.id }),
      ]),
    );
    await stop(endpoint);
  });

  it('is told of chosen types alone, and an operator of all clients', async () => {
    const { client2, operator } = system.info.keys;
    const [some, all] = [await receive(), await receive()];
    const endpoints = [
      await subscribe(some.url, ['reservation.cancelled']),
      await subscribe(all.url, null, operator),
    ];
    const event = await api.event();
    const mine = await api.held(event, ['A-1']);
    const other = await api.held(event, ['A-2'], { key: client2 });
    await api.cancel(mine.id);
    await eventually(() => {
      expect(typesOf(all.taken, mine.id)).toContain('reservation.cancelled');
      expect(typesOf(all.taken, other.id)).toEqual(['reservation.held']);
      expect(some.taken.map(({ body }) => body.type)).toEqual(['reservation.cancelled']);
    });
    for (const endpoint of endpoints) await api.call('DELETE', path(endpoint), { key: operator });
  });

  it('survives a worker that dies while it is sent', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url);
    shop.behave(() => undefined);
    const held = await api.held(await api.event(), ['A-1']);
    await eventually(() => expect(typesOf(shop.received, held.id)).toHaveLength(1));
    process.kill(system.info.pids.workers[1]!, 'SIGKILL');
    shop.behave(200);
    await api.call('POST', `/v1/reservations/${held.id}/extend`);
    await eventually(() =>
      expect(typesOf(shop.taken, held.id)).toEqual(['reservation.held', 'reservation.extended']),
    );
    await stop(endpoint);
  });
});

describe('The secret of an endpoint', () => {
  it('that is rotated signs for a day beside the new one', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url, ['reservation.held']);
    const rotated = await api.call<Endpoint>('POST', path(endpoint, '/rotate-secret'));
    expect(rotated.body.secret).not.toBe(endpoint.secret);
    const hold = async () => {
      const held = await api.held(await api.event(), ['A-1']);
      return eventually(() => {
        const got = shop.taken.find(({ body }) => body.data.id === held.id);
        if (!got) throw new Error('Not yet');
        return got;
      });
    };
    const { text, headers } = await hold();
    for (const secret of [endpoint.secret!, rotated.body.secret!])
      expect(() => new Webhook(secret).verify(text, headers)).not.toThrow();
    await system.db.run(
      sql('end_secret', `update webhook_secrets set ends_at = now() where ends_at is not null`),
    );
    await delay(2500);
    const later = await hold();
    expect(() => new Webhook(endpoint.secret!).verify(later.text, later.headers)).toThrow();
    expect(() => new Webhook(rotated.body.secret!).verify(later.text, later.headers)).not.toThrow();
    await stop(endpoint);
  });
});

describe('An endpoint whose secret cannot be read', () => {
  it('says so of each attempt, and goes on once it can be', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url, ['reservation.held']);
    const damage = sql(
      'test_damage_secret',
      `update webhook_secrets set sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) where endpoint_id = $1`,
    );
    await system.db.run(damage, [endpoint.id]);
    const held = await api.held(await api.event(), ['A-1']);
    await eventually(async () => {
      const { body } = await api.call<{ data: object[] }>('GET', path(endpoint, '/deliveries'));
      expect(body.data[0]).toMatchObject({
        status: 'pending',
        error: expect.stringContaining('another WEBHOOK_SECRETS_KEY') as string,
      });
    });
    await system.db.run(damage, [endpoint.id]);
    await eventually(() => expect(typesOf(shop.taken, held.id)).toEqual(['reservation.held']));

    // Lost for good: the secret that takes its place signs alone.
    await system.db.run(damage, [endpoint.id]);
    const rotated = await api.call<Endpoint>('POST', path(endpoint, '/rotate-secret'));
    const next = await api.held(await api.event(), ['A-1']);
    await eventually(() => expect(typesOf(shop.taken, next.id)).toEqual(['reservation.held']));
    const { text, headers } = shop.taken.find(({ body }) => body.data.id === next.id)!;
    expect(() => new Webhook(rotated.body.secret!).verify(text, headers)).not.toThrow();
    await stop(endpoint);
  });
});

describe('An endpoint', () => {
  it('that answers 410 is disabled, with a note, and goes on where it stopped when it is enabled', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url, ['reservation.held', 'reservation.extended']);
    shop.behave(410);
    const held = await api.held(await api.event(), ['A-1']);
    await eventually(async () =>
      expect(await show(endpoint)).toMatchObject({ status: 'disabled', disabledReason: 'gone' }),
    );
    const note = (await api.notes(true)).find(
      ({ kind, data }) => kind === 'webhook_disabled' && data.endpoint === endpoint.id,
    );
    expect(note!.data).toMatchObject({ why: 'gone' });
    await api.call('POST', `/v1/reservations/${held.id}/extend`);
    const workflow = system.temporal.workflow.getHandle(webhookWorkflowId(endpoint.id));
    await eventually(async () => expect((await workflow.describe()).status.name).toBe('COMPLETED'));
    shop.behave(200);
    const enabled = await api.call<Endpoint>('POST', path(endpoint, '/enable'));
    expect(enabled.body).toMatchObject({ status: 'enabled', disabledReason: null });
    await eventually(() =>
      expect(typesOf(shop.taken, held.id)).toEqual(['reservation.held', 'reservation.extended']),
    );
    await stop(endpoint);
  });

  it('that has taken nothing for three days is disabled; of one that has, only that delivery fails', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url);
    const event = await api.event();
    const stuck = randomUUID();
    shop.behave(
      ({ body }, response) => void response.writeHead(body.data.id === stuck ? 500 : 200).end(),
    );
    await api.held(event, ['A-1'], { id: stuck });
    await eventually(() => expect(typesOf(shop.received, stuck)).toHaveLength(1));
    await api.call('POST', `/v1/reservations/${stuck}/extend`);
    // Others succeed meanwhile.
    const other = await api.held(event, ['A-2']);
    await eventually(() => expect(typesOf(shop.taken, other.id)).toHaveLength(1));
    await age(endpoint, 3.1);
    await system.db.run(
      sql('recent', 'update webhook_endpoints set failing_since = null where id = $1'),
      [endpoint.id],
    );
    await hurry(endpoint);
    await eventually(async () => {
      const [failed] = await deliveries(endpoint, '?status=failed');
      expect(failed).toMatchObject({ reservation: stuck, type: 'reservation.held' });
    });
    // The next one of that reservation is sent.
    await eventually(() => expect(typesOf(shop.received, stuck)).toContain('reservation.extended'));
    expect((await show(endpoint)).status).toBe('enabled');

    await age(endpoint, 3.1);
    await hurry(endpoint);
    await eventually(async () =>
      expect(await show(endpoint)).toMatchObject({
        status: 'disabled',
        disabledReason: 'no_success',
      }),
    );
    await stop(endpoint);
  });

  it('is sent again what it asks for, with the same ids and in order', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url);
    const place = (await api.call<{ next: string }>('GET', '/v1/feed?after=now')).body.next;
    const held = await api.held(await api.event(), ['A-1']);
    await api.call('POST', `/v1/reservations/${held.id}/extend`);
    await eventually(() => expect(typesOf(shop.taken, held.id)).toHaveLength(2));
    const before = shop.taken.filter(({ body }) => body.data.id === held.id).map(({ id }) => id);
    const replayed = await api.call('POST', path(endpoint, '/replay'), { body: { after: place } });
    expect(replayed.status).toBe(200);
    await eventually(() => {
      const ids = shop.taken.filter(({ body }) => body.data.id === held.id).map(({ id }) => id);
      expect(ids).toEqual([...before, ...before]);
    });
    const { body } = await api.call<{ data: object[] }>('GET', path(endpoint, '/deliveries'));
    for (const one of body.data) expect(one).toMatchObject({ status: 'delivered', attempts: 1 });
    await stop(endpoint);
  });

  it('shows in Temporal where it stands, without personal data', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url, ['reservation.held']);
    const held = await api.held(await api.event(), ['A-1']);
    await eventually(() => expect(typesOf(shop.taken, held.id)).toHaveLength(1));
    const workflow = system.temporal.workflow.getHandle(webhookWorkflowId(endpoint.id));
    await eventually(async () => {
      const state = await workflow.query<WebhookState | null>(STATE_QUERY);
      expect(state).toMatchObject({ endpoint: endpoint.id, status: 'enabled', waiting: 0 });
      expect(state!.lastSuccessAt).not.toBeNull();
    });
    await eventually(async () => {
      const found: string[] = [];
      for await (const { workflowId } of system.temporal.workflow.list({
        query: `WebhookStatus = 'delivering'`,
      }))
        found.push(workflowId);
      expect(found).toContain(webhookWorkflowId(endpoint.id));
    });
    const history = JSON.stringify(await workflow.fetchHistory());
    const said = [...history.matchAll(/"data":"([^"]+)"/g)]
      .map(([, data]) => Buffer.from(data!, 'base64').toString())
      .join('\n');
    expect(said).toContain(endpoint.id);
    for (const secret of ['Ada', held.buyer!.email, held.id, '/hooks', endpoint.secret!])
      expect(said).not.toContain(secret);
    await stop(endpoint);
    await eventually(async () => expect((await workflow.describe()).status.name).toBe('COMPLETED'));
  });

  it('goes on in a new run when it was rung very often', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url, ['reservation.held']);
    const event = await api.event();
    await api.held(event, ['A-1']);
    await eventually(() => expect(shop.taken).toHaveLength(1));
    const workflow = system.temporal.workflow.getHandle(webhookWorkflowId(endpoint.id));
    const { runId } = await workflow.describe();
    await Promise.all(Array.from({ length: 300 }, () => workflow.signal(SIGNALS.ring)));
    await eventually(async () => {
      const now = await workflow.describe();
      expect([now.status.name, now.runId === runId]).toEqual(['RUNNING', false]);
    });
    await api.held(event, ['A-2']);
    await eventually(() => expect(shop.taken).toHaveLength(2));
    expect(new Set(shop.received.map(({ id }) => id)).size).toBe(shop.received.length);
    await stop(endpoint);
  });

  it('goes on after its workflow was terminated', async () => {
    const shop = await receive();
    const endpoint = await subscribe(shop.url, ['reservation.held']);
    const event = await api.event();
    await api.held(event, ['A-1']);
    await eventually(() => expect(shop.taken).toHaveLength(1));
    const workflow = system.temporal.workflow.getHandle(webhookWorkflowId(endpoint.id));
    await workflow.terminate();
    await delay(3000);
    await api.held(event, ['A-2']);
    await eventually(() => expect(shop.taken).toHaveLength(2), 280_000);
    await stop(endpoint);
  });
});
