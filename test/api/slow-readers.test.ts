import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createEventStreams } from '../../src/api/event-streams';
import { createEvent, NO_RULES } from '../../src/db/events';
import { layOutSeats } from '../../src/domain/seat-map';
import { ApiClient, eventually } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

const CONNECTIONS = 40;
const STREAMS = 3;
const LARGE = 'large';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem({
    apiEnv: {
      RATE_LIMIT: '1000000',
      MAX_CONNECTIONS_PER_ADDRESS: String(CONNECTIONS),
      MAX_STREAMS_PER_ADDRESS: String(STREAMS),
      // One map of the large event, and not two.
      MAX_UNREAD_MB_PER_ADDRESS: '20',
    },
  });
  api = new ApiClient(system.info);
  const rows = Array.from({ length: 250 }, (_, index) => ({ name: `R${index}`, seats: 400 }));
  await createEvent(system.db, {
    ...NO_RULES,
    slug: LARGE,
    name: 'Large',
    venue: null,
    startsAt: '2030-01-01T00:00:00Z',
    timeZone: 'Europe/Prague',
    currency: 'EUR',
    maxSeatsPerReservation: 10,
    categories: [{ code: 'stalls', name: 'Stalls', price: 1000 }],
    seats: layOutSeats([{ name: 'Stalls', category: 'stalls', rows }]).seats,
  });
  // A busy machine may need longer for the first look at so many than a call has.
  await eventually(async () => expect((await api.seats(LARGE)).length).toBe(100_000));
});
afterAll(() => system.stop());

interface Raw {
  socket: Socket;
  /** What has been read so far. */
  text(): string;
  closed: Promise<number>;
}

/**
 * A socket to the API. `closed`: how many bytes it gave until then.
 * @param reads whether it reads on after the head of the answer
 */
function open(send: string, reads = true): Raw {
  const { hostname, port } = new URL(system.info.apiUrl);
  const socket = connect(Number(port), hostname);
  let head = '';
  let bytes = 0;
  socket.on('data', (data: Buffer) => {
    bytes += data.length;
    if (head.length < 2000) head += data.toString('latin1', 0, 2000);
    else return;
    if (!reads) socket.pause();
  });
  socket.on('error', () => undefined);
  socket.write(send);
  const closed = new Promise<number>((resolve) => socket.once('close', () => resolve(bytes)));
  return { socket, text: () => head, closed };
}
const get = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\nHost: holdfast\r\n${headers}\r\n`;
const statusOf = (raw: Raw): Promise<number> =>
  eventually(() => {
    const [, status] = /^HTTP\/1\.1 (\d+)/.exec(raw.text()) ?? [];
    if (status === undefined) throw new Error('no answer yet');
    return Number(status);
  });

describe('A caller who only takes up room', () => {
  it('loses the connection on which a header never ends, though he keeps his side open', async () => {
    const { hostname, port } = new URL(system.info.apiUrl);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    socket.on('error', () => undefined);
    socket.resume();
    socket.write('GET /livez HTTP/1.1\r\nHost: holdfast\r\nX-Never: ');
    await new Promise((resolve) => socket.once('end', resolve));
    // Half open on our side; what is written now is answered by a reset.
    const gone = new Promise((resolve) => socket.once('close', resolve));
    const trickle = setInterval(() => socket.write('a'), 500);
    await gone;
    clearInterval(trickle);
  });

  it('loses the connection on which he does not read a large answer, and nobody else notices', async () => {
    const raw = open(get(`/v1/events/${LARGE}/seats`), false);
    await statusOf(raw);
    const event = await api.event();
    const until = Date.now() + 60_000;
    for (let seat = 1; Date.now() < until; seat++) {
      if (seat <= 10) expect((await api.hold(event, [`A-${seat}`])).status).toBe(201);
      await delay(1000);
    }
    raw.socket.resume();
    const [, length] = /content-length: (\d+)/i.exec(raw.text())!;
    expect(await raw.closed).toBeLessThan(Number(length));
  });

  it('is refused further large answers while one is unread; small ones he gets', async () => {
    const first = open(get(`/v1/events/${LARGE}/seats`), false);
    expect(await statusOf(first)).toBe(200);
    const second = open(get(`/v1/events/${LARGE}/seats`));
    expect(await statusOf(second)).toBe(429);
    expect(second.text()).toMatch(/retry-after: \d/i);
    expect((await api.call('GET', '/livez', { key: null })).status).toBe(200);
    first.socket.destroy();
    second.socket.destroy();
    await eventually(async () => {
      expect((await api.seats(LARGE)).length).toBe(100_000);
    });
  });

  it('is refused further long lists too while some are unread', async () => {
    const [event, seats] = ['listed', 100];
    const rows = Array.from({ length: 200 }, (_, index) => ({ name: `R${index}`, seats }));
    await createEvent(system.db, {
      ...{ ...NO_RULES, slug: event, name: 'Listed', venue: null, timeZone: 'Europe/Prague' },
      ...{ startsAt: '2030-01-01T00:00:00Z', currency: 'EUR', maxSeatsPerReservation: seats },
      categories: [{ code: 'stalls', name: 'Stalls', price: 1000 }],
      seats: layOutSeats([{ name: 'Stalls', category: 'stalls', rows }]).seats,
    });
    const metadata = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`m${index}`, '€'.repeat(500)]),
    );
    for (const { name } of rows) {
      const labels = Array.from({ length: seats }, (_, index) => `${name}-${index + 1}`);
      const answer = await api.call('POST', '/v1/reservations', {
        headers: { 'idempotency-key': `listed-${name}` },
        body: { event, seats: labels, metadata },
      });
      expect(answer.status).toBe(201);
    }
    const list = get(
      `/v1/reservations?event=${event}&limit=200`,
      `Authorization: Bearer ${system.info.keys.client}\r\n`,
    );
    const unread: Raw[] = [];
    const statuses: number[] = [];
    while (statuses.at(-1) !== 429 && statuses.length < 5) {
      unread.push(open(list, false));
      statuses.push(await statusOf(unread.at(-1)!));
    }
    for (const { socket } of unread) socket.destroy();
    expect(statuses.slice(0, -1)).toContain(200);
    expect(statuses.at(-1)).toBe(429);
  });

  it('has so many live streams and no more, until one of them ends', async () => {
    const path = `/v1/events/${await api.event()}/stream`;
    const streams = Array.from({ length: STREAMS }, () => open(get(path)));
    for (const stream of streams) expect(await statusOf(stream)).toBe(200);
    const refused = open(get(path));
    expect(await statusOf(refused)).toBe(429);
    streams[0]!.socket.destroy();
    await eventually(async () => {
      const next = open(get(path));
      streams.push(next);
      expect(await statusOf(next)).toBe(200);
    });
    for (const { socket } of [...streams, refused]) socket.destroy();
  });

  it('is told apart from a process that can take no more, whoever asks', async () => {
    const streams = createEventStreams({} as Parameters<typeof createEventStreams>[0], null);
    streams.close();
    expect(await streams.listen('event', '203.0.113.5')).toBe('full');
  });

  it('has so many connections and no more, and those that he has are served', async () => {
    const raws = Array.from({ length: CONNECTIONS + 20 }, () => open(''));
    await eventually(() => {
      expect(raws.filter(({ socket }) => socket.destroyed).length).toBeGreaterThanOrEqual(20);
    });
    const served = raws.find(({ socket }) => !socket.destroyed)!;
    served.socket.write(get('/livez'));
    expect(await statusOf(served)).toBe(200);
    for (const { socket } of raws) socket.destroy();
    await eventually(async () => {
      expect((await api.call('GET', '/livez', { key: null })).status).toBe(200);
    });
  });
});
