import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSender, type Resolve } from '../../src/webhooks/send';

const LOCAL = { allowPrivate: true, requireTls: false };
const PUBLIC_ONLY = { allowPrivate: false, requireTls: false };
const never = new AbortController().signal;
const servers: Server[] = [];
const sockets = new Set<Socket>();

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) server.close();
});

const receiver = (answer: (request: IncomingMessage, response: ServerResponse) => void) =>
  listen(createHttp(answer));
/** A receiver that says bytes of its own. */
const raw = (say: (socket: Socket) => void) =>
  listen(
    createTcp((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => say(socket));
    }),
  );
const to = (port: number, send = createSender(LOCAL), url = `http://127.0.0.1:${port}/hooks`) =>
  send({ url, headers: { 'content-type': 'application/json' }, body: '{"a":"ü"}' }, never);

describe('A webhook', () => {
  it('is a POST with its body and headers, and is delivered by any 2xx', async () => {
    const seen: unknown[] = [];
    const port = await receiver((request, response) => {
      request.on('data', (chunk: Buffer) => seen.push(request.method, chunk.toString()));
      request.on('end', () => response.writeHead(204).end());
    });
    expect(await to(port)).toEqual({
      outcome: 'delivered',
      status: 204,
      error: null,
      retryAfterMs: null,
    });
    expect(seen).toEqual(['POST', '{"a":"ü"}']);
  });

  it.each([
    [500, 'failed'],
    [404, 'failed'],
    [429, 'failed'],
    [410, 'gone'],
  ])('that is answered %i has %s', async (status, outcome) => {
    const port = await receiver((_, response) => response.writeHead(status).end('no'));
    expect(await to(port)).toMatchObject({ outcome, status });
  });

  it.each([
    ['7', 7000, 7000],
    [new Date(Date.now() + 60_000).toUTCString(), 50_000, 61_000],
    ['999999999', 259_200_000, 259_200_000],
  ])('is told by Retry-After %s when to come again', async (header, least, most) => {
    const port = await receiver((_, response) =>
      response.writeHead(429, { 'retry-after': header }).end(),
    );
    const { retryAfterMs } = (await to(port))!;
    expect(retryAfterMs).toBeGreaterThanOrEqual(least);
    expect(retryAfterMs).toBeLessThanOrEqual(most);
  });

  it.each(['soon', '-5', '', '1e9'])(
    'does not care for a Retry-After that is none: "%s"',
    async (header) => {
      const port = await receiver((_, response) =>
        response.writeHead(503, { 'retry-after': header }).end(),
      );
      expect((await to(port))!.retryAfterMs).toBeNull();
    },
  );

  it('follows no redirect', async () => {
    let visited = false;
    const inside = await receiver((_, response) => {
      visited = true;
      response.end();
    });
    const port = await receiver((_, response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${inside}/` }).end(),
    );
    expect(await to(port)).toMatchObject({
      outcome: 'failed',
      status: 302,
      error: expect.stringContaining('redirects are not followed') as string,
    });
    expect(visited).toBe(false);
  });

  it('fails with words of ours when nobody is there, or whoever is there speaks no HTTP', async () => {
    const port = await listen(createTcp());
    servers.at(-1)!.close();
    expect((await to(port))!.error).toBe('the connection was refused');
    const garbage = await raw((socket) => socket.end('buy cheap\u0000 tickets\r\n\r\n'));
    expect((await to(garbage))!.error).toMatch(/^its answer is not HTTP/);
    const hangsUp = await raw((socket) => socket.destroy());
    expect((await to(hangsUp))!.error).toBe('the connection was broken off');
    const other = await raw((socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    );
    expect((await to(other))!.outcome).toBe('failed');
  });

  it('fails where the receiver does not do TLS', async () => {
    const port = await receiver((_, response) => response.end());
    const answer = await to(port, createSender(LOCAL), `https://127.0.0.1:${port}/`);
    expect(answer).toMatchObject({ outcome: 'failed', status: null });
  });

  it('reads no more than 16 kB of headers', async () => {
    const port = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = () => {
        while (socket.writable && socket.write(`x-header: ${'x'.repeat(500)}\r\n`));
      };
      socket.on('drain', more);
      more();
    });
    expect(await to(port)).toMatchObject({
      outcome: 'failed',
      error: 'the headers of its answer are too large',
    });
  });

  it('waits 15 s in all for an answer that does not come, or comes a byte at a time', async () => {
    const silent = await receiver(() => undefined);
    const slow = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx: ');
      setInterval(() => socket.writable && socket.write('x'), 500).unref();
    });
    const began = performance.now();
    const answers = await Promise.all([to(silent), to(slow)]);
    expect(performance.now() - began).toBeGreaterThan(14_000);
    for (const answer of answers)
      expect(answer).toMatchObject({ outcome: 'failed', error: 'it did not answer within 15 s' });
  });

  it('does not read gigabytes, and is delivered by the status', async () => {
    let sent = 0;
    const ended = new Promise<void>((resolve) => {
      void receiver((_, response) => {
        const more = () => {
          for (let on = true; on && !response.destroyed;) {
            on = response.write(Buffer.alloc(65_536));
            sent += 65_536;
          }
        };
        response.on('drain', more);
        response.on('close', resolve);
        more();
      }).then(async (port) => {
        expect((await to(port))!.outcome).toBe('delivered');
      });
    });
    await ended;
    expect(sent).toBeLessThan(50_000_000);
  });

  it('is delivered by the status, and keeps its place until the body has ended or its time is over', async () => {
    let closed: Promise<unknown> | undefined;
    const port = await receiver((request, response) => {
      closed = once(request.socket, 'close');
      response.writeHead(200).write('more to come');
    });
    const began = performance.now();
    expect((await to(port))!.outcome).toBe('delivered');
    expect(performance.now() - began).toBeGreaterThan(14_000);
    await closed;
  });

  it('is given up when its process is to end', async () => {
    const port = await receiver(() => undefined);
    const ending = new AbortController();
    const sent = createSender(LOCAL)(
      { url: `http://127.0.0.1:${port}/`, headers: {}, body: '' },
      ending.signal,
    );
    setTimeout(() => ending.abort(), 200);
    expect(await sent).toBeNull();
  });
});

describe('A webhook to a name', () => {
  const named = (port: number, resolve: Resolve) =>
    to(port, createSender(PUBLIC_ONLY, resolve), `http://shop.example:${port}/`);

  it('does not reach a private address, in none of its forms', async () => {
    let visits = 0;
    const port = await receiver((_, response) => {
      visits++;
      response.end();
    });
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', '64:ff9b::7f00:1']) {
      const answer = await named(port, async () => [address]);
      expect(answer).toMatchObject({ outcome: 'failed', error: 'its address is not a public one' });
    }
    expect(visits).toBe(0);
  });

  it('that leads to a private address at the second look-up reaches none', async () => {
    let visits = 0;
    const port = await receiver((_, response) => {
      visits++;
      response.end();
    });
    let lookups = 0;
    const resolve: Resolve = async () => (++lookups % 2 === 1 ? ['192.0.2.1'] : ['127.0.0.1']);
    for (let turn = 0; turn < 4; turn++)
      expect((await named(port, resolve))!.outcome).toBe('failed');
    // Looked up once for each connection.
    expect(lookups).toBe(4);
    expect(visits).toBe(0);
  });

  it('that has no address says so', async () => {
    expect((await named(80, async () => []))!.error).toBe('its name has no address');
  });

  it('is not sent when its URL is not allowed any more', async () => {
    const send = createSender({ allowPrivate: false, requireTls: true });
    const answer = await send({ url: 'http://shop.example/', headers: {}, body: '' }, never);
    expect(answer).toMatchObject({ outcome: 'failed', error: 'its URL must begin with https://' });
  });
});
