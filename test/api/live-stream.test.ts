import { ApiClient } from '../support/api';
import { openEventStream } from '../support/event-stream';
import { setHoldTtl } from '../support/hold-ttl';
import { ResponseSchemas } from '../support/response-schema';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const listen = (event: string) =>
  openEventStream(`${system.info.apiUrl}/v1/events/${event}/stream`);

describe('The live stream of an event', () => {
  it('is one of server-sent events, without a key', async () => {
    const stream = await listen(await api.event());
    expect([stream.status, stream.contentType]).toEqual([
      200,
      expect.stringMatching(/^text\/event-stream/),
    ]);
    stream.close();
  });

  it('begins with a snapshot of every seat', async () => {
    const event = await api.event();
    await api.held(event, ['B-3']);
    const stream = await listen(event);
    const first = await stream.next();
    expect(first.event).toBe('snapshot');
    expect(first.data.data).toEqual(
      (await api.seats(event)).map(({ label, status }) => ({ label, status })),
    );
    stream.close();
  });

  it('sends only events that the OpenAPI document describes', async () => {
    const schemas = new ResponseSchemas(await api.openApi());
    const event = await api.event();
    const stream = await listen(event);
    const snapshot = await stream.next();
    await api.held(event, ['A-1']);
    const change = await stream.next();
    expect([snapshot.event, change.event]).toEqual(['snapshot', 'seats']);
    for (const sent of [snapshot, change]) schemas.checkEvent('/v1/events/{event}/stream', sent);
    const other = { ...change, data: { data: [{ label: 'A-1', status: 'lost' }] } };
    expect(() => schemas.checkEvent('/v1/events/{event}/stream', other)).toThrow('allowed values');
    stream.close();
  });

  it('goes on with what has changed, and only that', async () => {
    const event = await api.event();
    const stream = await listen(event);
    await stream.next();
    await api.held(event, ['A-1', 'A-2']);
    expect(await stream.next()).toEqual({
      event: 'seats',
      data: {
        data: [
          { label: 'A-1', status: 'held' },
          { label: 'A-2', status: 'held' },
        ],
      },
    });
    stream.close();
  });

  it('tells of sales, cancels and holds that end without a write', async () => {
    const event = await api.event();
    const stream = await listen(event);
    const sold = await api.sold(event, ['A-1']);
    await setHoldTtl(system.db, event, 5);
    await api.held(event, ['A-2']);
    await stream.until({ 'A-1': 'sold', 'A-2': 'held' });
    await api.cancel(sold.id);
    await stream.until({ 'A-1': 'available', 'A-2': 'available' });
    stream.close();
  });

  it('tells all who listen, those who came late too', async () => {
    const event = await api.event();
    const early = await Promise.all(Array.from({ length: 20 }, () => listen(event)));
    await api.held(event, ['A-1']);
    const late = await listen(event);
    await api.held(event, ['A-2']);
    const streams = [...early, late];
    await Promise.all(
      streams.map((stream) => stream.until({ 'A-1': 'held', 'A-2': 'held', 'A-3': 'available' })),
    );
    for (const stream of streams) stream.close();
  });

  it('of one event says nothing of another', async () => {
    const [event, other] = [await api.event(), await api.event()];
    const stream = await listen(event);
    await stream.next();
    await api.held(other, ['A-5']);
    await api.held(event, ['A-1']);
    expect((await stream.next()).data.data).toEqual([{ label: 'A-1', status: 'held' }]);
    stream.close();
  });

  it('starts afresh for the next listener after the last one has gone', async () => {
    const event = await api.event();
    const first = await listen(event);
    await first.next();
    first.close();
    await api.held(event, ['A-1']);
    const second = await listen(event);
    await second.until({ 'A-1': 'held' });
    await api.held(event, ['A-2']);
    await second.until({ 'A-2': 'held' });
    second.close();
  });
});
