import { setTimeout as delay } from 'node:timers/promises';
import { sql, type Database, type Queryable } from '../../src/db/database';
import { numberHistory } from '../../src/db/feed';
import { CHECKS, runChecks } from '../../src/db/verify';
import { verifySystem } from '../../src/cli/verify-system';
import type { RunningWorkflow, TemporalView } from '../../src/cli/verify-temporal';
import { openTestDatabase } from '../support/system';
import { fillOrders, runAll } from '../../proof/big-database/fill-orders';
import { verifyOrders } from '../../proof/big-database/verify';
import { damageOf } from './damage';

/** `HOLDFAST_VERIFY_ROWS=100000` fills a database of that size: the way to measure what `npm run verify` costs. */
const RESERVATIONS = Number(process.env.HOLDFAST_VERIFY_ROWS ?? 2000);
/** The machine does other things beside the tests. */
const SLOWNESS = 20;

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: 3, prepared: false, queryTimeoutMs: 300_000 });
  await fillOrders(db, RESERVATIONS, { trusting: RESERVATIONS > 5000 });
}, 600_000);
afterAll(() => db.close());

class RolledBack extends Error {}

/** What a check finds after the damage; nothing of it stays. */
async function findingsAfter(damage: readonly string[], check: string): Promise<string> {
  let found = '';
  const work = async (tx: Queryable): Promise<void> => {
    await runAll(tx, ['set local session_replication_role = replica', ...damage]);
    const [result] = await runChecks(
      tx,
      CHECKS.filter(({ name }) => name === check),
    );
    found = result!.findings.map(({ id, detail }) => `${id}: ${detail}`).join('\n');
    throw new RolledBack();
  };
  await db.transaction(work).catch((error: unknown) => {
    if (!(error instanceof RolledBack)) throw error;
  });
  return found;
}

const ofThreeEvents = damageOf(RESERVATIONS, 0);
const ofOneEvent = damageOf(RESERVATIONS, 20);

describe('The checks of the database', () => {
  it(`find nothing in ${RESERVATIONS} sound orders, in time`, async () => {
    const { checks, totalMs, complaints } = await verifyOrders(db, RESERVATIONS, SLOWNESS);
    if (RESERVATIONS > 5000)
      process.stderr.write(`verified ${RESERVATIONS} orders in ${totalMs} ms\n`);
    expect(complaints).toEqual([]);
    expect(checks.every(({ looked, name }) => looked > 0 || NOTHING_TO_SEE.has(name))).toBe(true);
  });

  it('make big-database fail: by what they find, and by the time that they take', async () => {
    await runAll(db, [
      `insert into ticket_documents (reservation_id, pdf) values ('expired-000010', '%PDF')`,
    ]);
    const { complaints } = await verifyOrders(db, RESERVATIONS, 0);
    await runAll(db, [`delete from ticket_documents where reservation_id = 'expired-000010'`]);
    expect(complaints).toEqual([
      expect.stringMatching(
        /^tickets are printed only for what was confirmed: 1, as expired-000010 printed at /,
      ),
      expect.stringMatching(/^takes \d+ ms, more than 0 ms$/),
    ]);
  });

  describe.each([
    ['orders of three events', ofThreeEvents],
    ['orders of one event', ofOneEvent],
  ])('in %s', (_, { damage, refund, oldRefund }) => {
    it.each(damage)('find damage: %s', async (check, statements, named) => {
      const found = await findingsAfter(statements, check);
      if (typeof named === 'string') expect(found).toContain(named);
      else expect(found).toMatch(named);
    });

    it.each([
      [
        'an order to the relay',
        `insert into outbox (kind, subject) select 'refund_order', ${refund}::text`,
      ],
      [
        'a fresh order by the sweep',
        `update refunds set nudged_at = now(), created_at = now() - interval '30 minutes' where id = ${refund}`,
      ],
    ])('do not blame work that is being retried: %s', async (__, trace) => {
      const check = 'a refund is under way until it is done';
      expect(await findingsAfter([oldRefund, trace], check)).toBe('');
    });
  });

  it('are each proven by some damage', () => {
    const proven = new Set(ofThreeEvents.damage.map(([name]) => name));
    expect(CHECKS.map(({ name }) => name).filter((name) => !proven.has(name))).toEqual([]);
  });

  it('count all, and name the first fifty', async () => {
    await db
      .transaction(async (tx) => {
        await runAll(tx, ['set local session_replication_role = replica']);
        const deleted = await tx.run(sql('', `delete from tickets where code like 'sold-%'`));
        const result = (await runChecks(tx)).find(({ name }) =>
          name.includes('one live ticket for each seat'),
        )!;
        expect(deleted).toBeGreaterThan(RESERVATIONS);
        expect(result.total).toBe(deleted);
        expect(result.findings).toHaveLength(50);
        throw new RolledBack();
      })
      .catch((error: unknown) => {
        if (!(error instanceof RolledBack)) throw error;
      });
  });
});

/** Checks of what a sound and quiet system has none of. */
const NOTHING_TO_SEE = new Set([
  'of what waits for a webhook endpoint the first of each reservation is due, alone',
  'what is due to a webhook endpoint is being sent',
  'a seat held for a quote belongs to an open one, with the same end',
  'the sums of all changes lead to what a reservation costs',
  'an entry of the outbox was given up',
  'the sweep cannot do something',
  'a used ticket says when it was used, and the history that it was',
  'an overdue hold is swept within two minutes',
  'a payment for a reservation that never came to be goes back',
  'what comes for a reservation is handled',
  'a refund is under way until it is done',
  'a delivery is under way until it is done',
  'a mail that is owed is under way',
  'a mail waits for over an hour',
  'a mail was refused for good',
  'a refund waits for a person',
  'a payment names a reservation that does not exist',
  'Temporal refuses an entry of the outbox',
  'money that should have gone back has not',
]);

it('What waits for a person is noted with its age, and is not wrong', async () => {
  const refuse = (value: string) =>
    runAll(db, [
      `update mails set refused = ${value} where reservation_id = 'sold-000020' and sequence = 0`,
    ]);
  await refuse(`'no such mailbox'`);
  const again = `insert into mails (reservation_id, kind, sequence, message_id, sent_at) values ('sold-000020', 'tickets', 1, 'again', now())`;
  try {
    const noted = await verifySystem(db, null, { patienceMs: 0 });
    expect(noted.ok).toBe(true);
    expect(noted.notes).toEqual([
      expect.stringMatching(
        /^a mail was refused for good: \d+ tickets of reservation sold-000020, owed 0\d:\d\d:00 ago: no such mailbox$/,
      ),
    ]);
    await runAll(db, [again]);
    expect((await verifySystem(db, null, { patienceMs: 0 })).notes).toEqual([]);
  } finally {
    await runAll(db, [`delete from mails where message_id = 'again'`]);
    await refuse('null');
  }
});

describe('Late work', () => {
  const ALL_ROLES = `insert into workers values ('w', '{reservations,relay}', now() + interval '1 hour')`;
  const temporal = (ids: string[], reservations: RunningWorkflow[] = []): TemporalView => ({
    running: async () => ({ ids: new Set(ids), reservations }),
    failures: async () => [],
    setup: async () => ({ missingAttributes: [], schedule: 'runs' }),
    prepare: async () => undefined,
    ring: async () => 0,
    beginAnew: async () => false,
    close: async () => undefined,
  });
  const violations = async (view: TemporalView | null, patienceMs = 0) => {
    const { checks, notes } = await verifySystem(db, view, { patienceMs });
    return {
      wrong: checks.filter((check) => check.violations > 0).map(({ findings }) => findings[0]!.id),
      notes,
    };
  };

  beforeEach(async () => {
    await runAll(db, [`delete from outbox where subject = 'held-000018'`, ALL_ROLES]);
    // No relay runs here, and what the tests before have done may be a minute old by now.
    await numberHistory(db, 1000, true);
  });
  afterEach(() =>
    runAll(db, [
      'delete from workers',
      `delete from outbox where subject = 'held-000018'`,
      `insert into outbox (kind, subject) values ('start', 'held-000018')`,
    ]),
  );

  it('is wrong when no workflow is at it', async () => {
    expect(await violations(temporal(['settle:held-000019']))).toEqual({
      wrong: ['held-000018'],
      notes: [],
    });
  });

  it.each(['held-000018', 'settle:held-000018'])('is not wrong while %s runs', async (id) => {
    expect(await violations(temporal([id]))).toEqual({ wrong: [], notes: [] });
  });

  it('is not judged without Temporal, and waits while no worker runs', async () => {
    const waiting = {
      wrong: [],
      notes: [expect.stringMatching(/^an open hold has its actor: 1 wait; only Temporal/)],
    };
    expect(await violations(null)).toEqual(waiting);
    await runAll(db, ['delete from workers']);
    const idle = {
      wrong: [],
      notes: [expect.stringMatching(/: 1 wait; no worker runs for relay, reservations$/)],
    };
    expect(await violations(temporal([]))).toEqual(idle);
  });

  it('is looked at again, and forgiven when it is done meanwhile', async () => {
    const looking = violations(temporal([]), 20_000);
    await delay(500);
    await runAll(db, [`insert into outbox (kind, subject) values ('start', 'held-000018')`]);
    expect(await looking).toEqual({ wrong: [], notes: [] });
  });

  it('is a backlog, not a fault, while a queue moves', async () => {
    const LATE = `insert into outbox (kind, subject, not_before) select 'ring', id, now() - interval '1 hour' from reservations where id in ('held-000018', 'held-000019')`;
    await runAll(db, [LATE]);
    const still = await violations(temporal([]), 0);
    expect(still.wrong).toHaveLength(1);
    const looking = violations(temporal([]), 5000);
    await delay(500);
    await runAll(db, [`delete from outbox where subject = 'held-000018'`]);
    const { wrong } = await looking;
    await runAll(db, [`delete from outbox where kind = 'ring'`]);
    expect(wrong).toEqual([]);
  });

  it('is missed also the other way round: actors that run for nothing', async () => {
    const since = (minutes: number, id: string) => ({
      id,
      startedAt: new Date(Date.now() - minutes * 60_000),
    });
    const atWork = [since(200, 'held-000018'), since(1, 'nobody-yet')];
    expect((await violations(temporal(['held-000018'], atWork))).wrong).toEqual([]);

    const idle = [
      since(10, 'nobody-here'),
      since(200, 'sold-000020'),
      since(200, 'expired-000010'),
    ];
    const { checks } = await verifySystem(db, temporal(['held-000018'], [...atWork, ...idle]), {
      patienceMs: 0,
    });
    const [wrong, ...others] = checks.filter((check) => check.violations > 0);
    expect(others).toEqual([]);
    expect(wrong).toMatchObject({
      name: 'a running reservation workflow has something to do',
      looked: 5,
      violations: 3,
    });
    expect(wrong!.findings.map(({ id }) => id).sort()).toEqual([
      'expired-000010',
      'nobody-here',
      'sold-000020',
    ]);
  });
});
