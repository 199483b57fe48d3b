import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { HOUSEKEEPING_SCHEDULE_ID } from '../../src/contracts/reservation';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, type Reservation } from '../support/api';
import { createTestDatabase, startSystem, type TestSystem } from '../support/system';

const VERIFY = join(__dirname, '../../dist/src/cli/verify.js');

let system: TestSystem;
let api: ApiClient;
let sold: Reservation;
let held: Reservation;

interface Run {
  code: number;
  out: string;
  err: string;
}

function verify(args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const home = system.stack.services.home;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [VERIFY, ...args],
      { env: { PATH: process.env.PATH, HOLDFAST_HOME: home, ...env }, timeout: 240_000 },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

/** Damages the database with constraints and triggers off, looks, and mends it. */
async function damaged<T>(damage: string, mend: string, look: () => Promise<T>): Promise<T> {
  const run = (statement: string) =>
    system.db.transaction(async (tx) => {
      await tx.run(sql('', 'set local session_replication_role = replica'));
      if ((await tx.run(sql('', statement))) === 0)
        throw new Error(`Nothing changed: ${statement}`);
    });
  await run(damage);
  try {
    return await look();
  } finally {
    await run(mend);
  }
}

async function deliver(id: string): Promise<void> {
  const DELIVERED = sql(
    '',
    'select delivered_at is not null as delivered from reservations where id = $1',
  );
  await eventually(async () => {
    const [row] = await system.db.rows<{ delivered: boolean }>(DELIVERED, [id]);
    expect(row).toEqual({ delivered: true });
  });
}

/** A day at the box office: sold, cancelled, refunded, too late, paid twice, paid for nothing, scanned. */
async function live(): Promise<void> {
  const event = await api.event();
  const brief = await api.event({ holdTtlSeconds: 1 });
  sold = await api.held(event, ['A-1', 'A-2']);
  await api.pay(sold);
  await api.pay(sold);
  const returned = await api.held(event, ['A-3']);
  await api.confirm(returned);
  const released = await api.held(event, ['A-4']);
  const late = await api.held(brief, ['A-1']);
  const tooLate = await api.held(brief, ['A-2']);
  await Promise.all([api.until(late.id, 'expired'), api.until(tooLate.id, 'expired')]);
  const other = await api.held(brief, ['A-2']);
  await api.pay(other);
  await api.pay(late);
  await api.until(other.id, 'confirmed');
  await api.pay(tooLate);
  await Promise.all([deliver(sold.id), deliver(returned.id), deliver(late.id)]);
  for (const { id } of [returned, released]) await api.cancel(id);
  await api.call('POST', `/v1/reservations/${sold.id}/resend`);
  await api.standard({
    reservation: 'never-came-to-be',
    reference: 'pay-stray',
    amount: 1,
    currency: 'EUR',
  });
  const { body } = await api.call<{ data: { code: string }[] }>(
    'GET',
    `/v1/reservations/${sold.id}/tickets`,
  );
  const { code } = body.data[0]!;
  const enter = () =>
    api.call('POST', '/v1/check-ins', { key: system.info.keys.scanner, body: { code, event } });
  await enter();
  await api.call('POST', '/v1/check-ins/undo', { key: system.info.keys.operator, body: { code } });
  await enter();
  held = await api.held(event, ['B-1']);
}

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
  await live();
}, 480_000);
afterAll(() => system.stop());

/** Pauses the schedule and waits for a run that is under way: it would start lost workflows again. */
async function pauseHousekeeping() {
  const schedule = system.temporal.schedule.getHandle(HOUSEKEEPING_SCHEDULE_ID);
  await schedule.pause();
  await eventually(async () => expect((await schedule.describe()).info.runningActions).toEqual([]));
  return schedule;
}

describe('npm run verify', () => {
  it('finds nothing wrong with a living system, and says what it looked at and what waits', async () => {
    const { code, out, err } = await verify();
    expect(err).toBe('');
    expect(out).toMatch(/check +rows looked at +violations +ms/);
    expect(out).toMatch(/a used ticket says when it was used, and the history that it was +1 +0 /);
    // "Everything holds" would be no truth beside a payment that waits for its reservation.
    expect(out).toContain('a payment names a reservation that does not exist: pay-stray');
    expect(out).toMatch(/^✓ Nothing is wrong, but [1-9]\d* wait: see the notes above\.$/m);
    expect(code).toBe(0);
  });

  it('names what is wrong, with the ids, and exits 1', async () => {
    const { code, out } = await damaged(
      `update tickets set status = 'void' where reservation_id = '${sold.id}' and status = 'valid'`,
      `update tickets set status = 'valid' where reservation_id = '${sold.id}' and status = 'void'`,
      () => verify(),
    );
    expect(out).toContain('✗ a confirmed reservation has one live ticket for each seat: 1');
    expect(out).toMatch(new RegExp(`${sold.id} +seat A-\\d \\(id \\d+\\) has 0 live tickets`));
    expect(out).toContain('✗ 1 violations.');
    expect(code).toBe(1);
  });

  it('prints JSON for machines', async () => {
    const { code, out } = await damaged(
      `update payments set amount = amount - 1 where reservation_id = '${sold.id}' and role = 'confirming'`,
      `update payments set amount = amount + 1 where reservation_id = '${sold.id}' and role = 'confirming'`,
      () => verify(['--json', '--patience', '0']),
    );
    const { ok, temporal, checks } = JSON.parse(out) as {
      ok: boolean;
      temporal: string;
      checks: { name: string; violations: number; findings: { id: string }[] }[];
    };
    expect({ ok, temporal, code }).toEqual({ ok: false, temporal: 'checked', code: 1 });
    const wrong = checks.filter(({ violations }) => violations > 0);
    expect(wrong.map(({ name }) => name)).toEqual([
      'the confirming payments of a sale are of what it cost, and of its changes',
      'the test provider and we know the same payments',
      "the test provider's balance is the money that we hold",
      "the ledger's cash is what was captured, less what went back and what disputes took",
      "a reservation's accounts agree with its payments",
    ]);
    expect(wrong[0]!.findings[0]!.id).toBe(sold.id);
  });

  it('misses the actor of a hold, and tells of terminated workflows', async () => {
    const schedule = await pauseHousekeeping();
    await eventually(() =>
      system.temporal.workflow.getHandle(held.id).terminate('to see whether anybody notices'),
    );
    // As if it had been held for a while: a young hold may not have got its actor yet.
    await system.db.run(
      sql(
        '',
        `update reservations set created_at = created_at - interval '5 minutes' where id = '${held.id}'`,
      ),
    );
    const { code, out } = await eventually(async () => {
      const run = await verify(['--patience', '0']);
      // Temporal's lists of open and of closed workflows may be of two moments.
      expect(run.out).toContain(`1 × reservation terminated: ${held.id}`);
      expect(run.out).toContain('✗ an open hold has its actor: 1');
      return run;
    });
    expect(out).toMatch(new RegExp(`${held.id} +held since .*, with no workflow`));
    expect(code).toBe(1);

    await system.db.run(
      sql('', `insert into outbox (kind, subject) values ('ring', '${held.id}')`),
    );
    await eventually(async () => expect((await verify()).code).toBe(0));
    await schedule.unpause();
  });

  it('gives a young hold its actor back at once, and alone, when it is to repair', async () => {
    const schedule = await pauseHousekeeping();
    const young = await api.held(await api.event(), ['A-1']);
    const actor = system.temporal.workflow.getHandle(young.id);
    await eventually(() => actor.terminate('it is stuck'));
    await eventually(async () => {
      const { repaired } = JSON.parse((await verify(['--repair', '--json'])).out) as {
        repaired: string[];
      };
      // The actor of the other hold, whose workflow was terminated too, is its settlement.
      expect(repaired).toContain('1 × open hold whose workflow was lost: started again');
    });
    const settlement = system.temporal.workflow.getHandle(`settle:${young.id}`);
    await eventually(async () => expect((await settlement.describe()).status.name).toBe('RUNNING'));
    await schedule.unpause();
  });

  it('says which search attribute Temporal lacks, as /readyz does, and makes it when it is to repair', async () => {
    const { operatorService } = system.temporal.connection;
    const degraded = async () => (await api.call('GET', '/readyz', { key: null })).body.degraded;
    expect(await degraded()).toBeUndefined();
    await operatorService.removeSearchAttributes({
      namespace: system.info.temporalNamespace,
      // Only workflows of webhook endpoints have it.
      searchAttributes: ['WebhookStatus'],
    });
    await eventually(async () => expect(await degraded()).toEqual(['search_attributes']));
    const { code, out } = await verify();
    expect(out).toContain('✗ Temporal has the search attributes: 1');
    expect(out).toMatch(/WebhookStatus +is not registered/);
    expect(code).toBe(1);
    const repaired = await verify(['--repair', '--json']);
    const { repaired: told } = JSON.parse(repaired.out) as { repaired: string[] };
    expect(told).toContain('1 × search attribute registered: WebhookStatus');
    await eventually(async () => expect((await verify()).code).toBe(0));
    await eventually(async () => expect(await degraded()).toBeUndefined());
  });

  it('notes a housekeeping schedule that is paused', async () => {
    const schedule = await pauseHousekeeping();
    expect((await verify()).out).toContain('· the housekeeping schedule is paused');
    await schedule.unpause();
  });

  it('checks the database alone when told, and does not call that enough when Temporal is gone', async () => {
    const gone = { TEMPORAL_ADDRESS: '127.0.0.1:9' };
    const without = await verify([], gone);
    expect(without).toMatchObject({
      code: 2,
      out: expect.stringContaining('rows looked at') as string,
    });
    expect(without.err).toMatch(/^Temporal at 127\.0\.0\.1:9 does not answer: .*--database-only/);
    expect(await verify(['--database-only'], gone)).toMatchObject({ code: 0, err: '' });
  });

  it.each([
    [['--patience', 'long'], {}, '--patience must be a whole number of seconds, not "long"'],
    [['--fix'], {}, "Unknown option '--fix'"],
    [
      [],
      { DATABASE_URL: 'postgres://postgres@127.0.0.1:9/holdfast' },
      'The database cannot be read: ',
    ],
    [[], { DATABASE_URL: 'mysql://here' }, 'Setting DATABASE_URL cannot be used'],
  ])('says in one line why it cannot check: %j %j', async (args, env, message) => {
    const { code, out, err } = await verify(args, env);
    expect(err).toContain(message);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  it('says so when the database has no schema', async () => {
    const { code, err } = await verify([], { DATABASE_URL: await createTestDatabase() });
    expect(err).toMatch(/^The database has not this version's schema .*: run `npm run migrate`\n$/);
    expect(code).toBe(2);
  });
});
