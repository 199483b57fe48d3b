import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';
import {
  Holdfast,
  isHoldfastError,
  verifyWebhook,
  WebhookError,
  type AnyHoldfastError,
  type HoldfastOptions,
  type KeyStore,
} from '../../clients/typescript/src/index.ts';
import { readEvents } from '../../clients/typescript/src/events.ts';
import { HoldfastError, noAnswer } from '../../clients/typescript/src/problems.ts';
import { createPatience } from '../../clients/typescript/src/send.ts';
import { ApiClient } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;
let shop: Holdfast;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
  shop = new Holdfast({ url: system.info.apiUrl, key: system.info.keys.client });
});
afterAll(() => system.stop());

const buyer = { name: 'Ada Lovelace', email: 'ada@example.org' };
const clientOf = (options: Partial<HoldfastOptions>) =>
  new Holdfast({ url: system.info.apiUrl, key: system.info.keys.client, ...options });

/** What a call is refused for. */
async function errorOf(call: Promise<unknown>): Promise<AnyHoldfastError> {
  const error: unknown = await call.then(
    () => new Error('It was not refused'),
    (thrown: unknown) => thrown,
  );
  if (isHoldfastError(error)) return error;
  throw error;
}

describe('The TypeScript client', () => {
  it('books, pays, and waits for the tickets', async () => {
    const held = await shop.hold({ event: await api.event(), seats: ['A-1', 'A-2'], buyer });
    const reference = `pay-${held.id}`;
    await shop.confirm(held.id, { reference, ...held.total });
    const tickets = await shop.waitForTickets(held.id);
    expect(tickets.map(({ seat }) => seat)).toEqual(['A-1', 'A-2']);
    expect((await (await shop.ticketsPdf(held.id)).text()).slice(0, 5)).toBe('%PDF-');
  });

  it('extends, names the buyer, and cancels', async () => {
    const held = await shop.hold({ event: await api.event(), seats: ['A-1'] });
    expect((await shop.update(held.id, { buyer })).buyer).toEqual(buyer);
    expect((await shop.extend(held.id)).status).toBe('held');
    await shop.cancel(held.id);
    expect((await api.until(held.id, 'cancelled')).id).toBe(held.id);
  });

  it('in a page keeps the token of a hold, and sends it', async () => {
    const kept = new Map<string, string>();
    const store: KeyStore = {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, key) => void kept.set(name, key),
      removeItem: (name) => void kept.delete(name),
    };
    const key = system.info.keys.publishable;
    const held = await clientOf({ key, store }).hold({ event: await api.event(), seats: ['A-1'] });
    // The page is loaded anew.
    expect((await clientOf({ key, store }).reservation(held.id)).id).toBe(held.id);
    expect((await errorOf(clientOf({ key }).reservation(held.id))).code).toBe('not_found');
  });

  it('throws problems that are told apart by their code', async () => {
    const event = await api.event();
    await shop.hold({ event, seats: ['A-1'] });
    const taken = await errorOf(shop.hold({ event, seats: ['A-1', 'A-2'] }));
    if (taken.code !== 'seats_unavailable') throw taken;
    // The type of the problem follows from its code.
    expect(taken.problem.seats).toEqual(['A-1']);
    const invalid = await errorOf(shop.hold({ event, seats: ['A-1', 'A-1'] }));
    if (invalid.code !== 'validation_failed') throw invalid;
    expect(invalid.problem.errors[0]!.path).toBe('seats');
    expect((await errorOf(shop.reservation('nobodys-reservation'))).status).toBe(404);
  });

  it('goes through a list, page by page', async () => {
    const event = await api.event();
    const made = [];
    for (const seat of ['A-1', 'A-2', 'A-3', 'A-4', 'A-5'])
      made.push((await shop.hold({ event, seats: [seat] })).id);
    const found = [];
    for await (const { id } of shop.list('/v1/reservations', { query: { event, limit: 2 } }))
      found.push(id);
    expect(found).toEqual(made.reverse());
  });

  it('reads the live map of an event', async () => {
    const event = await api.event();
    const seen: [string, number][] = [];
    for await (const { event: name, data } of shop.seats(event)) {
      seen.push([name, data.length]);
      if (name === 'snapshot') await shop.hold({ event, seats: ['A-1', 'A-2'] });
      else if (data.some(({ label, status }) => label === 'A-2' && status === 'held')) break;
    }
    expect(seen[0]).toEqual(['snapshot', 70]);
    expect(seen.at(-1)![0]).toBe('seats');
  });
});

describe('What the TypeScript client follows', () => {
  it('is the feed, page by page, from where it was told', async () => {
    const event = await api.event();
    const ended = new AbortController();
    const seen: string[] = [];
    let next = '';
    const read = async (after: string, until: string) => {
      for await (const page of shop.feed({ after, signal: ended.signal })) {
        // Only now is there something new to hear of.
        if (next === '') await shop.hold({ event, seats: ['A-1'] });
        seen.push(...page.data.map(({ type }) => type));
        next = page.next;
        if (seen.includes(until)) return;
      }
    };
    await read('now', 'reservation.held');
    const held = (await api.call<{ data: { id: string }[] }>('GET', '/v1/reservations?limit=1'))
      .body;
    await shop.cancel(held.data[0]!.id);
    await read(next, 'reservation.cancelled');
    expect(seen.filter((type) => type === 'reservation.held')).toHaveLength(1);
    ended.abort();
  });

  it('is a map whose connection is made anew when it was cut, and when it has fallen silent', async () => {
    const event = await api.event();
    const sockets: Socket[] = [];
    let isMute = false;
    const { hostname, port } = new URL(system.info.apiUrl);
    const proxy = createTcpServer((socket) => {
      const target = connect(Number(port), hostname);
      sockets.push(socket);
      for (const one of [socket, target]) one.on('error', () => undefined);
      socket.pipe(target).once('close', () => socket.destroy());
      target.on('data', (bytes) => {
        if (!isMute) socket.write(bytes);
      });
      socket.once('close', () => target.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    let snapshots = 0;
    for await (const { event: name } of clientOf({ url }).seats(event, { silenceMs: 3000 })) {
      if (name !== 'snapshot') continue;
      snapshots++;
      if (snapshots === 1) sockets.at(-1)!.destroy();
      if (snapshots === 2) {
        isMute = true;
        setTimeout(() => {
          isMute = false;
        }, 5000);
      }
      if (snapshots === 3) break;
    }
    expect(snapshots).toBe(3);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  });
});

describe('What goes on without an end', () => {
  it('bears an outage once it has got through, and tells at once of one before', async () => {
    const connect = createPatience();
    const lost = () => Promise.reject<string>(noAnswer(new Error('lost')));
    await expect(connect(lost)).rejects.toMatchObject({ code: 'no_answer' });
    expect(await connect(() => Promise.resolve('there'))).toBe('there');
    const answers = [lost, () => Promise.resolve('again')];
    expect(await connect(() => answers.shift()!())).toBe('again');
    const refused = () =>
      Promise.reject(
        new HoldfastError({
          status: 404,
          code: 'not_found',
          type: '',
          title: '',
          detail: '',
          instance: '',
        }),
      );
    await expect(connect(refused)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is read whole, whatever separates lines elsewhere', async () => {
    const text = 'event: seats\ndata: {"row":"A\u2028B\u2029C"}\n\n';
    const events = [];
    for await (const event of readEvents(new Blob([text]).stream(), 1000)) events.push(event);
    expect(events).toEqual([{ event: 'seats', data: '{"row":"A\u2028B\u2029C"}' }]);
  });
});

/** A server in front of the API that does to some requests what a network does. */
class Network {
  readonly requests: { url: string; key: string | undefined }[] = [];
  private constructor(
    private readonly server: Server,
    private readonly trouble: Trouble[],
  ) {}

  static async start(): Promise<Network> {
    const trouble: Trouble[] = [];
    const server = createServer();
    const network = new Network(server, trouble);
    server.on('request', (request, response) => {
      void network.pass(request).then(
        (answer) => {
          if (answer === 'lost') {
            request.socket.destroy();
            return;
          }
          response.writeHead(answer.status, answer.headers).end(answer.body);
        },
        () => request.socket.destroy(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return network;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What happens to the next requests, one each. */
  next(...trouble: Trouble[]): void {
    this.trouble.push(...trouble);
  }

  stop(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(request: IncomingMessage) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const key = request.headers['idempotency-key'] as string | undefined;
    this.requests.push({ url: request.url!, key });
    const trouble = this.trouble.shift();
    if (trouble === 'no answer') return 'lost';
    if (trouble && trouble !== 'answer lost')
      return { status: trouble.status, headers: trouble.headers ?? {}, body: 'A page of a proxy' };
    const { host: _, connection: __, ...headers } = request.headers as Record<string, string>;
    const answer = await fetch(system.info.apiUrl + request.url!, {
      method: request.method!,
      headers,
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (trouble === 'answer lost') return 'lost';
    return {
      status: answer.status,
      headers: { 'content-type': answer.headers.get('content-type') ?? '' },
      body,
    };
  }
}
type Trouble = 'no answer' | 'answer lost' | { status: number; headers?: Record<string, string> };

describe('On a bad network the TypeScript client', () => {
  let network: Network;
  beforeAll(async () => {
    network = await Network.start();
  });
  beforeEach(() => void network.requests.splice(0));
  afterAll(() => network.stop());

  it.each<[string, Trouble[]]>([
    ['no answer', ['no answer', 'no answer']],
    ['an answer that is lost', ['answer lost']],
    ['408, 500, 502 and 503', [408, 500, 502, 503].map((status) => ({ status }))],
  ])('sends a hold again after %s, under one key, and has one', async (_what, trouble) => {
    const event = await api.event();
    network.next(...trouble);
    const held = await clientOf({ url: network.url }).hold({ event, seats: ['A-1'] });
    expect(network.requests).toHaveLength(trouble.length + 1);
    expect(new Set(network.requests.map(({ key }) => key))).toEqual(new Set([held.id]));
    expect(held.status).toBe('held');
  });

  it('waits as long as Retry-After says', async () => {
    const event = await api.event();
    network.next({ status: 429, headers: { 'retry-after': '2' } });
    const began = performance.now();
    await clientOf({ url: network.url }).get('/v1/events/{event}', { path: { event } });
    expect(performance.now() - began).toBeGreaterThanOrEqual(1990);
  });

  it('does not wait longer than its patience, and does not repeat what is refused', async () => {
    network.next({ status: 503, headers: { 'retry-after': '3600' } });
    const impatient = clientOf({ url: network.url, patienceMs: 5000 });
    expect((await errorOf(impatient.reservation('nobodys-reservation'))).code).toBe(
      'unknown_problem',
    );
    expect((await errorOf(impatient.reservation('nobodys-reservation'))).code).toBe('not_found');
    expect(network.requests).toHaveLength(2);
  });

  it('keeps the key of a call that was not answered for the same call', async () => {
    const body = { event: await api.event(), seats: ['A-1'] };
    const client = clientOf({ url: network.url, attempts: 2 });
    network.next('no answer', 'answer lost');
    expect((await errorOf(client.hold(body))).code).toBe('no_answer');
    // It did take effect: the same call finds it.
    const held = await client.hold(body);
    expect(network.requests.map(({ key }) => key)).toEqual([held.id, held.id, held.id]);
    // Once answered it is over: the same call is a new one, which the API refuses.
    expect((await errorOf(client.hold(body))).code).toBe('seats_unavailable');
    expect(network.requests.at(-1)!.key).not.toBe(held.id);
  });

  it('makes two calls of two that are under way at once', async () => {
    const event = await api.event();
    const body = { event, bestAvailable: { category: 'floor', quantity: 1 } };
    const both = await Promise.all([shop.hold(body), shop.hold(body)]);
    expect(both[0].id).not.toBe(both[1].id);
    expect(both[0].seats[0]!.label).not.toBe(both[1].seats[0]!.label);
  });

  it('ends when it is told to', async () => {
    network.next({ status: 503, headers: { 'retry-after': '30' } });
    const stop = new AbortController();
    const call = clientOf({ url: network.url }).reservation('x', { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 300);
    await expect(call).rejects.toThrow('enough');
  });
});

describe('A webhook', () => {
  const secrets = [0, 1].map(() => `whsec_${Buffer.from(randomUUID()).toString('base64')}`);
  const event = { type: 'reservation.confirmed', timestamp: '2030-01-01T00:00:00Z', sequence: 7 };
  const body = JSON.stringify(event);
  const signed = (secret = secrets[0]!, at = new Date()) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', at, body),
  });

  it('is read when it is signed with one of the secrets', async () => {
    expect(await verifyWebhook(body, signed(), secrets[0]!)).toEqual(event);
    expect(
      await verifyWebhook(Buffer.from(body), new Headers(signed(secrets[1])), secrets),
    ).toEqual(event);
  });

  const minutes = (count: number) => new Date(Date.now() + count * 60_000);
  it.each<[string, Parameters<typeof verifyWebhook>]>([
    ['another secret', [body, signed(), secrets[1]!]],
    ['another body', [`${body} `, signed(), secrets[0]!]],
    ['no signature', [body, { ...signed(), 'webhook-signature': undefined }, secrets]],
    ['garbage', [body, { ...signed(), 'webhook-signature': 'v1,?? v1,AAAA v2,x' }, secrets]],
    ['an old timestamp', [body, signed(secrets[0], minutes(-30)), secrets]],
    ['one of the future', [body, signed(secrets[0], minutes(30)), secrets]],
    ['no timestamp', [body, { ...signed(), 'webhook-timestamp': 'soon' }, secrets]],
  ])('is not believed with %s', async (_what, given) => {
    await expect(verifyWebhook(...given)).rejects.toBeInstanceOf(WebhookError);
  });
});
