import { gunzipSync } from 'node:zlib';
import { sql } from '../../src/db/database';
import { createSeatMaps } from '../../src/api/seat-maps';
import { ApiClient, eventually, refusal } from '../support/api';
import { setHoldTtl } from '../support/hold-ttl';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const map = (event: string, headers: Record<string, string> = {}) =>
  api.call<{ data: unknown[] }>('GET', `/v1/events/${event}/seats`, { key: null, headers });

describe('The seat map', () => {
  it('shows every seat, unpaged and without a key', async () => {
    const { status, body } = await map(await api.event());
    expect([status, body.data.length]).toEqual([200, 70]);
  });

  it('says of a seat where it is, what it costs and whether it is free', async () => {
    const [first] = await api.seats(await api.event());
    expect(first).toEqual({
      label: 'A-1',
      section: 'Stalls',
      row: 'A',
      number: '1',
      category: 'stalls',
      price: { amount: 4500, currency: 'EUR' },
      status: 'available',
      active: true,
      accessible: false,
      companion: false,
      x: null,
      y: null,
    });
  });

  it('gives general admission places a label, but neither row nor number', async () => {
    const places = (await api.seats(await api.event())).filter((seat) => seat.section === 'Floor');
    expect(places.length).toBe(50);
    expect(new Set(places.map((place) => place.label)).size).toBe(50);
    for (const place of places)
      expect(place).toMatchObject({ row: null, number: null, category: 'floor' });
  });

  it('has labels that are unique in the event', async () => {
    const labels = (await api.seats(await api.event())).map((seat) => seat.label);
    expect(new Set(labels).size).toBe(labels.length);
  });

  it('is found by the id of the event too', async () => {
    const event = await api.event();
    const { body } = await api.call<{ id: string }>('GET', `/v1/events/${event}`, { key: null });
    expect(await api.seats(body.id)).toEqual(await api.seats(event));
  });

  it('shows a hold and a sale at once', async () => {
    const event = await api.event();
    await api.held(event, ['A-1']);
    await api.sold(event, ['A-2']);
    const statuses = (await api.seats(event)).slice(0, 3).map((seat) => [seat.label, seat.status]);
    expect(statuses).toEqual([
      ['A-1', 'held'],
      ['A-2', 'sold'],
      ['A-3', 'available'],
    ]);
  });

  it('shows seats as free again once the hold has ended, was cancelled, or the sale undone', async () => {
    const event = await api.event();
    const cancelled = await api.held(event, ['A-2']);
    expect((await api.cancel(cancelled.id)).status).toBe(200);
    const sold = await api.sold(event, ['A-3']);
    expect((await api.cancel(sold.id)).status).toBe(200);
    await setHoldTtl(system.db, event, 1);
    const held = await api.held(event, ['A-1']);
    await eventually(() => {
      expect(Date.now()).toBeGreaterThan(Date.parse(held.expiresAt));
    });
    for (const label of ['A-1', 'A-2', 'A-3'])
      expect(await api.seatStatus(event, label)).toBe('available');
  });

  it('shows a blocked seat, which nobody can have', async () => {
    const event = await api.event();
    const block = sql(
      'test_block',
      `update seats set status = 'blocked' where label = 'A-5' and event_id = (select id from events where slug = $1)`,
    );
    await system.db.run(block, [event]);
    expect(await api.seatStatus(event, 'A-5')).toBe('blocked');
    expect(refusal(await api.hold(event, ['A-5']))).toEqual([409, 'seats_unavailable']);
    const { body } = await api.call<{ seats: { label: string }[] }>('POST', '/v1/reservations', {
      body: {
        event,
        bestAvailable: { quantity: 1, category: 'stalls' },
        buyer: { name: 'Ada', email: 'a@example.org' },
      },
      headers: { 'idempotency-key': `best-of-${event}` },
    });
    expect(body.seats.map(({ label }) => label)).toEqual(['A-6']);
  });
});

describe('The ETag of a seat map', () => {
  it('spares whoever has the map already', async () => {
    const event = await api.event();
    const etag = (await map(event)).headers.get('etag')!;
    expect(etag).toMatch(/^(W\/)?"[^"]+"$/);
    for (const known of [etag, `W/${etag.replace(/^W\//, '')}`, `"other", ${etag}`]) {
      const again = await map(event, { 'if-none-match': known });
      expect([again.status, again.body, again.headers.get('etag')]).toEqual([304, '', etag]);
    }
    expect((await map(event, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('changes with every change, also with the end of a hold, which nobody writes', async () => {
    const event = await api.event({ holdTtlSeconds: 5 });
    const before = (await map(event)).headers.get('etag')!;
    const held = await api.held(event, ['A-1']);
    const during = (await map(event, { 'if-none-match': before })).headers.get('etag')!;
    expect(during).not.toBe(before);
    await eventually(() => {
      expect(Date.now()).toBeGreaterThan(Date.parse(held.expiresAt));
    });
    expect((await map(event, { 'if-none-match': during })).status).toBe(200);
  });

  it('differs from one event to the next', async () => {
    const etags = await Promise.all(
      [1, 2].map(async () => (await map(await api.event())).headers.get('etag')),
    );
    expect(etags[0]).not.toBe(etags[1]);
  });
});

describe('A seat map on the wire', () => {
  it('is compressed for those who take that, and is the same', async () => {
    const event = await api.event();
    const plain = await map(event, { 'accept-encoding': 'identity' });
    const packed = await map(event, { 'accept-encoding': 'gzip' });
    expect([plain.headers.get('content-encoding'), packed.headers.get('content-encoding')]).toEqual(
      [null, 'gzip'],
    );
    expect(packed.body).toEqual(plain.body);
    expect(packed.headers.get('vary')).toMatch(/accept-encoding/i);
  });

  it('is after any change the same as one that is made anew, packed too, whatever the seats are called', async () => {
    const name = '","status":"';
    const event = await api.event({
      sections: [
        { name, category: 'stalls', rows: [{ name, seats: 10 }] },
        // More than are made anew together.
        { name: 'Floor', category: 'floor', places: 1_240 },
      ],
    });
    const { body } = await api.call<{ id: string }>('GET', `/v1/events/${event}`, { key: null });
    const kept = createSeatMaps(system.db, 10_000_000);
    const read = async (maps: typeof kept) => {
      const forms = maps.forms(await maps.read(body.id));
      const text = forms.json().toString();
      expect(gunzipSync(await forms.gzipped()).toString()).toBe(text);
      return text;
    };
    /** Each part is those of the whole map's seats that it asks for. */
    const expectParts = async (text: string) => {
      const { data } = JSON.parse(text) as { data: { section: string; status: string }[] };
      const picture = await kept.read(body.id);
      for (const section of [undefined, name, 'Floor', 'None'])
        for (const status of [undefined, 'available', 'held', 'sold', 'blocked']) {
          const forms = kept.formsFor(picture, [], { section, status });
          const part = data.filter(
            (seat) =>
              (section === undefined || seat.section === section) &&
              (status === undefined || seat.status === status),
          );
          expect(forms.json().toString()).toBe(JSON.stringify({ data: part }));
          expect(gunzipSync(await forms.gzipped())).toEqual(forms.json());
        }
    };
    const seen = new Set<string>();
    const look = async () => {
      const text = await read(kept);
      expect(text).toBe(await read(createSeatMaps(system.db, 10_000_000)));
      expect((JSON.parse(text) as { data: unknown[] }).data).toHaveLength(1_250);
      await expectParts(text);
      seen.add(text);
    };
    await look();
    const labels = (await api.seats(event)).map(({ label }) => label);
    const first = await api.held(event, [labels[0]!, labels[4]!, labels[499]!]);
    await look();
    await api.sold(event, [labels[500]!]);
    await look();
    await api.cancel(first.id);
    await api.held(event, [labels[1_249]!]);
    await look();
    expect(seen.size).toBe(4);
  });

  it('is read right by a hundred at once while seats are taken', async () => {
    const event = await api.event();
    const labels = (await api.seats(event)).slice(0, 20).map((seat) => seat.label);
    const looks = Array.from({ length: 100 }, () => api.seats(event));
    await Promise.all(labels.map((label) => api.held(event, [label])));
    for (const seats of await Promise.all(looks)) expect(seats.length).toBe(70);
    const held = (await api.seats(event))
      .filter((seat) => seat.status === 'held')
      .map((seat) => seat.label);
    expect(held).toEqual(labels);
  });
});
