import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AnswerReader } from '../../proof/bench/visitors/answers';
import type { PlanWithout, VisitorsReport } from '../../proof/bench/visitors/plan';
import { startVisitors } from '../../proof/bench/visitors/visitors';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server | undefined;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-visitors-'));
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What visitors of a server report who stay for a while. */
async function visit(
  handle: Handle,
  plan: PlanWithout<'url' | 'path'>,
  stayMs = 0,
): Promise<VisitorsReport> {
  const made = createServer(handle);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
  const visitors = await startVisitors(
    { ...plan, url, path: '/map' },
    join(folder, 'visitors.log'),
  );
  try {
    await delay(stayMs);
    return await visitors.finish();
  } finally {
    await visitors.close();
  }
}

describe('reading an answer without keeping it', () => {
  const answers = {
    'with a length': [
      'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 5\r\n\r\nhello',
      { status: 200, etag: '"a"', bytes: 5 },
    ],
    'without a body': [
      'HTTP/1.1 304 Not Modified\r\nETag: "b"\r\n\r\n',
      { status: 304, etag: '"b"', bytes: 0 },
    ],
    'the first part of a stream': [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello',
      { status: 200, etag: null, bytes: 5 },
    ],
  } as const;

  it.each(Object.entries(answers))('%s, wherever it is cut', (_name, [text, expected]) => {
    const bytes = Buffer.from(text);
    for (let cut = 1; cut < bytes.length; cut++) {
      const reader = new AnswerReader();
      expect(reader.take(bytes.subarray(0, cut))).toBeNull();
      expect(reader.take(bytes.subarray(cut))).toEqual(expected);
    }
  });

  it('one after the other', () => {
    const reader = new AnswerReader();
    for (const [text, expected] of [answers['with a length'], answers['without a body']])
      expect(reader.take(Buffer.from(text))).toEqual(expected);
  });

  it('does not guess at a length', () => {
    const reader = new AnswerReader();
    expect(() => reader.take(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhello'))).toThrow(
      /unknown length/,
    );
  });
});

describe('visitors', () => {
  it('listen until each has the first part of its stream', async () => {
    const report = await visit((_request, response) => void response.write('snapshot'), {
      kind: 'listeners',
      count: 20,
      withinMs: 100,
    });
    expect(report).toMatchObject({ open: 20, closed: 0, statuses: { 200: 20 }, bytes: 160 });
    expect(report.ms).toHaveLength(20);
  });

  it('poll with the ETag that they have', async () => {
    const known: unknown[] = [];
    const report = await visit(
      (request, response) => {
        const { 'if-none-match': etag } = request.headers;
        known.push(etag);
        response.statusCode = etag === '"new"' ? 304 : 200;
        response.setHeader('ETag', '"new"').end();
      },
      { kind: 'pollers', count: 5, everyMs: 100, etag: '"old"' },
      3000,
    );
    expect(report.statuses[200]).toBe(5);
    expect(report.statuses[304]).toBeGreaterThan(10);
    expect(known.filter((etag) => etag === '"old"')).toHaveLength(5);
  });

  it('leave unread what is large, and ask again when they are refused', async () => {
    let asked = 0;
    const report = await visit(
      (_request, response) => {
        response.statusCode = ++asked <= 3 ? 429 : 200;
        if (asked <= 3) response.end('{}');
        else response.end(Buffer.alloc(30_000_000));
      },
      { kind: 'non-readers', count: 5 },
      1500,
    );
    expect(report).toMatchObject({ open: 5, statuses: { 200: 5, 429: 3 } });
    expect(report.bytes).toBeLessThan(2_000_000);
  });

  it('send headers without an end, and come again', async () => {
    let served = 0;
    const report = await visit(
      () => served++,
      { kind: 'endless-headers', count: 5, everyMs: 20 },
      300,
    );
    expect(report).toMatchObject({ open: 5, closed: 0 });
    expect(served).toBe(0);
  });

  it('call as fast as they are answered', async () => {
    const report = await visit(
      ({ headers }, response) => {
        response.statusCode = headers.authorization === 'Bearer key' ? 200 : 401;
        response.end();
      },
      { kind: 'callers', count: 5, key: 'key' },
      2000,
    );
    expect(report.open).toBe(5);
    expect(report.statuses[200]).toBeGreaterThan(50);
    expect(report.statuses[401]).toBeUndefined();
  });

  it('guess so many keys, each another one', async () => {
    const keys = new Set<unknown>();
    const report = await visit(
      ({ headers }, response) => {
        keys.add(headers.authorization);
        response.statusCode = 401;
        response.end();
      },
      { kind: 'guessers', count: 5, guesses: 100, withinMs: 200 },
    );
    expect(report.statuses).toEqual({ 401: 100 });
    expect(keys.size).toBe(100);
  });

  it('say so when the server ends what must not end', async () => {
    await expect(
      visit(({ socket }) => void socket.destroy(), { kind: 'callers', count: 5, key: 'key' }, 300),
    ).rejects.toThrow(/closed a connection/);
  });
});
