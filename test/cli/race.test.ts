import { execFile } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from '../../src/db/database';
import { ApiClient } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

const RACE = join(__dirname, '../../dist/proof/race/main.js');
const REPORTS = mkdtempSync(join(tmpdir(), 'holdfast-race-'));

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

interface Run {
  code: number;
  out: string;
  err: string;
}

function race(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const home = system.stack.services.home;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [RACE, ...args],
      { env: { PATH: process.env.PATH, HOLDFAST_HOME: home, ...env }, timeout: 240_000 },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

const statusesOf = async (event: string) => {
  const { body } = await api.call<{ data: { status: string }[] }>(
    'GET',
    `/v1/events/${event}/seats`,
  );
  return body.data.map(({ status }) => status);
};

const reservationsOf = sql(
  'race_reservations',
  `select r.status, r.buyer_email as email from reservations r join events e on e.id = r.event_id where e.slug = $1`,
);

/** A server that does not keep what it promises. @returns its address, and how to end it */
async function impostor(
  reserve: RequestListener,
  cancel: RequestListener = (_request, response) => response.end('{}'),
): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET')
      response.end(JSON.stringify({ data: [{ label: 'A-1', status: 'available' }] }));
    else if (request.url!.endsWith('/cancel')) cancel(request, response);
    else reserve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe('npm run race', () => {
  it('gives one seat to one of ten buyers, prints the figures, reports and cleans up', async () => {
    const event = await api.event();
    const out = join(REPORTS, 'deep/er/race.html');
    const { code, out: printed, err } = await race(['--event', event, '--out', out]);
    expect(err).toBe('');
    expect(printed).toMatch(/requests +seats +success rate +collisions +mean latency +p50 +p95/);
    expect(printed).toMatch(/^ +10 +1 +10\.0 % +0 /m);
    expect(printed).toContain('✓ Every requested seat has exactly one winner.');
    expect(printed).toContain('Released 1 of 1 holds.');
    expect(code).toBe(0);

    const html = readFileSync(out, 'utf8');
    expect(html).toContain('10 buyers, one seat');
    expect(html).toContain('<svg');
    expect(html).not.toMatch(/<script|https?:\/\/(?!127\.0\.0\.1)|@import/);

    const rows = await system.db.rows<{ status: string; email: string }>(reservationsOf, [event]);
    // Of the round that counts, and of the one that warmed the server up.
    const released = {
      status: 'cancelled',
      email: expect.stringMatching(/^race-.*@example\.org$/) as string,
    };
    expect(rows).toEqual([released, released]);
    expect(new Set(await statusesOf(event))).toEqual(new Set(['available']));
  });

  it('races for many seats in several rounds, each for fresh seats, and keeps the holds when told', async () => {
    const event = await api.event();
    const options = ['--event', event, '--buyers', '60', '--seats', '5', '--rounds', '3', '--keep'];
    const { code, out } = await race([...options, '--out', join(REPORTS, 'many.html')]);
    expect(out).toMatch(/^ +180 +15 +/m);
    expect(code).toBe(0);
    const all = await system.db.rows<{ status: string; email: string }>(reservationsOf, [event]);
    const rows = all.filter(({ status }) => status === 'held');
    // What warmed the server up was released also here.
    expect(all.length).toBeGreaterThan(rows.length);
    // With twelve buyers a seat, one that nobody asks for is rare, but no fault.
    expect(rows.length).toBeGreaterThan(9);
    expect(rows.length).toBeLessThanOrEqual(15);
    expect(new Set(rows.map(({ email }) => email)).size).toBe(rows.length);
    expect((await statusesOf(event)).filter((status) => status === 'held')).toHaveLength(
      rows.length,
    );
  });

  it('picks the event on sale with the most free seats by itself', async () => {
    const seats = [{ name: 'Hall', category: 'stalls', places: 300 }];
    const categories = [{ code: 'stalls', name: 'Stalls', price: 1000 }];
    const closed = { salesOpenAt: '2020-01-01T00:00:00Z', salesCloseAt: '2020-01-02T00:00:00Z' };
    const begun = { startsAt: '2020-01-03T00:00:00Z' };
    for (const over of [closed, begun])
      await api.event({ categories, sections: [{ ...seats[0], places: 400 }], ...over });
    const event = await api.event({ categories, sections: seats });
    const { code, out } = await race(['--buyers', '3', '--out', join(REPORTS, 'default.html')]);
    expect(out).toContain(`event ${event}`);
    expect(code).toBe(0);
  });

  it('exits 1 and says so when requests are answered neither 201 nor 409', async () => {
    const event = await api.event();
    const out = join(REPORTS, 'refused.html');
    const { code, out: printed } = await race(['--event', event, '--out', out], {
      HOLDFAST_KEY: system.info.keys.scanner,
    });
    expect(code).toBe(1);
    expect(printed).toMatch(/✗ 10 requests were answered neither 201 nor 409: 403 forbidden/);
    expect(printed).toMatch(/✗ seat \S+ was requested and nobody got it/);
    expect(readFileSync(out, 'utf8')).toContain('10 requests failed');
  });

  it.each([
    [['--buyers', '0'], '--buyers must be a whole number from 1 to 10,000, not "0"'],
    [['--rounds', 'many'], '--rounds must be a whole number from 1 to 1,000, not "many"'],
    [['--faster'], "Unknown option '--faster'"],
    [['--event', 'no-such-event'], '/v1/events/no-such-event/seats answered 404 not_found'],
  ])('refuses %j with one line and exit 2', async (args, message) => {
    const { code, out, err } = await race(args);
    expect(err).toContain(message);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  it('says in one line when no server answers, and when seats are too few', async () => {
    const nobody = await race([], { HOLDFAST_URL: 'http://127.0.0.1:9' });
    expect(nobody).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^No server answers at http:.*\n$/) as string,
    });
    const event = await api.event();
    const few = await race([
      '--event',
      event,
      '--seats',
      '71',
      '--out',
      join(REPORTS, 'none.html'),
    ]);
    expect(few).toMatchObject({
      code: 2,
      err: expect.stringContaining('has 70 fresh free seats, 71 are needed') as string,
    });
    expect(existsSync(join(REPORTS, 'none.html'))).toBe(false);
  });

  it('exits 1 when a seat is sold twice', async () => {
    const { url, server } = await impostor((_request, response) =>
      response.writeHead(201).end('{}'),
    );
    const options = ['--event', 'any', '--buyers', '3', '--out', join(REPORTS, 'twice.html')];
    const { code, out } = await race(options, { HOLDFAST_URL: url });
    server.close();
    expect(out).toMatch(/^ +3 +1 +100\.0 % +1 /m);
    expect(out).toMatch(/✗ seat A-1 was sold 3 times: (\S+, ){2}\S+\n/);
    expect(code).toBe(1);
  });

  it.each([
    [202, 'Released 0 of 1 holds.'],
    [200, 'Released 1 of 1 holds.'],
  ])('asks for a cancel until it has taken effect: at last %i', async (last, printed) => {
    let won = 0;
    let cancels = 0;
    const { url, server } = await impostor(
      (_request, response) => response.writeHead(won++ % 2 === 0 ? 201 : 409).end('{}'),
      (_request, response) => response.writeHead(++cancels % 10 === 0 ? last : 202).end('{}'),
    );
    const options = ['--event', 'any', '--buyers', '2', '--out', join(REPORTS, 'later.html')];
    const { code, out } = await race(options, { HOLDFAST_URL: url });
    server.close();
    expect(out).toContain(printed);
    expect(code).toBe(0);
    // Of the round that warms up, and of the one that counts.
    expect(cancels).toBe(20);
  });

  it('tries again when told to, not before its time, with the same key, and counts it', async () => {
    const seen = new Map<string, number[]>();
    let answered = 0;
    const { url, server } = await impostor((request, response) => {
      const key = String(request.headers['idempotency-key']);
      const times = [...(seen.get(key) ?? []), Date.now()];
      seen.set(key, times);
      if (times.length === 1) return response.writeHead(429, { 'retry-after': '2' }).end('{}');
      // Of each round of four the first wins.
      response.writeHead(answered++ % 4 === 0 ? 201 : 409).end('{}');
    });
    const options = ['--event', 'any', '--buyers', '4', '--out', join(REPORTS, 'again.html')];
    const { code, out } = await race(options, { HOLDFAST_URL: url });
    server.close();
    expect(out).toMatch(/^ +4 +1 +25\.0 % +0 .* 4$/m);
    expect(code).toBe(0);
    expect(seen.size).toBe(8);
    for (const [first, second] of seen.values()) expect(second! - first!).toBeGreaterThan(1900);
  });
});
