import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { ApiClient, refusal } from '../support/api';
import { openEventStream } from '../support/event-stream';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const categories = [{ code: 'stalls', name: 'Stalls', price: 4500 }];
type Row = Record<string, unknown>;
const withRows = (...rows: Row[]) => ({
  categories,
  sections: [
    { name: 'Stalls', category: 'stalls', rows: rows.map((row) => ({ name: 'A', ...row })) },
  ],
});
const make = (fields: Record<string, unknown>) =>
  api.call<{ errors: { path: string; message: string }[] }>('POST', '/v1/events', {
    key: system.info.keys.operator,
    body: {
      slug: `map-${randomUUID().slice(0, 8)}`,
      name: 'Hamlet',
      startsAt: '2030-03-14T19:00:00Z',
      currency: 'EUR',
      ...fields,
    },
  });

interface StoredSeat {
  label: string;
  row_order: number;
  number: number | null;
  rank: number;
}
const STORED = sql<StoredSeat>(
  'test_stored_seats',
  `select label, row_order, number, rank from seats where event_id = event_id_of($1) order by id`,
);
const stored = (event: string) => system.db.rows(STORED, [event]);

describe('The map', () => {
  it('has the coordinates, the places for wheelchairs and for companions, as they were given', async () => {
    const event = await api.event(
      withRows(
        {
          numbers: ['11', '12', null, '12 bis', '15'],
          accessible: ['11'],
          companion: ['12'],
          x: [0, 1, 2, 3, 5],
          y: [0, 0, 0, 1, 1.5],
        },
        { name: 'B', seats: 2, x: [0, 1], y: 7 },
        { name: 'C', seats: 1 },
      ),
    );
    const seats = await api.seats(event);
    expect(
      seats.map(({ label, number, x, y, accessible, companion }) => [
        label,
        number,
        x,
        y,
        accessible,
        companion,
      ]),
    ).toEqual([
      ['A-11', '11', 0, 0, true, false],
      ['A-12', '12', 1, 0, false, true],
      ['A-12 bis', '12 bis', 3, 1, false, false],
      ['A-15', '15', 5, 1.5, false, false],
      ['B-1', '1', 0, 7, false, false],
      ['B-2', '2', 1, 7, false, false],
      ['C-1', '1', null, null, false, false],
    ]);
    expect(seats[0]).not.toHaveProperty('rank');
  });

  it('shows the seats of a section, of a status or of both alone', async () => {
    const event = await api.event({
      categories,
      sections: ['Stalls', 'Balcony'].map((name) => ({
        name,
        category: 'stalls',
        rows: [{ name: name[0], seats: 2 }],
      })),
    });
    await api.held(event, ['B-1']);
    const seen = async (query: string) => {
      const answer = await api.call<{ data: { label: string }[] }>(
        'GET',
        `/v1/events/${event}/seats?${query}`,
      );
      return [answer.headers.get('etag'), answer.body.data.map(({ label }) => label)] as const;
    };
    const labels = async (query: string) => (await seen(query))[1];
    expect(await labels('section=Balcony')).toEqual(['B-1', 'B-2']);
    expect(await labels('status=available')).toEqual(['S-1', 'S-2', 'B-2']);
    expect(await labels('section=Balcony&status=held')).toEqual(['B-1']);
    expect(await labels('section=Box')).toEqual([]);
    expect(await labels('section=Box&status=held')).toEqual([]);
    await api.held(event, ['B-2']);
    expect(await labels('section=Balcony&status=held')).toEqual(['B-1', 'B-2']);
    expect(await labels('status=available')).toEqual(['S-1', 'S-2']);
    expect(await labels('status=sold')).toEqual([]);
    const [etag] = await seen('section=Balcony');
    expect(etag).not.toBe((await seen('section=Stalls'))[0]);
    const again = await api.call('GET', `/v1/events/${event}/seats?section=Balcony`, {
      headers: { 'if-none-match': etag! },
    });
    expect(again.status).toBe(304);
    expect(refusal(await api.call('GET', `/v1/events/${event}/seats?status=free`))).toEqual([
      422,
      'validation_failed',
    ]);
  });

  it('has places of a floor without a number', async () => {
    const event = await api.event({
      categories,
      sections: [{ name: 'Floor', category: 'stalls', places: 2 }],
    });
    expect((await api.seats(event)).map(({ label, row, number }) => [label, row, number])).toEqual([
      ['Floor-1', null, null],
      ['Floor-2', null, null],
    ]);
  });

  it('takes an aisle whose coordinates are not given', async () => {
    const row = { numbers: ['1', null, '2'], x: [0, null, 2], y: 0 };
    expect((await make(withRows(row))).status).toBe(201);
  });

  it.each<[string, Row, string]>([
    ['x alone', { seats: 1, x: [0] }, 'x'],
    ['y alone', { seats: 1, y: 0 }, 'y'],
    ['too few coordinates', { seats: 3, x: [0, 1], y: 0 }, 'x'],
    ['coordinates without the aisle', { numbers: ['1', null, '2'], x: [0, 1], y: 0 }, 'x'],
    ['no coordinate of a seat', { seats: 2, x: [0, null], y: 0 }, 'x.1'],
    ['a coordinate that is a text', { seats: 1, x: ['0'], y: 0 }, 'x'],
    ['a coordinate far out', { seats: 1, x: 1e9, y: 0 }, 'x'],
    ['a wheelchair where there is no seat', { seats: 1, accessible: ['2'] }, 'accessible.0'],
    ['one twice', { seats: 1, accessible: ['1', '1'] }, 'accessible.1'],
    ['both at once', { seats: 1, accessible: ['1'], companion: ['1'] }, 'companion.0'],
  ])('refuses %s', async (_what, row, path) => {
    const answer = await make(withRows(row));
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect(answer.body.errors.map((error) => error.path)).toContain(`sections.0.rows.0.${path}`);
  });
});

describe('The database knows of each seat', () => {
  it('its row and its place in it, so neighbours differ by one, also in two rows of one name', async () => {
    const event = await api.event(
      withRows({ numbers: ['1', '2', null, '3'] }, { numbers: ['4', '5'] }),
    );
    expect((await stored(event)).map((seat) => [seat.label, seat.row_order, seat.number])).toEqual([
      ['A-1', 0, 1],
      ['A-2', 0, 2],
      ['A-3', 0, 4],
      ['A-4', 1, 1],
      ['A-5', 1, 2],
    ]);
  });

  it('its rank: row by row from the middle, or by the distance from the focal point', async () => {
    const rows = withRows({ seats: 3 }, { name: 'B', seats: 3 });
    const best = async (event: string) =>
      (await stored(event)).sort((a, b) => a.rank - b.rank).map(({ label }) => label);
    const plain = await api.event(rows);
    expect(await best(plain)).toEqual(['A-2', 'A-1', 'A-3', 'B-2', 'B-1', 'B-3']);
    const focused = await api.event({ ...rows, focalPoint: { x: 2, y: 1 }, orphanRule: 'forbid' });
    expect(await best(focused)).toEqual(['B-3', 'A-3', 'B-2', 'A-2', 'B-1', 'A-1']);
    const { body } = await api.call('GET', `/v1/events/${focused}`);
    expect(body).toMatchObject({ focalPoint: { x: 2, y: 1 }, orphanRule: 'forbid' });
  });

  it('the same of seats that release 1.0 makes, batch by batch, while it runs beside this one', async () => {
    const event = await api.event(withRows({ seats: 1 }));
    const insert = sql(
      'test_insert_seats_of_release_1_0',
      `insert into seats (event_id, label, section, row_name, number, category_code)
       select event_id_of($1), coalesce(row_name, 'Floor') || '-' || n, coalesce($2, 'Floor'), row_name, case when row_name is not null then n end, 'stalls'
         from unnest($3::text[], $4::integer[]) with ordinality as s (row_name, n, ordinal) order by ordinal`,
    );
    await system.db.run(insert, [event, 'Circle', ['C', 'C', 'C'], [1, 2, 3]]);
    await system.db.run(insert, [event, 'Circle', ['C', 'C', 'D'], [4, 5, 1]]);
    await system.db.run(insert, [event, null, [null, null], [1, 2]]);
    expect(
      (await stored(event)).map((seat) => [seat.label, seat.row_order, seat.number, seat.rank]),
    ).toEqual([
      ['A-1', 0, 1, 0],
      ['C-1', 1, 1, 1028],
      ['C-2', 1, 2, 1026],
      ['C-3', 1, 3, 1024],
      ['C-4', 1, 4, 1026],
      ['C-5', 1, 5, 1028],
      ['D-1', 2, 1, 2048],
      ['Floor-1', 3, null, 3072],
      ['Floor-2', 3, null, 3072],
    ]);
  });
});

const add = (
  event: string,
  options: { body?: unknown; raw?: string | Buffer; key?: string; type?: string },
) =>
  api.call<{ revision: number; errors: { path: string; message: string }[] }>(
    'POST',
    `/v1/events/${event}/sections`,
    {
      key: system.info.keys.operator,
      ...(options.raw === undefined ? { body: options.body } : { raw: options.raw }),
      headers: {
        'idempotency-key': options.key ?? randomUUID(),
        ...(options.raw !== undefined && { 'content-type': options.type ?? 'text/csv' }),
      },
    },
  );
const BALCONY = { name: 'Balcony', category: 'stalls', rows: [{ name: 'A', seats: 2 }] };

describe('More seats', () => {
  it('come after those that are there, whose labels stay; once for a key', async () => {
    const event = await api.event(withRows({ seats: 2 }));
    const key = randomUUID();
    const body = { sections: [BALCONY, { name: 'Floor', category: 'stalls', places: 2 }] };
    const first = await add(event, { body, key });
    expect(first.status).toBe(201);
    expect(first.body.revision).toBe(2);
    const again = await add(event, { body, key });
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(refusal(await add(event, { body: { sections: [BALCONY] }, key }))).toEqual([
      422,
      'idempotency_key_reused',
    ]);
    expect((await stored(event)).map((seat) => [seat.label, seat.row_order])).toEqual([
      ['A-1', 0],
      ['A-2', 0],
      ['Balcony-A-1', 1],
      ['Balcony-A-2', 1],
      ['Floor-1', 2],
      ['Floor-2', 2],
    ]);
    await add(event, { body: { sections: [{ name: 'Floor', category: 'stalls', places: 1 }] } });
    expect((await stored(event)).at(-1)!.label).toBe('Floor-3');
    await api.held(event, ['Balcony-A-1', 'Floor-3']);
  });

  it('are refused with a label that is there, an unknown category, or too many; nothing is added', async () => {
    const event = await api.event(withRows({ seats: 2 }));
    const rows = [{ name: 'A', numbers: ['3', '2'] }];
    const twice = await add(event, {
      body: { sections: [{ name: 'Stalls', category: 'stalls', rows }] },
    });
    expect(refusal(twice)).toEqual([422, 'validation_failed']);
    expect(twice.body.errors[0]!.message).toContain('A-2');
    const unknown = await add(event, { body: { sections: [{ ...BALCONY, category: 'box' }] } });
    expect(unknown.body.errors[0]!.path).toBe('sections.0.category');
    const many = await add(event, {
      body: { sections: [{ name: 'Floor', category: 'stalls', places: 99_999 }] },
    });
    expect(many.body.errors[0]!.message).toContain('at most 99998');
    expect(await api.seats(event)).toHaveLength(2);
  });

  it('of two calls at once are all there, with rows of their own', async () => {
    const event = await api.event(withRows({ seats: 1 }));
    const one = (name: string) => add(event, { body: { sections: [{ ...BALCONY, name }] } });
    const answers = await Promise.all(['L', 'M', 'R'].map(one));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set((await stored(event)).map(({ row_order: row }) => row)).size).toBe(4);
  });

  it('reach who listens to the live map: it is told to fetch the map again', async () => {
    const event = await api.event(withRows({ seats: 1 }));
    const stream = await openEventStream(`${system.info.apiUrl}/v1/events/${event}/stream`);
    try {
      expect((await stream.next()).event).toBe('snapshot');
      await add(event, { body: { sections: [BALCONY] } });
      expect(await stream.next()).toEqual({
        event: 'map',
        data: {
          data: [
            { label: 'Balcony-A-1', status: 'available' },
            { label: 'Balcony-A-2', status: 'available' },
          ],
        },
      });
    } finally {
      stream.close();
    }
  });
});

describe('An edit of an event', () => {
  it('tells who listens of each new status as ever, and of the map', async () => {
    const event = await api.event(withRows({ seats: 2 }));
    const stream = await openEventStream(`${system.info.apiUrl}/v1/events/${event}/stream`);
    try {
      expect((await stream.next()).event).toBe('snapshot');
      const etag = (await api.call('GET', `/v1/events/${event}`)).headers.get('etag')!;
      await api.call('PATCH', `/v1/events/${event}`, {
        key: system.info.keys.operator,
        headers: { 'if-match': etag },
        body: { seats: { 'A-2': { active: false } } },
      });
      const data = { data: [{ label: 'A-2', status: 'blocked' }] };
      expect(await stream.next()).toEqual({ event: 'seats', data });
      expect(await stream.next()).toEqual({ event: 'map', data });
    } finally {
      stream.close();
    }
  });
});

describe('A CSV file', () => {
  const HEADER = 'section,row,number,category,x,y\n';

  it('adds seats, once for a key', async () => {
    const event = await api.event(withRows({ seats: 1 }));
    const raw = `${HEADER}Circle,C,1,stalls,0,5\nCircle,C,,,,\nCircle,C,2,stalls,2,5\n`;
    const key = randomUUID();
    expect((await add(event, { raw, key, type: 'text/csv; charset=utf-8' })).status).toBe(201);
    expect((await add(event, { raw, key })).headers.get('idempotency-replayed')).toBe('true');
    expect(refusal(await add(event, { raw: `${raw}Circle,C,3,stalls,,\n`, key }))).toEqual([
      422,
      'idempotency_key_reused',
    ]);
    expect(refusal(await add(event, { raw: HEADER, key }))).toEqual([
      422,
      'idempotency_key_reused',
    ]);
    expect((await stored(event)).map((seat) => [seat.label, seat.number])).toEqual([
      ['A-1', 1],
      ['C-1', 1],
      ['C-2', 3],
    ]);
  });

  it('is refused by line, and nothing is added', async () => {
    const event = await api.event(withRows({ seats: 1 }));
    const wrong = await add(event, { raw: `${HEADER}S,B,1,stalls,,\nS,B,2,stalls,1,\n` });
    expect(refusal(wrong)).toEqual([422, 'validation_failed']);
    expect(wrong.body.errors).toEqual([
      { path: 'line 3', message: 'x and y go together: give both, or neither' },
    ]);
    const utf16 = await add(event, { raw: Buffer.from(`\ufeff${HEADER}`, 'utf16le') });
    expect(utf16.body.errors[0]!.message).toContain('UTF-16');
    const said = await add(event, { raw: HEADER, type: 'text/csv; charset=windows-1252' });
    expect(refusal(said)).toEqual([415, 'unsupported_media_type']);
    expect(await api.seats(event)).toHaveLength(1);
  });
});

describe('A hall', () => {
  it('serves for other events: seats, labels, places and the focal point', async () => {
    const hall = await api.event({
      ...withRows(
        { numbers: ['1', null, '2 bis'], accessible: ['1'], x: [0, 1, 2], y: 3 },
        { name: 'B', seats: 2 },
      ),
      focalPoint: { x: 2, y: 3 },
    });
    await api.held(hall, ['A-1']);
    const event = await api.event({ categories, sections: undefined, sectionsFrom: hall });
    expect(await stored(event)).toEqual(await stored(hall));
    const { body } = await api.call('GET', `/v1/events/${event}`);
    expect(body.focalPoint).toEqual({ x: 2, y: 3 });
    const [first, second] = await api.seats(event);
    expect(first).toMatchObject({ label: 'A-1', accessible: true, x: 0, status: 'available' });
    expect(second).toMatchObject({ label: 'A-2 bis', number: '2 bis' });
  });

  it('that is none, or has other categories, is named', async () => {
    const hall = await api.event(withRows({ seats: 1 }));
    const none = await make({ categories, sectionsFrom: 'no-such-event' });
    expect(none.body.errors).toEqual([{ path: 'sectionsFrom', message: 'is not an event' }]);
    const other = await make({
      categories: [{ code: 'box', name: 'Box', price: 1 }],
      sectionsFrom: hall,
    });
    expect(other.body.errors[0]!.message).toContain('stalls');
  });
});
