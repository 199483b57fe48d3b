import { sql, type Database } from '../../src/db/database';
import { restartActors, sweep, type SweepOptions } from '../../src/db/sweep';
import { readMoment } from '../../src/db/verify';
import { openTestDatabase } from '../support/system';

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: 10 });
});
afterAll(() => db.close());

const run = (text: string, values: unknown[] = []) => db.run(sql('', text), values);
const count = async (from: string): Promise<number> => {
  const [row] = await db.rows<{ n: number }>(sql('', `select count(*) as n from ${from}`));
  return row!.n;
};
/** Holds of one seat each, that end so many seconds from now. */
async function fillHolds(event: string, many: number, endsIn: number): Promise<void> {
  await db.transaction(async (tx) => {
    for (const text of [
      // Rows that are consistent by construction, many of them.
      'set local session_replication_role = replica',
      `insert into events (slug, name, starts_at, time_zone, currency, max_seats_per_reservation)
       values ('${event}', 'Filled', now() + interval '1 year', 'UTC', 'EUR', 10)`,
      `insert into price_categories (event_id, code, name, price, ordinal)
       select id, 'all', 'All', 100, 1 from events where slug = '${event}'`,
      `insert into reservations (id, event_id, client, total, currency, created_at, hold_ends_at, hold_cap_at)
       select '${event}-' || lpad(n::text, 6, '0'), e.id, 'filler', 100, 'EUR', now() - interval '1 hour',
              now() + ${endsIn} * interval '1 second', now() + interval '1 day'
         from events e, generate_series(1, ${many}) n where e.slug = '${event}'`,
      `insert into seats (event_id, label, section, category_code, status, reservation_id, hold_ends_at)
       select r.event_id, r.id, 'Hall', 'all', 'held', r.id, r.hold_ends_at
         from reservations r join events e on e.id = r.event_id where e.slug = '${event}'`,
      `insert into allocations (reservation_id, seat_id, price)
       select s.reservation_id, s.id, 100 from seats s join events e on e.id = s.event_id where e.slug = '${event}'`,
    ])
      await tx.run(sql('', text));
  });
  await run('analyze');
}
const removeHolds = (event: string) =>
  db.transaction(async (tx) => {
    await tx.run(sql('', 'set local session_replication_role = replica'));
    for (const [table, column] of [
      ['inbox', 'reservation_id'],
      ['outbox', 'subject'],
      ['allocations', 'reservation_id'],
      ['seats', 'reservation_id'],
      ['reservations', 'id'],
    ])
      await tx.run(sql('', `delete from ${table} where ${column} like '${event}-%'`));
  });
const heldOf = (event: string) =>
  count(`reservations where id like '${event}-%' and status = 'held'`);

type Fault = { step: string; subject: string | null; attempts: number };
function options(budgetMs: number): SweepOptions & { faults: Fault[] } {
  const faults: Fault[] = [];
  return { budgetMs, faults, onFault: (what) => faults.push(what) };
}

describe('The sweep', () => {
  it('ends thousands of holds in one pass, and two sweeps share them', async () => {
    await fillHolds('many', 5000, -60);
    const started = performance.now();
    const [one, other] = await Promise.all([
      sweep(db, options(240_000)),
      sweep(db, options(240_000)),
    ]);
    expect(one.expired + other.expired).toBe(5000);
    expect(Math.min(one.expired, other.expired)).toBeGreaterThan(500);
    expect(await heldOf('many')).toBe(0);
    expect(performance.now() - started).toBeLessThan(240_000);
  });

  it('ends when its time is over, and goes on at the next pass', async () => {
    await fillHolds('late', 1000, -60);
    const first = await sweep(db, options(1));
    expect(first.expired).toBe(200);
    expect((await sweep(db, options(240_000))).expired).toBe(800);
  });

  it('goes past a reservation that throws, says which, and tries it again later', async () => {
    await fillHolds('poison', 300, -60);
    await run(
      `update reservations set hold_ends_at = hold_ends_at - interval '10 minutes' where id = 'poison-000007'`,
    );
    await run(`create function poisoned() returns trigger language plpgsql as
      $$ begin raise exception 'a row that cannot change'; end $$`);
    await run(`create trigger poisoned before update on reservations
      for each row when (new.id = 'poison-000007') execute function poisoned()`);
    try {
      const first = options(240_000);
      expect((await sweep(db, first)).expired).toBe(299);
      expect(first.faults).toEqual([{ step: 'expire', subject: 'poison-000007', attempts: 1 }]);
      expect(await heldOf('poison')).toBe(1);

      const soon = options(240_000);
      await sweep(db, soon);
      expect(soon.faults).toEqual([]);

      const { results } = await readMoment(db);
      const note = results.find(({ name }) => name === 'the sweep cannot do something');
      expect(note!.kind).toBe('note');
      expect(note!.findings).toHaveLength(1);
      expect(note!.findings[0]!.id).toBe('poison-000007');
      expect(note!.findings[0]!.detail).toMatch(
        /^expire, for .*, 1 tries: a row that cannot change$/,
      );
      await run('update sweep_faults set not_before = now()');
      const again = options(240_000);
      await sweep(db, again);
      expect(again.faults).toEqual([{ step: 'expire', subject: 'poison-000007', attempts: 2 }]);
    } finally {
      await run('drop trigger poisoned on reservations');
    }
    await run('update sweep_faults set not_before = now()');
    expect((await sweep(db, options(240_000))).expired).toBe(1);
    expect(await count('sweep_faults')).toBe(0);
  });

  it('orders again what is late, except the one whose row cannot be written', async () => {
    await run('delete from outbox');
    await fillHolds('mute', 300, 3600);
    await run(`insert into inbox (reservation_id, kind, actor, received_at)
      select id, 'cancel', 'operator', now() - interval '1 minute' from reservations where id like 'mute-%'`);
    await run(`create trigger poisoned before update on reservations
      for each row when (new.id = 'mute-000007') execute function poisoned()`);
    const fault = { step: 'requeue_unhandled_inbox', subject: 'mute-000007', attempts: 1 };
    try {
      const first = options(240_000);
      await sweep(db, first);
      expect(first.faults).toEqual([fault]);
      expect(await count(`outbox where kind = 'ring'`)).toBe(299);

      // While it pauses, the others go in one statement again.
      await run('delete from outbox');
      await run(
        `update reservations set nudged_at = null where id like 'mute-%' and id <> 'mute-000007'`,
      );
      const soon = options(240_000);
      expect((await sweep(db, soon)).rung).toBe(299);
      expect(soon.faults).toEqual([]);

      await run('update sweep_faults set not_before = now()');
      const again = options(240_000);
      await sweep(db, again);
      expect(again.faults).toEqual([{ ...fault, attempts: 2 }]);
    } finally {
      await run('drop trigger poisoned on reservations');
    }
    await run('update sweep_faults set not_before = now()');
    expect((await sweep(db, options(240_000))).rung).toBe(1);
    await run(`update sweep_faults set not_before = now() - interval '2 minutes'`);
    await sweep(db, options(240_000));
    expect(await count('sweep_faults')).toBe(0);
    await removeHolds('mute');
  });

  it('orders again what is late of a reservation whose print was given up', async () => {
    await run('delete from outbox');
    await fillHolds('given', 1, 3600);
    await run(`insert into inbox (reservation_id, kind, actor, received_at)
      select id, 'cancel', 'operator', now() - interval '1 minute' from reservations where id like 'given-%'`);
    await run(`insert into outbox (kind, subject, given_up_at, not_before)
      select 'print', id, now(), 'infinity' from reservations where id like 'given-%'`);
    await sweep(db, options(240_000));
    expect(await count(`outbox where kind = 'ring'`)).toBe(1);
    await run('delete from outbox');
    await removeHolds('given');
  });

  it('orders no mail that is not owed: of an event for a sale that is none, of tickets without a buyer', async () => {
    await run('delete from outbox');
    await fillHolds('unsent', 2, 3600);
    await run(`with notice as (
        insert into event_notices (event_id, was, done_at)
        select id, '{}', now() from events where slug = 'unsent' returning id),
      told as (select null::integer as notice, kind from unnest(array['tickets', 'cancelled']) kind
        union all select id, 'event_changed' from notice)
      insert into mails (reservation_id, kind, sequence, message_id, notice_id, requested_at)
      select r.id, kind, coalesce(notice, 1), r.id || kind, notice, now() - interval '1 hour'
        from reservations r, told where r.id like 'unsent-%'`);
    try {
      await sweep(db, options(240_000));
      expect(await count(`outbox where kind in ('resend', 'mail')`)).toBe(2);
      expect(
        await count(`outbox o join mails m on m.id::text = o.subject where m.kind = 'cancelled'`),
      ).toBe(2);
    } finally {
      await run('delete from outbox');
      await run(`delete from mails where reservation_id like 'unsent-%'`);
      await removeHolds('unsent');
    }
  });

  it('goes past a step that fails as a whole, and does the others', async () => {
    await fillHolds('after', 10, -60);
    await run(`insert into request_keys (client, call, resource, key, fingerprint, answer, created_at)
      values ('shop', 'createChange', 'any', 'old-key-1', '', 'any', now() - interval '1 year')`);
    await run(`insert into early_events (payment_references, kind, told, actor, received_at)
      values (array['pi_old'], 'refund', '{}', 'stripe', now() - interval '1 year')`);
    await run(`create function kept() returns trigger language plpgsql as
      $$ begin raise exception 'this stays'; end $$`);
    await run(
      'create trigger kept before delete on request_keys for each row execute function kept()',
    );
    const seen = options(240_000);
    expect((await sweep(db, seen)).expired).toBe(10);
    expect(seen.faults).toEqual([{ step: 'forget_keys', subject: null, attempts: 1 }]);
    expect(await count('early_events')).toBe(0);
    await run('drop trigger kept on request_keys');
    await sweep(db, options(240_000));
    expect(await count(`request_keys where key = 'old-key-1'`)).toBe(0);
  });

  it('refunds each payment without a reservation by itself', async () => {
    await run(`insert into payments (reference, reservation_id, amount, currency, source, captured_by, received_at)
      select 'lost-' || n, 'never-was-' || n, 100, 'EUR', 'standard', 'client', now() - interval '1 hour' from generate_series(1, 3) n`);
    await run(`insert into inbox (reservation_id, kind, reference, actor, received_at)
      select reservation_id, 'payment', reference, 'standard', received_at from payments where reference like 'lost-%'`);
    await run(`create function refused() returns trigger language plpgsql as
      $$ begin raise exception 'no refund of this one'; end $$`);
    await run(`create trigger refused before update on payments
      for each row when (new.reference = 'lost-1') execute function refused()`);
    const seen = options(240_000);
    expect((await sweep(db, seen)).refunded).toBe(2);
    expect(seen.faults).toEqual([{ step: 'refund_unknown', subject: 'lost-1', attempts: 1 }]);
    expect(await count(`refunds where reason = 'unknown_reservation'`)).toBe(2);
    // Nothing of the one that failed is left.
    expect(await count(`inbox where reference = 'lost-1' and handled_at is null`)).toBe(1);
    await run('drop trigger refused on payments');
  });
});

describe('Lost workflows', () => {
  const noFault = {
    onFault: (_what: unknown, error: unknown) => {
      throw error;
    },
  };

  it('are ordered again, except one whose row cannot be written', async () => {
    await run('delete from outbox');
    await fillHolds('gone', 20, 3600);
    await run(`create trigger poisoned before update on reservations
      for each row when (new.id = 'gone-000007') execute function poisoned()`);
    const faults: (string | null)[] = [];
    try {
      const restarted = await restartActors(db, async () => new Set(), {
        from: null,
        onPage: () => undefined,
        onFault: ({ subject }) => faults.push(subject),
      });
      expect(restarted).toBe(19);
    } finally {
      await run('drop trigger poisoned on reservations');
    }
    expect(faults).toEqual(['gone-000007']);
    await removeHolds('gone');
  });

  it('are left alone for ten minutes, but for who repairs', async () => {
    await run('delete from outbox');
    const lost = (againAfterS?: number) =>
      restartActors(db, async () => new Set(), {
        from: null,
        onPage: () => undefined,
        ...noFault,
        ...(againAfterS !== undefined && { againAfterS }),
      });
    await fillHolds('twice', 3, 3600);
    expect(await lost()).toBe(3);
    await run(`delete from outbox`);
    expect(await lost()).toBe(0);
    expect(await lost(0)).toBeGreaterThanOrEqual(3);
    await removeHolds('twice');
    await run('delete from outbox');
  });

  it('are all ordered again in one look, page by page, except those that run', async () => {
    await run('delete from outbox');
    await fillHolds('lost', 2500, 3600);
    const pages: string[] = [];
    const running = new Set(['lost-000001', 'lost-002400']);
    const restarted = await restartActors(
      db,
      async (ids) => new Set(ids.filter((id) => running.has(id))),
      { from: null, onPage: ({ id }) => pages.push(id), ...noFault },
    );
    expect(restarted).toBe(2498);
    expect(pages).toHaveLength(10);
    expect(await count(`outbox where kind = 'ring'`)).toBe(2498);
    expect(await count(`outbox where subject in ('lost-000001', 'lost-002400')`)).toBe(0);
  });

  it('are looked at from where an earlier look had come to', async () => {
    await run('update reservations set nudged_at = null');
    await run('delete from outbox');
    const places: { at: string; id: string }[] = [];
    await restartActors(db, async (ids) => new Set(ids), {
      from: null,
      onPage: (place) => places.push(place),
      ...noFault,
    });
    const looked: string[] = [];
    await restartActors(
      db,
      async (ids) => {
        looked.push(...ids);
        return new Set(ids);
      },
      { from: places[5]!, onPage: () => undefined, ...noFault },
    );
    expect(looked).toHaveLength(1000);
  });
});
