import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { HISTORY_TYPES } from '../../src/domain/history-types';
import { ApiClient, eventually, refusal } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

interface Entry {
  sequence: number;
  at: string;
  type: string;
  actor: string;
  reservation: string | null;
  event: string | null;
  revision: number | null;
  data: Record<string, unknown>;
}
interface Feed {
  data: Entry[];
  next: string;
}

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const read = (query: string, key = system.info.keys.client) =>
  api.call<Feed>('GET', `/v1/feed${query}`, { key });
const end = async (key?: string) => (await read('?after=now', key)).body.next;

/** All that follows, until it is what is waited for. */
async function follow(
  after: string,
  isAll: (entries: Entry[]) => boolean,
  key?: string,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  let place = after;
  await eventually(async () => {
    const { body } = await read(`?after=${place}&wait=5`, key);
    entries.push(...body.data);
    place = body.next;
    if (!isAll(entries)) throw new Error(`Not yet: ${entries.map(({ type }) => type).join(', ')}`);
  });
  return entries;
}
const of = (id: string, entries: Entry[]) =>
  entries.filter(({ reservation }) => reservation === id).map(({ type }) => type);

describe('The feed', () => {
  it('tells the whole life of a reservation in order, without personal data', async () => {
    const after = await end();
    const event = await api.event();
    const id = `feed-${randomUUID()}`;
    const held = await api.call('POST', '/v1/reservations', {
      headers: { 'idempotency-key': id },
      body: {
        event,
        seats: ['A-1', 'A-2'],
        buyer: { name: 'Ada Lovelace', email: 'ada@example.org' },
        reference: 'my-order-4711',
        metadata: { channel: 'telephone' },
      },
    });
    expect(held.status).toBe(201);
    await api.call('POST', `/v1/reservations/${id}/extend`);
    await api.call('PATCH', `/v1/reservations/${id}`, {
      body: { reference: 'my-order-4712' },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    await api.confirm((await api.get(id)).body, `pay-of-${id}`);
    await api.tickets(id);
    await api.call('POST', `/v1/reservations/${id}/resend`);
    await api.cancel(id);
    const entries = await follow(after, (all) => of(id, all).includes('reservation.cancelled'));
    const types = of(id, entries);
    expect(types.slice(0, 4)).toEqual([
      'reservation.held',
      'reservation.extended',
      'reservation.updated',
      'payment.received',
    ]);
    const all = await follow(after, (some) => of(id, some).includes('refund.created'));
    expect(new Set(of(id, all))).toEqual(
      new Set([
        ...['reservation.held', 'reservation.extended', 'reservation.updated', 'payment.received'],
        ...['reservation.confirmed', 'tickets.ready', 'tickets.resend_requested'],
        ...['reservation.cancel_requested', 'ticket.voided', 'reservation.cancelled'],
        ...['refund.created'],
        ...of(id, all).filter((type) => /^(tickets\.mailed|refund\.succeeded)$/.test(type)),
      ]),
    );
    expect(of(id, all).filter((type) => type === 'ticket.voided')).toHaveLength(2);
    expect(all.map(({ sequence }) => sequence)).toEqual(
      [...all].map(({ sequence }) => sequence).sort((a, b) => a - b),
    );
    expect(all[0]).toMatchObject({ type: 'event.created', reservation: null, event });
    const first = all.find(({ reservation }) => reservation === id)!;
    expect(first).toMatchObject({
      event,
      revision: 1,
      actor: expect.stringMatching(/^client:/) as string,
    });
    expect(first.data).toEqual({ seats: ['A-1', 'A-2'], expiresAt: expect.any(String) as string });
    const said = JSON.stringify(all.map(({ data }) => data));
    for (const secret of ['Ada', 'ada@', 'my-order', 'telephone', 'pay-of-'])
      expect(said).not.toContain(secret);
    for (const { type } of all) expect(HISTORY_TYPES).toContain(type);
  });

  it('tells a client of its reservations and of every event, an operator of all', async () => {
    const { client, client2, operator } = system.info.keys;
    const places = [await end(client), await end(client2), await end(operator)];
    const event = await api.event();
    const mine = await api.held(event, ['A-1'], { key: client });
    const other = await api.held(event, ['A-2'], { key: client2 });
    const idsOf = (entries: Entry[]) =>
      entries
        .map(({ reservation, type }) => reservation ?? type)
        .filter((id, index, ids) => ids.indexOf(id) === index);
    const both = await follow(
      places[2]!,
      (all) => [mine.id, other.id].every((id) => of(id, all).length > 0),
      operator,
    );
    expect(idsOf(both)).toEqual(expect.arrayContaining([mine.id, other.id, 'event.created']));
    const ownOf = async (key: string, place: string, id: string) =>
      idsOf(await follow(place, (all) => of(id, all).length > 0, key));
    const seen = await ownOf(client, places[0]!, mine.id);
    expect(seen).toEqual(expect.arrayContaining(['event.created', mine.id]));
    expect(seen).not.toContain(other.id);
    expect(await ownOf(client2, places[1]!, other.id)).toEqual(['event.created', other.id]);
  });

  it('is read in pages, from the beginning too, and `next` goes on where it ended', async () => {
    const event = await api.event();
    for (const seat of ['A-1', 'A-2', 'A-3']) await api.held(event, [seat]);
    await follow(await end(), () => true);
    const whole = await eventually(async () => {
      const { body } = await read('?limit=500');
      expect(body.data.length).toBeGreaterThan(3);
      return body;
    });
    const pages: Entry[] = [];
    let query = '?limit=2';
    while (pages.length < whole.data.length) {
      const { body } = await read(query);
      pages.push(...body.data);
      query = `?limit=2&after=${body.next}`;
    }
    expect(pages.slice(0, whole.data.length)).toEqual(whole.data);
  });

  it('is waited for, and tells within a second of the commit', async () => {
    const event = await api.event();
    const after = await eventually(async () => {
      const { body } = await read(`?limit=500`);
      expect(body.data.some((entry) => entry.event === event)).toBe(true);
      return end();
    });
    const waiting = read(`?after=${after}&wait=30`);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const held = await api.held(event, ['A-1']);
    const heldAt = performance.now();
    const { status, body } = await waiting;
    process.stderr.write(`told ${Math.round(performance.now() - heldAt)} ms after the hold\n`);
    expect(status).toBe(200);
    expect(of(held.id, body.data)).toEqual(['reservation.held']);
  });

  it('is waited for longer than a request may take and a connection may stand still, and then has no news', async () => {
    const after = await end(system.info.keys.client2);
    const began = performance.now();
    const { status, body } = await read(`?after=${after}&wait=25`, system.info.keys.client2);
    expect(status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(24_900);
    expect(body.data).toEqual([]);
  });

  it('says that there are too many who wait, of one client', async () => {
    const after = await end(system.info.keys.client2);
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => read(`?after=${after}&wait=4`, system.info.keys.client2)),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBe(10);
    expect(refused[0]!.headers.get('retry-after')).toBe('5');
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(50);
  });

  it.each([
    ['after', '?after=later'],
    ['after', '?after=000000000000001.9f86d08'],
    ['after', '?after=-00000000000001.9f86d081'],
    ['wait', '?wait=31'],
    ['wait', '?wait=-1'],
    ['wait', '?wait=1e1'],
    ['limit', '?limit=501'],
    ['limit', '?limit=0'],
    ['type', '?type=a'],
  ])('refuses a bad %s: %s', async (field, query) => {
    const answer = await read(query);
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect((answer.body as unknown as { errors: { path: string }[] }).errors[0]!.path).toBe(field);
  });

  it('answers 410 for a place of another past or of the future, also to who waits there', async () => {
    const future = '000000999999999.00000000';
    expect(refusal(await read(`?after=${future}&wait=1`))).toEqual([410, 'feed_reset']);
    const after = await end();
    const other = `${after.slice(0, 16)}${after.slice(16) === '00000000' ? '00000001' : '00000000'}`;
    expect(refusal(await read(`?after=${other}`))).toEqual([410, 'feed_reset']);
  });

  it('answers 410 for a place before what is kept', async () => {
    const first = (await read('?limit=1')).body.next;
    await system.db.run(
      sql('age', `update feed set numbered_at = now() - interval '91 days' where sequence <= 3`),
    );
    await eventually(async () =>
      expect(refusal(await read(`?after=${first}`))).toEqual([410, 'feed_truncated']),
    );
    // Without a place it begins with what is kept.
    const { body } = await read('?limit=1', system.info.keys.operator);
    expect(body.data[0]!.sequence).toBe(4);
  });

  it('answers 410 to who waits while the database is restored to a time before', async () => {
    const event = await api.event();
    const held = await api.held(event, ['A-1']);
    const after = await eventually(async () => {
      const { body } = await read('?limit=500');
      expect(of(held.id, body.data)).toHaveLength(1);
      return end();
    });
    const waiting = read(`?after=${after}&wait=30`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await system.db.transaction(async (tx) => {
      await tx.run(sql('lock_head', 'select from feed_head for update'));
      await tx.run(
        sql(
          'restore',
          `with gone as (delete from feed where sequence > (select sequence - 3 from feed_head))
           update feed_head h set sequence = f.sequence, mark = f.mark from feed f where f.sequence = h.sequence - 3`,
        ),
      );
    });
    expect(refusal(await waiting)).toEqual([410, 'feed_reset']);
    // Also once the numbers are given again.
    for (const seat of ['A-2', 'A-3', 'A-4', 'A-5']) await api.held(event, [seat]);
    await eventually(async () => {
      const { body } = await read('?after=now', system.info.keys.operator);
      expect(body.next.slice(0, 15) > after.slice(0, 15)).toBe(true);
    });
    expect(refusal(await read(`?after=${after}`))).toEqual([410, 'feed_reset']);
  });

  it('ends who waits when the process is to end, with an answer', async () => {
    const after = await end();
    const waiting = read(`?after=${after}&wait=30`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    process.kill(system.info.pids.api, 'SIGTERM');
    const { status, body } = await waiting;
    expect([status, body.data]).toEqual([200, []]);
  });
});
