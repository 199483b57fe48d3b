import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { Webhook } from 'standardwebhooks';
import type { DevInfo } from '../../product';

const PRICE = 1000;
const ANSWER_LIMIT_MS = 60_000;
const ROW = 100;

interface Answer {
  status: number;
  body: Buffer;
  etag: string | undefined;
}

/** An event made for one run; all its seats are free. */
export interface Hall {
  slug: string;
  labels: string[];
}

/** A thin client of the API: it does as little as it can, since it shares the machine with what it measures. */
export interface Shop {
  makeHall(seats: number): Promise<Hall>;
  /** @returns the reservation's id, or null when a seat was taken */
  hold(hall: Hall, labels: readonly string[]): Promise<string | null>;
  pay(reservation: string, seats: number): Promise<void>;
  /** Reads the seat map; with the tag of the last one that is not changed nothing comes. */
  readMap(hall: Hall, etag?: string): Promise<{ status: number; etag: string; bytes: number }>;
}

/** @throws Error when an answer is none of those that the client waits for */
export function createShop(system: { apiUrl: string; keys: DevInfo['keys']; webhookSecret: string }): Shop {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const webhook = new Webhook(system.webhookSecret);

  function send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(system.apiUrl + path, { method, agent, headers, timeout: ANSWER_LIMIT_MS }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks), etag: answer.headers.etag }),
        );
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in a minute')));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  const expect = (answer: Answer, ...statuses: number[]): Answer => {
    if (statuses.includes(answer.status)) return answer;
    throw new Error(`the API answered ${answer.status}: ${answer.body.toString('utf8').slice(0, 200)}`);
  };
  const json = (key: string) => ({ 'content-type': 'application/json', authorization: `Bearer ${key}` });

  return {
    async makeHall(seats) {
      const slug = `run-${randomUUID().slice(0, 8)}`;
      const rows = Array.from({ length: Math.ceil(seats / ROW) }, (_, index) => ({
        name: String(index + 1),
        seats: Math.min(ROW, seats - index * ROW),
      }));
      const event = {
        slug,
        name: 'Hamlet',
        venue: 'Theatre',
        startsAt: '2035-03-14T19:00:00Z',
        currency: 'EUR',
        categories: [{ code: 'stalls', name: 'Stalls', price: PRICE }],
        sections: [{ name: 'S', category: 'stalls', rows }],
      };
      expect(await send('POST', '/v1/events', json(system.keys.operator), JSON.stringify(event)), 201);
      const map = expect(await send('GET', `/v1/events/${slug}/seats`, {}), 200);
      const { data } = JSON.parse(map.body.toString('utf8')) as { data: { label: string }[] };
      return { slug, labels: data.map((seat) => seat.label) };
    },

    async hold({ slug }, labels) {
      const id = randomUUID();
      const body = JSON.stringify({
        event: slug,
        seats: labels,
        buyer: { name: 'Ada Lovelace', email: `${id}@example.org` },
      });
      const headers = { ...json(system.keys.client), 'idempotency-key': id };
      const { status } = expect(await send('POST', '/v1/reservations', headers, body), 201, 409);
      return status === 201 ? id : null;
    },

    async pay(reservation, seats) {
      const payment = { reservation, reference: `pay-${reservation}`, amount: seats * PRICE, currency: 'EUR' };
      const body = JSON.stringify({ type: 'payment.succeeded', data: payment });
      const id = `msg_${reservation}`;
      const now = new Date();
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': webhook.sign(id, now, body),
      };
      expect(await send('POST', '/v1/webhooks/standard', headers, body), 200);
    },

    async readMap({ slug }, etag) {
      const headers = { 'accept-encoding': 'gzip', ...(etag !== undefined && { 'if-none-match': etag }) };
      const answer = expect(await send('GET', `/v1/events/${slug}/seats`, headers), 200, 304);
      return { status: answer.status, etag: answer.etag ?? '', bytes: answer.body.length };
    },
  };
}
