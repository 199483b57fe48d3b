import { randomUUID } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPortPicker } from '../../dev/ports';
import type { DevInfo } from '../product';
import type { DirectAccess, Findings } from './direct-access';
import type { ReceiverKind } from './journal';
import { createRandom, type Random } from './random';

const ANSWER_WITHIN_MS = 30_000;
const TRY_AGAIN_MS = 500;
const DIES_EVERY_MS = 20_000;
const DEAD_FOR_MS = 5_000;
const ENABLE_EVERY_MS = 3_000;
/** Its endpoint answers 410 at times. */
const GOES_AWAY = 'client2';

interface Behaviour {
  kind?: ReceiverKind;
  answer: (response: ServerResponse, random: Random) => void;
}

const GONE: Behaviour = { answer: (response) => void response.writeHead(410).end() };

/** How a shop's receiver answers while there are faults. */
const BEHAVIOURS: readonly (readonly [number, Behaviour])[] = [
  [60, { answer: (response) => void response.writeHead(204).end() }],
  [
    10,
    {
      answer: (response, random) =>
        void sleep(random.below(2000)).then(() => response.writeHead(200).end()),
    },
  ],
  [
    8,
    {
      kind: 'a receiver that answered 500',
      answer: (response) => void response.writeHead(500).end('no'),
    },
  ],
  [
    6,
    {
      kind: 'a receiver that answered 429',
      answer: (response) => void response.writeHead(429, { 'retry-after': '1' }).end(),
    },
  ],
  [
    4,
    {
      kind: 'a receiver that redirected',
      answer: (response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
    },
  ],
  [
    5,
    {
      kind: 'a receiver that cut the connection',
      answer: (response) => void response.socket?.destroy(),
    },
  ],
  [
    4,
    {
      kind: 'a receiver that answered garbage',
      answer: (response) => void response.socket?.end('this is not HTTP\r\n\r\n'),
    },
  ],
  [3, { kind: 'a receiver that hung', answer: () => undefined }],
];

/** An endpoint of the system under test, and what reached it. */
interface Receiver {
  name: string;
  key: string;
  endpoint: string;
  /** Whether an operator has it. */
  seesAll: boolean;
  /** The numbers that it answered with success, as often as it did, in order, by reservation or event. */
  taken: Map<string, number[]>;
  /** By the status of the answer. */
  answers: Map<string, number>;
}

export interface Receivers {
  /** From now on they answer well, and what waits is sent now. */
  calm(): Promise<void>;
  /** Checks that each change reached each endpoint, in order of each reservation. */
  count(direct: DirectAccess, findings: Findings): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

interface Options {
  seed: number;
  /** Without faults they answer well from the beginning. */
  faulty: boolean;
  apiUrl: () => string;
  info: Pick<DevInfo, 'keys'>;
  happened: (kind: ReceiverKind) => void;
}

/** Calls the API until it answers with success. */
async function insist(
  { apiUrl }: Options,
  key: string,
  [method, path, body]: readonly [string, string, unknown?],
): Promise<{ id: string; status: string }> {
  const idempotencyKey = randomUUID();
  for (;;) {
    const answer = await fetch(apiUrl() + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'idempotency-key': idempotencyKey,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    }).catch(() => undefined);
    if (answer?.ok) return (await answer.json()) as { id: string; status: string };
    if (answer !== undefined && answer.status < 500 && answer.status !== 429)
      throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    await sleep(TRY_AGAIN_MS);
  }
}

/** Starts receivers of webhooks that fail in each way, and endpoints of two clients and an operator for them. */
export async function startReceivers(options: Options): Promise<Receivers> {
  const { keys } = options.info;
  let isCalm = !options.faulty;
  const stopping = new AbortController();
  const ports = createPortPicker({}, () => undefined);
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const receivers: Receiver[] = [];
  const deaths: Promise<void>[] = [];

  /** Closes a server now and then, and opens it again on its port. */
  async function dieNowAndThen(server: Server, port: number, random: Random): Promise<void> {
    const pause = (ms: number) =>
      sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
    for (;;) {
      await pause(random.between(DIES_EVERY_MS / 2, DIES_EVERY_MS));
      if (isCalm || stopping.signal.aborted) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      options.happened('a receiver that was away');
      await pause(random.below(DEAD_FOR_MS));
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    }
  }

  /** Whoever answered 410 by mistake enables its endpoint again. */
  async function enable({ key, endpoint }: Receiver): Promise<void> {
    const path = `/v1/webhook-endpoints/${endpoint}`;
    if ((await insist(options, key, ['GET', path])).status !== 'disabled') return;
    await insist(options, key, ['POST', `${path}/enable`]);
    options.happened('an endpoint that answered 410, enabled again');
  }
  async function keepEnabling(): Promise<void> {
    for (;;) {
      await sleep(ENABLE_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isCalm || stopping.signal.aborted) return;
      for (const receiver of receivers) if (receiver.answers.has('410')) await enable(receiver);
    }
  }

  async function open(name: 'client' | 'client2' | 'operator'): Promise<void> {
    const random = createRandom(options.seed, `receiver ${name}`);
    const taken = new Map<string, number[]>();
    const answers = new Map<string, number>();
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('error', () => undefined);
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { sequence, data } = JSON.parse(Buffer.concat(chunks).toString()) as {
          sequence: number;
          data: { id: string };
        };
        response.on('close', () => {
          const word = response.writableFinished ? String(response.statusCode) : 'broken';
          answers.set(word, (answers.get(word) ?? 0) + 1);
        });
        response.on('finish', () => {
          if (response.statusCode >= 300) return;
          taken.set(data.id, [...(taken.get(data.id) ?? []), sequence]);
        });
        if (isCalm) {
          response.writeHead(204).end();
          return;
        }
        const behaviours = name === GOES_AWAY ? [...BEHAVIOURS, [2, GONE] as const] : BEHAVIOURS;
        const { kind, answer } = random.weighed(behaviours);
        if (kind) options.happened(kind);
        answer(response, random);
      });
    });
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    });
    // None that an outgoing connection could get while this one is away.
    const port = await ports.free();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    servers.push(server);
    const url = `http://127.0.0.1:${port}/`;
    const key = keys[name];
    const { id } = await insist(options, key, ['POST', '/v1/webhook-endpoints', { url }]);
    receivers.push({ name, key, endpoint: id, seesAll: name === 'operator', taken, answers });
    if (options.faulty) deaths.push(dieNowAndThen(server, port, random));
  }
  for (const name of ['client', 'client2', 'operator'] as const) await open(name);
  const enabling = keepEnabling();
  // `calm` and `close` report the errors.
  enabling.catch(() => undefined);

  return {
    async calm() {
      isCalm = true;
      await Promise.all([...deaths, enabling]);
      for (const socket of sockets) socket.destroy();
      for (const receiver of receivers) await enable(receiver);
      for (const { key, endpoint } of receivers)
        // A change of the endpoint has what waits sent now.
        await insist(options, key, ['PATCH', `/v1/webhook-endpoints/${endpoint}`, { types: null }]);
    },
    async count(direct, findings) {
      const outcomes = new Map<string, number>();
      for (const { name, endpoint, seesAll, taken, answers } of receivers) {
        for (const [answer, times] of answers)
          outcomes.set(`${name}: ${answer}`, (outcomes.get(`${name}: ${answer}`) ?? 0) + times);
        const expected = await direct.rows<{ sequence: string; subject: string }>(
          `select f.sequence, coalesce(h.reservation_id, h.event_id::text) as subject
             from webhook_endpoints e join feed f on f.numbered_at > e.created_at and ($2 or f.for_all or f.client = e.client)
             join history h on h.id = f.history_id
            where e.id = $1`,
          [endpoint, seesAll],
        );
        for (const { sequence, subject } of expected) {
          const got = taken.get(subject)?.includes(Number(sequence));
          const wrong = got ? null : `entry ${sequence} never reached the endpoint of ${name}`;
          findings.check('each change reaches each webhook endpoint', subject, wrong);
        }
        for (const [subject, sequences] of taken) {
          const firsts = [...new Set(sequences)];
          const isInOrder = firsts.every((one, index) => index === 0 || one > firsts[index - 1]!);
          const wrong = isInOrder ? null : `${name} got ${sequences.join(', ')}`;
          findings.check('webhooks of one reservation come in order', subject, wrong);
        }
      }
      return outcomes;
    },
    async close() {
      stopping.abort();
      await Promise.all([...deaths, enabling]);
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
