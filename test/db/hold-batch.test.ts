import { hash, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { createHoldBatches } from '../../src/api/hold-batches';
import { createDatabase, isUnavailable, sql, type Database } from '../../src/db/database';
import { createEvent, findEvent, NO_RULES } from '../../src/db/events';
import { fitsBatch, takeTogether } from '../../src/db/hold-batch';
import { NOTHING_MORE, takeSeats, type HoldRequest, type HoldResult } from '../../src/db/holds';
import { layOutSeats } from '../../src/domain/seat-map';
import { openTestDatabase } from '../support/system';

const PRICE = 100;
const STARTS = '2030-01-01T00:00:00.000Z';

/** Two, as two API processes have them. */
let db: Database;
let other: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: 12, queryTimeoutMs: 120_000 });
  const { connectionString: url } = db.pool.options as { connectionString: string };
  other = createDatabase({
    url,
    pool: 12,
    prepared: true,
    applicationName: 'holdfast-test-other',
    queryTimeoutMs: 120_000,
  });
});
afterAll(async () => {
  await other.close();
  await db.close();
});

const named = <Row>(text: string) => sql<Row>(hash('md5', text), text);
const run = (text: string, values: unknown[] = []) => db.run(named(text), values);
const rows = <Row>(text: string, values: unknown[] = []) => db.rows(named<Row>(text), values);

type EventInput = Parameters<typeof createEvent>[1];

async function newEvent(seats = 6, more: Partial<EventInput> = {}): Promise<string> {
  const slug = more.slug ?? `event-${randomUUID().slice(0, 13)}`;
  const sections = [{ name: 'S', category: 'a', rows: [{ name: 'A', seats }] }];
  await createEvent(db, {
    ...NO_RULES,
    name: slug,
    venue: null,
    startsAt: STARTS,
    timeZone: 'UTC',
    currency: 'EUR',
    holdTtlSeconds: 600,
    maxSeatsPerReservation: 4,
    categories: [{ code: 'a', name: 'A', price: PRICE }],
    seats: layOutSeats(sections).seats,
    ...more,
    slug,
  });
  return slug;
}

const seatsOf = (event: string, labels: readonly string[]) =>
  labels.map((label) => ({ event, label, priceType: null }));
const request = (
  event: string,
  labels: readonly string[],
  more: Partial<HoldRequest> = {},
): HoldRequest => ({
  ...NOTHING_MORE,
  id: `hold-${randomUUID()}`,
  client: 'shop',
  fingerprint: Buffer.alloc(32),
  seats: seatsOf(event, labels),
  buyer: null,
  defaultTtlSeconds: 600,
  buyerCap: null,
  actor: 'client:shop',
  ...more,
});
const buyer = (name: string) => ({ buyer: { name, email: `${name}@example.org` } });
const kinds = (results: readonly (HoldResult | null)[]) =>
  results.map((result) => result?.kind ?? null);

describe('What a batch writes', () => {
  /** Every row of every table that has anything to do with these reservations and events, as text. */
  async function written(events: readonly string[], ids: readonly string[]): Promise<string[]> {
    const tables = await rows<{ name: string }>(
      `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
          and relname not in ('map_changes', 'schema_functions', 'pgmigrations', 'schema_migrations')`,
    );
    const names = new Map<string, string>();
    const seatNames = new Map<unknown, string>();
    events.forEach((slug, at) => names.set(slug, `slug ${at}`));
    ids.forEach((id, at) => names.set(id, `key ${at}`));
    for (const [at, slug] of events.entries()) {
      const { id } = (await findEvent(db, slug))!;
      names.set(id, `event ${at}`);
      const seats = await rows<{ id: number; label: string }>(
        'select id, label from seats where event_id = $1',
        [id],
      );
      for (const seat of seats) seatNames.set(seat.id, `seat ${at} ${seat.label}`);
    }
    const held = await rows<{ at: string }>(
      'select distinct created_at::text as at from reservations where id = any ($1)',
      [ids],
    );
    const name = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(name);
      if (value !== null && typeof value === 'object')
        return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, name(one)]));
      const known = names.get(String(value));
      if (known !== undefined) return known;
      if (typeof value !== 'string' || !/^20\d\d-\d\d-\d\dT/.test(value)) return value;
      if (Date.parse(value) > Date.now() + 365 * 86_400_000) return value;
      const offsets = held.map(({ at }) => Math.round((Date.parse(value) - Date.parse(at)) / 1000));
      return `${Math.max(...offsets.filter((offset) => offset >= 0), 0)} s later`;
    };
    const found: string[] = [];
    for (const { name: table } of tables) {
      const all = await rows<{ row: Record<string, unknown> }>(
        `select to_jsonb(t) as row from ${table} t`,
      );
      for (const { row } of all) {
        const seat = table === 'seats' ? row.id : row.seat_id;
        const named = name(row) as Record<string, unknown>;
        if (seat !== undefined) named[table === 'seats' ? 'id' : 'seat_id'] = seatNames.get(seat);
        // Numbers of rows differ, of course, and so does when a row was written.
        if (table === 'history' || table === 'outbox') delete named.id;
        if (table === 'seats' || table === 'events') delete named.created_at;
        const text = JSON.stringify([table, named]);
        if (/"(key|slug|event|seat) \d/.test(text)) found.push(text);
      }
    }
    return found.sort();
  }

  const orders = (events: readonly string[]): HoldRequest[] => [
    request(events[0]!, ['A-1']),
    request(events[0]!, ['A-3', 'A-2'], buyer('ada')),
    request(events[1]!, ['A-6', 'A-1', 'A-4'], {
      ...buyer('berta'),
      reference: 'order 1',
      metadata: { table: '"4"', note: 'a, {b}' },
    }),
    request(events[2]!, ['A-2'], { ...buyer('cara'), client: 'other-shop', actor: 'page:x' }),
    request(events[1]!, ['A-5'], { operator: true, longHolds: true, fingerprint: Buffer.of(1, 2) }),
    request(events[3]!, [], {
      ...buyer('dora'),
      seats: [...seatsOf(events[3]!, ['A-4', 'A-2']), ...seatsOf(events[0]!, ['A-6', 'A-5'])],
    }),
  ];
  const makeEvents = async () => [
    await newEvent(),
    await newEvent(6, { holdTtlSeconds: null, holdCapSeconds: 700, currency: 'JPY' }),
    await newEvent(6, { maxSeatsPerBuyer: 3, salesOpenAt: '2020-01-01T00:00:00.000Z' }),
    await newEvent(6, {
      holdTtlSeconds: 300,
      maxSeatsPerBuyer: 2,
      startsAt: '2029-06-01T00:00:00.000Z',
    }),
  ];
  const plain = (value: unknown) =>
    JSON.stringify(value).replaceAll(/"20\d\d-\d\d-\d\dT(?!00:00:00Z)[^"]*"/g, '"some time"');

  it.each([null, 20])('is what single holds write, row by row (cap: %s)', async (buyerCap) => {
    const [first, second] = [await makeEvents(), await makeEvents()];
    const together = orders(first).map((one) => ({ ...one, buyerCap }));
    const alone = orders(second).map((one) => ({ ...one, buyerCap }));
    const batch = await takeTogether(db, together);
    const single: HoldResult[] = [];
    for (const one of alone) single.push(await takeSeats(db, one));
    expect(kinds(batch)).toEqual(Array(6).fill('held'));
    const idsOf = (holds: HoldRequest[]) => holds.map(({ id }) => id);
    const [left, right] = [
      await written(first, idsOf(together)),
      await written(second, idsOf(alone)),
    ];
    expect(left).toEqual(right);
    for (const [table, count] of [
      ['reservations', 6],
      ['allocations', 12],
      ['outbox', 6],
    ] as const)
      expect(left.filter((row) => row.startsWith(`["${table}"`))).toHaveLength(count);
    // And so are the answers.
    const rename = (text: string, slugs: string[], holds: HoldRequest[]) =>
      [...slugs, ...idsOf(holds)].reduce((all, name, at) => all.replaceAll(name, `#${at}`), text);
    expect(rename(plain(batch), first, together)).toEqual(rename(plain(single), second, alone));
  });

  it('is the same under the name that the release before calls, with one event for each order', async () => {
    const events = [await newEvent(), await newEvent()];
    const ids = [randomUUID(), randomUUID()];
    const held = await rows<{ request: number; event: string; seats: number }>(
      `select request, reservation ->> 'event' as event, jsonb_array_length(reservation -> 'seats') as seats
         from hold_batch(9000, 250, $1, array['shop', 'shop'], array['\\x00', '\\x00']::bytea[], $2, $2,
                         array[null, null]::bytea[], $2, array[null, null]::jsonb[],
                         array['client:shop', 'client:shop'], $3, array[1, 1, 2], array['A-1', 'A-2', 'A-1'], 600, null) order by request`,
      [ids, [null, null], events],
    );
    expect(held).toEqual([
      { request: 1, event: events[0], seats: 2 },
      { request: 2, event: events[1], seats: 1 },
    ]);
  });

  it('lasts from one clock reading to the same end, for the seats, the reservation and the client', async () => {
    const soon = new Date(Date.now() + 300_000).toISOString();
    const [event, starting] = [await newEvent(), await newEvent(6, { startsAt: soon })];
    const results = await takeTogether(db, [request(event, ['A-1']), request(starting, ['A-1'])]);
    expect(kinds(results)).toEqual(['held', 'held']);
    const ends = await rows<{ ends: string; same: boolean; created: string }>(
      `select rfc3339(r.hold_ends_at) as ends, r.hold_ends_at = s.hold_ends_at as same, r.created_at::text as created
         from reservations r join seats s on s.reservation_id = r.id where r.id = any ($1)`,
      [results.map((one) => (one as { reservation: { id: string } }).reservation.id)],
    );
    expect(ends.every(({ same }) => same)).toBe(true);
    expect(new Set(ends.map(({ created }) => created)).size).toBe(1);
    expect(ends.map(({ ends: at }) => at)).toContain(soon);
  });

  it('is told to those who keep a picture of the map, once for each event', async () => {
    const events = [await newEvent(), await newEvent()];
    await run('delete from map_changes');
    await takeTogether(
      db,
      events.flatMap((event) => ['A-1', 'A-2'].map((label) => request(event, [label]))),
    );
    const [row] = await rows<{ changes: number; events: number }>(
      'select count(*) as changes, count(distinct event_id) as events from map_changes',
    );
    expect(row).toEqual({ changes: 2, events: 2 });
  });
});

describe('What a batch leaves to a single hold', () => {
  it('is all that is not plainly free to be held, and of that it writes nothing', async () => {
    const event = await newEvent(12);
    const { id } = (await findEvent(db, event))!;
    const known = request(event, ['A-1']);
    expect((await takeSeats(db, known)).kind).toBe('held');
    const overdue = request(event, ['A-2']);
    await takeSeats(db, overdue);
    await run(
      `update seats set hold_ends_at = clock_timestamp() - interval '1 second' where reservation_id = $1`,
      [overdue.id],
    );
    await run(`update seats set companion = true where event_id = $1 and label = 'A-3'`, [id]);
    await run(`update seats set active = false where event_id = $1 and label = 'A-4'`, [id]);
    await run(
      `with made as (insert into allotments (event_id, name) values ($1, 'Press') returning id)
       update seats set allotment_id = made.id, allotment_until = 'infinity' from made where event_id = $1 and label = 'A-5'`,
      [id],
    );
    const closed = await newEvent(3, { salesCloseAt: '2021-01-01T00:00:00.000Z' });
    const paused = await newEvent();
    await run('update events set sales_paused = true where slug = $1', [paused]);
    const notYet = await newEvent(3, { salesOpenAt: '2029-01-01T00:00:00.000Z' });
    const priced = await newEvent();
    await run(
      `update events set pricing = '{"types": [{"code": "standard", "name": "S"}]}' where slug = $1`,
      [priced],
    );
    const careful = await newEvent(3, { orphanRule: 'forbid' });
    const limited = await newEvent(6, { maxSeatsPerBuyer: 1 });
    const free = await newEvent(3, { categories: [{ code: 'a', name: 'A', price: 0 }] });
    const yen = await newEvent(3, { currency: 'JPY' });
    const room = await newEvent(3);
    const capped = request(limited, ['A-6'], { ...buyer('capped'), buyerCap: 1 });
    expect((await takeSeats(db, capped)).kind).toBe('held');

    const single = [
      request(event, ['A-9'], { id: known.id }),
      request(event, ['A-9', 'A-1']),
      request(event, ['A-2']),
      request(event, ['A-3']),
      request(event, ['A-4']),
      request(event, ['A-5']),
      request(event, ['A-9', 'Z-1']),
      request(event, ['A-8', 'A-9', 'A-10', 'A-11', 'A-12']),
      request(`${event}-none`, ['A-1']),
      request(closed, ['A-1']),
      request(paused, ['A-1']),
      request(notYet, ['A-1']),
      request(priced, ['A-1']),
      request(careful, ['A-2']),
      request(limited, ['A-1']),
      request(limited, ['A-1', 'A-2'], buyer('dora')),
      request(free, ['A-1']),
      // Of several events, one of which does not allow it.
      ...[
        [event, 'A-1'],
        [event, 'A-99'],
        [`${event}-none`, 'A-1'],
        [closed, 'A-2'],
        [paused, 'A-2'],
        [priced, 'A-2'],
        [careful, 'A-2'],
        [limited, 'A-2'],
        [yen, 'A-1'],
      ].map(([other, label]) =>
        request(event, [], { seats: [...seatsOf(room, ['A-1']), ...seatsOf(other!, [label!])] }),
      ),
      request(event, [], {
        seats: [
          ...seatsOf(room, ['A-1']),
          ...seatsOf(event, ['A-8', 'A-9', 'A-10', 'A-11', 'A-12']),
        ],
      }),
    ];
    const before = await rows('select id from reservations order by id');
    expect(kinds(await takeTogether(db, single))).toEqual(single.map(() => null));
    // Beside each of them others are held.
    expect(
      kinds(
        await takeTogether(db, [
          ...single.slice(0, 3),
          request(event, ['A-9'], buyer('eve')),
          request(limited, ['A-2'], { ...buyer('capped') }),
        ]),
      ),
    ).toEqual([null, null, null, 'held', null]);
    expect(
      kinds(
        await takeTogether(
          db,
          [request(event, ['A-10'], buyer('capped')), request(event, ['A-11'], buyer('fay'))].map(
            (one) => ({ ...one, buyerCap: 1 }),
          ),
        ),
      ),
    ).toEqual([null, 'held']);
    const after = await rows('select id from reservations order by id');
    expect(after.length).toBe(before.length + 2);
  });

  it('is what does not fit: a code, a price type, an allotment, a time of its own, many seats', async () => {
    const event = await newEvent();
    const [seat] = request(event, ['A-1']).seats;
    const odd: Partial<HoldRequest>[] = [
      { code: 'TEN' },
      { seats: [{ ...seat!, priceType: 'child' }] },
      { seats: [{ ...seat!, allotment: randomUUID() }] },
      { seats: Array.from({ length: 21 }, () => seat!) },
      { holdSeconds: 60 },
      { avoidOrphans: true },
      { client: null },
    ];
    for (const more of odd) expect(fitsBatch(db, request(event, ['A-1'], more))).toBe(false);
    const seats = [seat!, { ...seat!, event: 'another' }];
    expect(fitsBatch(db, request(event, [], { seats, reference: 'x' }))).toBe(true);
  });

  it('is the second of two that share a key, a buyer or a seat', async () => {
    const event = await newEvent();
    const first = request(event, ['A-1'], buyer('gina'));
    const sameKey = request(event, ['A-2'], { id: first.id });
    const sameBuyer = request(event, ['A-3'], buyer('gina'));
    expect(kinds(await takeTogether(db, [first, sameKey, sameBuyer]))).toEqual([
      'held',
      null,
      null,
    ]);
    const both = await takeTogether(db, [request(event, ['A-4']), request(event, ['A-4'])]);
    expect(both.filter((one) => one !== null).length).toBeLessThan(2);
  });

  it('is who has hardly any time left, and what is kept by a lock', async () => {
    const event = await newEvent();
    const hasty = request(event, ['A-1'], { leftMs: () => 1200 });
    expect(kinds(await takeTogether(db, [hasty, request(event, ['A-2'])]))).toEqual([null, 'held']);
    expect(kinds(await takeTogether(db, [hasty]))).toEqual([null]);
    // A key that is being inserted is waited for a moment only; then each goes alone.
    const slow = request(event, ['A-3']);
    await db.transaction(async (tx) => {
      await takeSeats({ ...db, connected: (work) => work(tx) }, slow);
      const others = [request(event, ['A-4'], { id: slow.id }), request(event, ['A-5'])];
      expect(kinds(await takeTogether(other, others))).toEqual([null, null]);
    });
  });
});

/** Holds a seat's row, or a buyer's lock, until it is let go. */
async function keep(text: string, values: unknown[]): Promise<() => Promise<void>> {
  const client = await other.pool.connect();
  await client.query('begin');
  await client.query(text, values);
  return async () => {
    await client.query('commit');
    client.release();
  };
}

/** What an API process does with its holds: batches, and single holds. */
function makeProcess(database: Database) {
  const sizes: number[] = [];
  const hold = createHoldBatches({
    most: 32,
    fits: (one) => fitsBatch(database, one),
    together: (many) => takeTogether(database, many),
    observe: (size) => sizes.push(size),
  });
  return { sizes, hold: (one: HoldRequest) => hold(one, (it) => takeSeats(database, it)) };
}

describe('A seat or a buyer that somebody keeps locked', () => {
  it('delays those alone who want it', async () => {
    const event = await newEvent(40);
    const labels = Array.from({ length: 40 }, (_, index) => `A-${index + 1}`);
    const lock = 'select from seats where label = $2 and event_id = event_id_of($1) for update';
    const unlockSeat = await keep(lock, [event, 'A-7']);
    const unlockBuyer = await keep(
      `select pg_advisory_xact_lock(1, hashtext(encode(sha256(convert_to('hetty@example.org', 'utf8')), 'hex')))`,
      [],
    );
    const { hold, sizes } = makeProcess(db);
    const answered = new Set<string>();
    const all = Promise.all(
      labels.map(async (label) => {
        const who = label === 'A-9' ? 'hetty' : `buyer-${label.toLowerCase()}`;
        const { kind } = await hold(request(event, [label], { ...buyer(who), buyerCap: 5 }));
        answered.add(label);
        return kind;
      }),
    );
    const waiting = ['A-7', 'A-9'];
    const rest = labels.filter((label) => !waiting.includes(label));
    // They are answered while the locks are kept: without that, this would wait for ever.
    while (answered.size < rest.length) await new Promise((resolve) => setTimeout(resolve, 20));
    expect([...answered].sort()).toEqual([...rest].sort());
    await unlockSeat();
    await unlockBuyer();
    expect(await all).toEqual(Array(40).fill('held'));
    expect(Math.max(...sizes)).toBeGreaterThan(5);
  });
});

describe('A batch whose connection is lost', () => {
  const SLOW = `create or replace function test_slow() returns trigger language plpgsql as $$
    begin if new.subject like 'slow-%' then perform pg_sleep(60); end if; return new; end $$`;

  it('is an error for all, and afterwards each key has its one result', async () => {
    const event = await newEvent(6);
    await run(SLOW);
    await run(
      'create trigger test_slow before insert on outbox for each row execute function test_slow()',
    );
    const holds = [
      request(event, ['A-1'], { id: `slow-${randomUUID()}`, ...buyer('ida') }),
      ...['A-2', 'A-3', 'A-4'].map((label) => request(event, [label])),
    ];
    const lost = takeTogether(db, holds).catch((error: unknown) => error);
    const KILL = `select pg_terminate_backend(pid) from pg_stat_activity
                   where query like '%hold_orders%' and wait_event = 'PgSleep' and datname = current_database()`;
    let killed: unknown[] = [];
    while (killed.length === 0) killed = await rows(KILL);
    const error = await lost;
    expect(isUnavailable(error)).toBe(true);
    await run('drop trigger test_slow on outbox');

    const process = makeProcess(db);
    const results = await Promise.all([...holds, ...holds].map(process.hold));
    expect(kinds(results).sort()).toEqual([
      ...Array<string>(4).fill('held'),
      ...Array<string>(4).fill('replayed'),
    ]);
  });

  it('replays for each key what had been committed before the answer was lost', async () => {
    const event = await newEvent(6);
    const holds = ['A-1', 'A-2', 'A-3'].map((label) => request(event, [label]));
    expect(kinds(await takeTogether(db, holds))).toEqual(['held', 'held', 'held']);
    const { hold } = makeProcess(other);
    expect(kinds(await Promise.all(holds.map(hold)))).toEqual(Array(3).fill('replayed'));
  });
});

describe('Whatever is sent together', () => {
  const CAP = 2;
  const LABELS = ['A-1', 'A-2', 'A-3', 'A-4'];
  /** A seat of one of two events. */
  type Seat = readonly [event: number, label: string];
  const SEATS = [0, 1].flatMap((event) => LABELS.map((label): Seat => [event, label]));
  const wish = fc.record({
    key: fc.nat(5),
    seats: fc.subarray(SEATS, { minLength: 1, maxLength: 3 }),
    buyer: fc.option(fc.nat(2), { freq: 4 }),
  });
  interface Wish {
    key: number;
    seats: Seat[];
    buyer: number | null;
  }
  const fingerprintOf = (one: Wish) => Buffer.from(JSON.stringify(one));

  interface State {
    owners: Map<string, number>;
    holds: Map<number, Wish>;
  }

  /** The answers that the rules allow: one of several reasons to refuse, or that it is held. */
  function decide({ owners, holds }: State, one: Wish): string[] {
    const known = holds.get(one.key);
    if (known) return fingerprintOf(known).equals(fingerprintOf(one)) ? ['replayed'] : ['reused'];
    const seats = one.seats.map(([event, label]) => `${event} ${label}`);
    const limited = (hold: Wish) => hold.seats.filter(([event]) => event === 1).length;
    const reasons: string[] = [];
    if (limited(one) > 0 && one.buyer === null) return ['buyer_required', 'taken'];
    if (seats.some((seat) => owners.has(seat))) reasons.push('taken');
    const mine = [...holds.values()].filter(
      (hold) => one.buyer !== null && hold.buyer === one.buyer,
    );
    if (mine.length >= CAP) reasons.push('too_many_holds');
    const inEvent = mine.reduce((sum, hold) => sum + limited(hold), 0);
    if (limited(one) > 0 && limited(one) + inEvent > 2) reasons.push('buyer_limit');
    if (reasons.length > 0) return reasons;
    holds.set(one.key, one);
    for (const seat of seats) owners.set(seat, one.key);
    return ['held'];
  }

  /** Whether one after the other could have given these answers, in some order. */
  function isExplained(state: State, wishes: readonly Wish[], answers: readonly string[]): boolean {
    if (wishes.length === 0) return true;
    return wishes.some((one, at) => {
      const after = { owners: new Map(state.owners), holds: new Map(state.holds) };
      if (!decide(after, one).includes(answers[at]!)) return false;
      const without = <Item>(items: readonly Item[]) => items.filter((_, index) => index !== at);
      return isExplained(after, without(wishes), without(answers));
    });
  }

  const makeEvents = async () => [
    await newEvent(LABELS.length),
    await newEvent(LABELS.length, { maxSeatsPerBuyer: 2 }),
  ];
  const toRequest = (events: readonly string[], prefix: string, one: Wish): HoldRequest =>
    request(events[0]!, [], {
      seats: one.seats.flatMap(([event, label]) => seatsOf(events[event]!, [label])),
      id: `${prefix}-${one.key}`,
      fingerprint: fingerprintOf(one),
      ...(one.buyer !== null && buyer(`${prefix}-${one.buyer}`)),
      buyerCap: CAP,
    });

  it('comes out as if each had been held by itself, one after the other', async () => {
    const batches = fc.array(fc.array(wish, { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(batches, async (plan) => {
        const [events, prefix] = [await makeEvents(), `run-${randomUUID().slice(0, 13)}`];
        const answers = await Promise.all(
          plan.map(async (wishes, at) => {
            const database = at % 2 === 0 ? db : other;
            const holds = wishes.map((one) => toRequest(events, prefix, one));
            const together = await takeTogether(database, holds);
            return Promise.all(
              together.map(async (result, index) => {
                return (result ?? (await takeSeats(database, holds[index]!))).kind;
              }),
            );
          }),
        );
        const state = { owners: new Map<string, number>(), holds: new Map<number, Wish>() };
        if (!isExplained(state, plan.flat(), answers.flat()))
          throw new Error(`No order explains ${JSON.stringify({ plan, answers })}`);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  }, 600_000);

  const WRONG = sql<{ wrong: string }>(
    'test_batch_wrong',
    `with mine as (select * from reservations where id like $1 || '%')
     select 'a seat without its allocation: ' || s.id as wrong from seats s join mine r on r.id = s.reservation_id
      where not exists (select from allocations a where a.seat_id = s.id and a.reservation_id = r.id and a.released_at is null)
     union all
     select 'a claim on a seat of another: ' || a.reservation_id from allocations a join mine r on r.id = a.reservation_id join seats s on s.id = a.seat_id
      where s.reservation_id is distinct from r.id or s.hold_ends_at <> r.hold_ends_at
     union all
     select 'a total that is not that of its seats: ' || r.id from mine r
      where r.total is distinct from (select sum(price) from allocations a where a.reservation_id = r.id)
     union all
     select 'not one start and one word in the history: ' || r.id from mine r
      where (select count(*) from outbox o where o.subject = r.id and o.kind = 'start') <> 1
         or (select count(*) from history h where h.reservation_id = r.id and h.type = 'reservation.held') <> 1
     union all
     select 'a buyer over the cap' from mine r where r.buyer_key is not null group by r.buyer_key having count(*) > $2
     union all
     select 'a buyer over the limit of an event' from mine r
      join allocations a on a.reservation_id = r.id join seats s on s.id = a.seat_id join events e on e.id = s.event_id
      where e.max_seats_per_buyer is not null group by r.buyer_key, e.id having count(*) > min(e.max_seats_per_buyer)`,
  );

  it('by two processes at once, leaves no seat with two owners and no key with two results', async () => {
    const crowd = fc.array(fc.record({ wish, process: fc.nat(1) }), {
      minLength: 10,
      maxLength: 60,
    });
    let members = 0;
    await fc.assert(
      fc.asyncProperty(crowd, async (plan) => {
        const [events, prefix] = [await makeEvents(), `run-${randomUUID().slice(0, 13)}`];
        const processes = [makeProcess(db), makeProcess(other)];
        const results = await Promise.all(
          plan.map(({ wish: one, process }) =>
            processes[process]!.hold(toRequest(events, prefix, one)),
          ),
        );
        members += processes.flatMap(({ sizes }) => sizes).reduce((sum, size) => sum + size, 0);
        expect(await db.rows(WRONG, [prefix, CAP])).toEqual([]);
        const held = results.flatMap((result) => (result.kind === 'held' ? [result] : []));
        const keys = held.map(({ reservation }) => reservation.id);
        expect(new Set(keys).size).toBe(keys.length);
        const [row] = await rows<{ held: number }>(
          `select count(*) as held from reservations where id like $1 || '%'`,
          [prefix],
        );
        expect(row!.held).toBe(keys.length);
      }),
      { numRuns: 40, endOnFailure: true },
    );
    expect(members).toBeGreaterThan(0);
  }, 600_000);
});
