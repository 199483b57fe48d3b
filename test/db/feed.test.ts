import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { sql, type Database, type Queryable } from '../../src/db/database';
import {
  findPlace,
  numberHistory,
  readFeed,
  readFeedEnds,
  readFeedNews,
  truncateFeed,
  type FeedPlace,
  type FeedRecord,
} from '../../src/db/feed';
import { runChecks } from '../../src/db/verify';
import { eventually } from '../support/api';
import { openTestDatabase } from '../support/system';

let db: Database;
let event: string;
interface Gap {
  first_id: number;
  last_id: number;
}

const NOWHERE: FeedPlace = { sequence: 0, mark: 0 };

const raw = (text: string, values: unknown[] = [], on: Queryable = db) =>
  on.rows(sql(`raw:${text}`, text), values);

beforeAll(async () => {
  db = await openTestDatabase({ pool: 8, prepared: false });
  const [made] = await raw(
    `insert into events (slug, name, starts_at, time_zone, currency, max_seats_per_reservation)
     values ('hamlet', 'Hamlet', now() + interval '30 days', 'UTC', 'EUR', 10) returning id`,
  );
  event = made!.id as string;
});
afterAll(() => db.close());
beforeEach(async () => {
  await raw('alter table history disable trigger user');
  await raw('truncate history, feed, feed_gaps restart identity');
  await raw('alter table history enable trigger user');
  await raw(
    'update feed_head set sequence = 0, mark = 0, looked_to = 0, truncated_to = 0, truncated_mark = 0',
  );
  await raw('drop table if exists restored');
});

/** A reservation, written by hand. */
async function reservation(client: string | null = 'shop'): Promise<string> {
  const id = randomUUID();
  await raw(
    `insert into reservations (id, client, event_id, total, currency, created_at, hold_ends_at, hold_cap_at)
     values ($1, $2, $3, 100, 'EUR', now(), now() + interval '10 minutes', now() + interval '30 minutes')`,
    [id, client, event],
  );
  return id;
}
const happen = (id: string, type = 'reservation.extended', on: Queryable = db) =>
  raw(
    `insert into history (reservation_id, type, actor, data) values ($1, $2, 'system', $3)`,
    [id, type, { reference: 'Ada', expiresAt: '2030-01-01T00:00:00.000Z' }],
    on,
  );
const happenToEvent = (type: string, data = {}) =>
  raw(`insert into history (event_id, type, actor, data) values ($1, $2, 'system', $3)`, [
    event,
    type,
    data,
  ]);
const number = (all = false) => numberHistory(db, 1000, all);

async function entriesOf(reader: string | null, after = NOWHERE, limit = 1000) {
  const page = await readFeed(db, reader, after, limit);
  if (page.kind !== 'page') throw new Error(`It is ${page.kind}`);
  return page.entries;
}
const told = (entries: FeedRecord[]) => entries.map(({ reservation: id, type }) => [id, type]);

/** Numbers until all transactions of the gaps have ended; those of other databases count too. */
const untilDoubtful = () =>
  eventually(async () => {
    expect(await number()).toBeLessThan(2);
    expect(await raw('select from feed_gaps where not doubtful')).toEqual([]);
  });

/** Begins a transaction that stays open until it is told to end. */
async function open(work: (tx: Queryable) => Promise<unknown>) {
  let end: (commit: boolean) => void;
  const decided = new Promise<boolean>((resolve) => void (end = resolve));
  let begun: () => void;
  const begins = new Promise<void>((resolve) => void (begun = resolve));
  const ended = db
    .transaction(async (tx) => {
      await work(tx);
      begun();
      if (!(await decided)) throw new Error('rolled back');
    })
    .catch(() => undefined);
  await begins;
  return async (commit: boolean) => {
    end(commit);
    await ended;
  };
}

describe('The feed', () => {
  it('has each entry of the history once, in order, with numbers that have no gap', async () => {
    const ids = [await reservation(), await reservation()];
    for (const id of ids) await happen(id, 'reservation.held');
    expect(await number()).toBe(2);
    await happen(ids[0]!, 'confirmed');
    expect(await number()).toBe(1);
    expect(await number()).toBe(0);
    const entries = await entriesOf(null);
    expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    // What release 1.0 writes has the names of today.
    expect(told(entries)).toEqual([
      [ids[0], 'reservation.held'],
      [ids[1], 'reservation.held'],
      [ids[0], 'reservation.confirmed'],
    ]);
    expect(entries[0]).toMatchObject({ event: 'hamlet', revision: 1, actor: 'system' });
  });

  it('goes on while a transaction is open, whose own entries come below no number that was read', async () => {
    const late = await reservation();
    const soon = await reservation();
    const end = await open((tx) => happen(late, 'reservation.held', tx));
    for (let turn = 0; turn < 3; turn++) {
      await happen(soon);
      expect(await number()).toBe(1);
    }
    const before = await entriesOf(null);
    expect(told(before).every(([id]) => id === soon)).toBe(true);
    await end(true);
    expect(await number()).toBe(1);
    const after = await entriesOf(null, before.at(-1));
    expect(told(after)).toEqual([[late, 'reservation.held']]);
    expect(after[0]!.sequence).toBe(4);
    expect(await raw('select * from feed_gaps')).toEqual([]);
  });

  it('tells one reservation in its order, also when its first entry was late', async () => {
    const id = await reservation();
    const other = await reservation();
    const end = await open((tx) => happen(id, 'reservation.held', tx));
    await happen(other);
    await number();
    await end(true);
    await happen(id, 'reservation.confirmed');
    await number();
    expect(told(await entriesOf('shop')).filter(([one]) => one === id)).toEqual([
      [id, 'reservation.held'],
      [id, 'reservation.confirmed'],
    ]);
  });

  it('passes over what was rolled back, and looks for it for an hour', async () => {
    const id = await reservation();
    const end = await open((tx) => happen(id, 'reservation.held', tx));
    await happen(id);
    expect(await number()).toBe(1);
    await end(false);
    const gaps = () => raw('select doubtful from feed_gaps');
    await untilDoubtful();
    expect(await gaps()).toEqual([{ doubtful: true }]);
    await raw(`update feed_gaps set noted_at = now() - interval '59 minutes'`);
    await number(true);
    expect(await gaps()).toHaveLength(1);
    await raw(`update feed_gaps set noted_at = now() - interval '61 minutes'`);
    await number(true);
    expect(await gaps()).toEqual([]);
  });

  it('finds what appears in a gap whose transactions have ended, as after a process stood still', async () => {
    const id = await reservation();
    await raw(`select nextval(pg_get_serial_sequence('history', 'id'))`);
    await raw(`select nextval(pg_get_serial_sequence('history', 'id'))`);
    await happen(id);
    await untilDoubtful();
    const [gap] = (await raw('select first_id, last_id from feed_gaps')) as [Gap];
    await raw(
      `insert into history (id, reservation_id, type, actor) overriding system value values ($1, $2, 'reservation.held', 'system')`,
      [gap.last_id, id],
    );
    expect(await number()).toBe(0);
    expect(await number(true)).toBe(1);
    expect(await raw('select first_id, last_id from feed_gaps')).toEqual([
      { first_id: gap.first_id, last_id: gap.first_id },
    ]);
  });

  it('is written by one of many writers at a time, while others commit in any order', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => reservation()));
    const over = new AbortController();
    const seen: number[] = [];
    const writers = Array.from({ length: 3 }, async () => {
      while (!over.signal.aborted) {
        await numberHistory(db, 7, Math.random() < 0.2);
        await delay(Math.random() * 4);
      }
    });
    const reader = (async () => {
      let place = NOWHERE;
      for (let last = false; !last;) {
        last = over.signal.aborted;
        if (last) while ((await number(true)) !== 0);
        const page = await readFeed(db, null, place, 5);
        if (page.kind !== 'page') throw new Error(page.kind);
        seen.push(...page.entries.map(({ sequence }) => sequence));
        place = page.entries.at(-1) ?? place;
        if (last && page.entries.length > 0) last = false;
      }
    })();
    await Promise.all(
      ids.map(async (id, index) => {
        for (let turn = 0; turn < 30; turn++)
          await db
            .transaction(async (tx) => {
              await happen(id, 'reservation.extended', tx);
              await delay(Math.random() * 12);
              if ((turn + index) % 5 === 0) throw new Error('rolled back');
              await happen(id, 'reservation.updated', tx);
            })
            .catch(() => undefined);
      }),
    );
    over.abort();
    await Promise.all([...writers, reader]);
    const [{ count }] = (await raw('select count(*) from history')) as [{ count: number }];
    expect(count).toBe(6 * 24 * 2);
    expect(seen).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  });

  it('loses nothing by a writer that stands still, or dies, before its commit', async () => {
    const id = await reservation();
    await happen(id);
    const end = await open((tx) => tx.rows(sql('frozen', 'select number_history(10, true)')));
    await happen(id);
    // Nobody waits for it.
    expect(await number()).toBeNull();
    expect(await entriesOf(null)).toEqual([]);
    await end(false);
    expect(await number()).toBe(2);
    expect(await number()).toBe(0);
    expect((await entriesOf(null)).map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it('reads its new entries by an index, however long it is', async () => {
    const id = await reservation();
    await raw(
      `insert into history (reservation_id, type, actor) select $1, 'reservation.extended', 'system' from generate_series(1, 20000)`,
      [id],
    );
    while ((await number()) !== 0);
    await raw('analyze history, feed');
    await happen(id);
    const read = async () => {
      const [row] = await raw(
        `select sum(seq_tup_read) as tuples from pg_stat_user_tables where relname in ('history', 'feed', 'reservations')`,
      );
      return Number(row!.tuples);
    };
    await raw('select pg_stat_force_next_flush()');
    const before = await read();
    await numberHistory(db, 1000, true);
    await entriesOf('shop', (await readFeedEnds(db)).first, 1);
    await raw('select pg_stat_force_next_flush()');
    await delay(1500);
    expect((await read()) - before).toBeLessThan(1000);
  });
});

describe('A reader of the feed', () => {
  it('who is a client is told of its reservations and of every event, an operator of all', async () => {
    const mine = await reservation('shop');
    const other = await reservation('other');
    const nobodys = await reservation(null);
    for (const id of [mine, other, nobodys]) await happen(id);
    await happenToEvent('event.changed');
    await happenToEvent('allotment.created', { client: 'other' });
    await happenToEvent('allotment.ended');
    await number();
    const types = async (reader: string | null) =>
      (await entriesOf(reader)).map(({ reservation: id, type }) => id ?? type);
    expect(await types('shop')).toEqual([mine, 'event.changed']);
    expect(await types('other')).toEqual([other, 'event.changed', 'allotment.created']);
    expect(await types(null)).toEqual([
      mine,
      other,
      nobodys,
      'event.changed',
      'allotment.created',
      'allotment.ended',
    ]);
  });

  it('is not told of by whom nothing is meant, and goes on at the head', async () => {
    const id = await reservation('other');
    for (let turn = 0; turn < 5; turn++) await happen(id);
    await number();
    const page = await readFeed(db, 'shop', NOWHERE, 3);
    expect(page).toMatchObject({ kind: 'page', entries: [], head: { sequence: 5 } });
    const news = await readFeedNews(db, NOWHERE);
    expect(news).toMatchObject({ everyone: false, allClients: false, clients: ['other'] });
  });

  it('from before what is kept is told so; one at its beginning is not', async () => {
    const id = await reservation();
    for (let turn = 0; turn < 6; turn++) await happen(id);
    await number();
    const entries = await entriesOf(null);
    await raw(`update feed set numbered_at = now() - interval '91 days' where sequence <= 4`);
    expect(await truncateFeed(db, 3)).toBe(3);
    expect(await truncateFeed(db, 3)).toBe(1);
    expect(await truncateFeed(db, 3)).toBe(0);
    expect(await findPlace(db, entries[2]!)).toBe('truncated');
    expect(await findPlace(db, NOWHERE)).toBe('truncated');
    expect(await entriesOf(null, entries[3])).toHaveLength(2);
    expect((await readFeedEnds(db)).first).toEqual({ sequence: 4, mark: entries[3]!.mark });
    expect(await findPlace(db, { sequence: 4, mark: entries[3]!.mark + 1 })).toBe('reset');
  });

  it('from a future that a restore undid is told so, also once its number is given again', async () => {
    const id = await reservation();
    await happen(id);
    await number();
    const [kept] = await entriesOf(null);
    await raw('create table restored as select * from feed_head');
    await happen(id);
    await number();
    const lost = (await entriesOf(null))[1]!;
    // The database as it was before the second.
    await raw(`alter table history disable trigger user`);
    await raw(`delete from history where id = (select history_id from feed where sequence = 2)`);
    await raw(`alter table history enable trigger user`);
    await raw('delete from feed where sequence = 2');
    await raw(
      'update feed_head h set sequence = r.sequence, mark = r.mark, looked_to = r.looked_to from restored r',
    );
    expect(await findPlace(db, lost)).toBe('reset');
    expect((await readFeedNews(db, lost)).everyone).toBe(true);
    await happen(id);
    await number();
    expect((await readFeedEnds(db)).last.sequence).toBe(lost.sequence);
    expect(await findPlace(db, lost)).toBe('reset');
    expect((await readFeedNews(db, lost)).everyone).toBe(true);
    expect(await entriesOf(null, kept)).toHaveLength(1);
  });
});

describe('verify', () => {
  const findings = async (name: string) =>
    (await runChecks(db)).find((check) => check.name === name)!.findings;
  const MISSING = 'what happened is in the feed within a minute';
  const GAPS = "the feed's numbers have no gap, and its head is the last one";

  it('finds what the feed does not have, once it is a minute old', async () => {
    const id = await reservation();
    await raw(
      `insert into history (reservation_id, at, type, actor) values ($1, now() - interval '2 minutes', 'reservation.held', 'system')`,
      [id],
    );
    expect(await findings(MISSING)).toHaveLength(1);
    await number();
    expect(await findings(MISSING)).toEqual([]);
  });

  it('finds a number that is missing', async () => {
    const id = await reservation();
    for (let turn = 0; turn < 3; turn++) await happen(id);
    await number();
    expect(await findings(GAPS)).toEqual([]);
    await raw('delete from feed where sequence = 2');
    expect(await findings(GAPS)).toHaveLength(1);
  });
});
