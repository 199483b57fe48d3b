import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readAnswer } from '../../proof/bench/load/connection';
import { startLoad } from '../../proof/bench/load/driver';
import type { LoadPlan, LoadRequest } from '../../proof/bench/load/plan';
import { runPlan } from '../../proof/bench/load/run-plan';

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

let server: Server | undefined;

async function serve(handle: Handle): Promise<string> {
  const made = createServer((request, response) => void handle(request, response));
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

const gets = (count: number): LoadRequest[] =>
  Array.from({ length: count }, (_, index) => ({ method: 'GET', path: `/${index}` }));

const run = (baseUrl: string, plan: Omit<LoadPlan, 'baseUrl'>) => runPlan({ baseUrl, ...plan });

/** Answers after `ms` and remembers how many were under way at most, and which path came when. */
function slowly(ms: number) {
  const seen = { most: 0, now: 0, paths: [] as string[], sockets: new Set<unknown>() };
  const handle: Handle = async (request, response) => {
    seen.most = Math.max(seen.most, ++seen.now);
    seen.paths.push(request.url ?? '');
    seen.sockets.add(request.socket);
    await delay(ms);
    seen.now--;
    response.end('{}');
  };
  return { seen, handle };
}

describe('the closed loop', () => {
  it('keeps so many requests under way, over as many kept connections', async () => {
    const { seen, handle } = slowly(20);
    const result = await run(await serve(handle), { requests: gets(25), connections: 5 });
    expect(seen.most).toBe(5);
    expect(seen.sockets.size).toBe(5);
    expect(new Set(seen.paths).size).toBe(25);
    expect(result.statuses).toEqual(new Array(25).fill(200));
    expect(Math.min(...result.ms)).toBeGreaterThanOrEqual(19);
    expect(result.wallMs).toBeGreaterThanOrEqual(5 * 19);
    expect(result.cpuMs).toBeGreaterThan(0);
  });

  it('sends method, headers and body, and keeps status and answer of each request', async () => {
    const base = await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { authorization, 'x-own': own } = request.headers;
      response.statusCode = request.url === '/0' ? 201 : 409;
      response.end(JSON.stringify({ method: request.method, authorization, own, body }));
    });
    const requests = ['grün', ''].map((body, index) => ({
      method: 'POST',
      path: `/${index}`,
      headers: { 'X-Own': `own ${index}` },
      ...(body && { body }),
    }));
    const result = await run(base, {
      headers: { Authorization: 'all' },
      requests,
      connections: 1,
      keepBodies: true,
    });
    expect(result.statuses).toEqual([201, 409]);
    expect(result.bodies.map((body) => JSON.parse(body) as unknown)).toEqual([
      { method: 'POST', authorization: 'all', own: 'own 0', body: 'grün' },
      { method: 'POST', authorization: 'all', own: 'own 1', body: '' },
    ]);
  });

  it('breaks off when a connection does', async () => {
    const base = await serve((request) => void request.socket.destroy());
    await expect(run(base, { requests: gets(3), connections: 1 })).rejects.toThrow(/closed|reset/i);
  });
});

describe('the open loop', () => {
  it('sends when a request is due, not when the one before is answered', async () => {
    const { seen, handle } = slowly(100);
    const result = await run(await serve(handle), {
      requests: gets(10),
      connections: 10,
      everyMs: 10,
    });
    expect(seen.most).toBeGreaterThan(5);
    expect(result.wallMs).toBeGreaterThanOrEqual(189);
  });

  it('charges a stall to every request that was due meanwhile', async () => {
    // The first answer takes 400 ms, the others none; the one connection is not free before.
    const base = await serve(async (request, response) => {
      if (request.url === '/0') await delay(400);
      response.end();
    });
    const { ms } = await run(base, { requests: gets(9), connections: 1, everyMs: 50 });
    expect(ms[0]).toBeGreaterThanOrEqual(399);
    for (const index of [1, 2, 3, 4, 5, 6])
      expect(ms[index]).toBeGreaterThanOrEqual(399 - 50 * index);
    expect(ms[8]).toBeLessThan(ms[1]!);
  });
});

describe('groups', () => {
  it('sends a group at once and the next when all have their answer', async () => {
    const { seen, handle } = slowly(30);
    const result = await run(await serve(handle), {
      requests: gets(10),
      connections: 4,
      groupsOf: 4,
    });
    expect(seen.most).toBe(4);
    expect(new Set(seen.paths.slice(0, 4))).toEqual(new Set(['/0', '/1', '/2', '/3']));
    expect(new Set(seen.paths.slice(8))).toEqual(new Set(['/8', '/9']));
    expect(result.wallMs).toBeGreaterThanOrEqual(3 * 29);
  });

  it('needs a connection for each of a group', async () => {
    await expect(
      run('http://127.0.0.1:1', { requests: gets(2), connections: 1, groupsOf: 2 }),
    ).rejects.toThrow(/group/);
  });
});

describe('the process of its own', () => {
  it('runs one plan after the other, and says why one failed', async () => {
    const base = await serve((_request, response) => void response.end('{}'));
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-load-'));
    const load = await startLoad(join(folder, 'load.log'));
    try {
      const plan = { baseUrl: base, requests: gets(20), connections: 2 };
      expect((await load.run(plan)).statuses).toEqual(new Array(20).fill(200));
      await expect(load.run({ ...plan, baseUrl: 'http://127.0.0.1:1' })).rejects.toThrow(
        /failed.*ECONNREFUSED/,
      );
      expect((await load.run(plan)).ms).toHaveLength(20);
    } finally {
      await load.close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe('reading an answer', () => {
  const answers = {
    'with a length':
      'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello',
    'in chunks':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
    'without a body': 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
  };

  it.each(Object.entries(answers))('%s, wherever it is cut', (_name, text) => {
    const bytes = Buffer.from(text);
    for (let cut = 0; cut < bytes.length; cut++)
      expect(readAnswer(bytes.subarray(0, cut), true)).toBeNull();
    const answer = readAnswer(bytes, true);
    expect(answer?.end).toBe(bytes.length);
    expect(answer?.body).toBe(text.includes('304') ? '' : 'hello');
    expect(answer?.status).toBe(Number(text.slice(9, 12)));
  });

  it('does not guess at a length', () => {
    expect(() => readAnswer(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhello'), false)).toThrow(
      /unknown length/,
    );
  });
});
