import { execFile } from 'node:child_process';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, type Page } from '../support/api';
import { startSmtpDouble, type SmtpDouble } from '../support/smtp-double';
import { startSystem, type TestSystem } from '../support/system';
import { workflowIds } from '../support/temporal-history';
import { blocksOf, PROJECT } from './blocks';

let system: TestSystem;
let api: ApiClient;
let mailServer: SmtpDouble;
const replies = { RCPT: '451 4.7.1 not now' };

beforeAll(async () => {
  mailServer = await startSmtpDouble(replies);
  system = await startSystem({
    childEnv: {
      SMTP_URL: mailServer.url,
      // So what a client claims is given back by the client.
      STRIPE_API_KEY: 'sk_test_holdfast',
      STRIPE_API_URL: 'http://127.0.0.1:9',
    },
  });
  api = new ApiClient(system.info);
});
afterAll(async () => {
  await system.stop();
  await mailServer.close();
});

const [RUNBOOK, BY_HAND] = ['docs/guides/operate.md', 'docs/guides/operate-temporal.md'];

/** The block that has the text, as printed. */
function printed(text: string): string {
  const block = [RUNBOOK, BY_HAND]
    .flatMap((page) => blocksOf(page))
    .find(({ body }) => body.includes(text));
  if (!block) throw new Error(`No block has "${text}"`);
  return block.body;
}
/** What both pages begin with: addresses and keys of the running system. */
const PRELUDE = blocksOf(BY_HAND)[0]!
  .body.split('\n')
  .filter((line) => /^(eval|operator=|json=)/.test(line))
  .join('\n');

/** Runs it beside the system, as an operator does. @throws Error with what was printed, if a command fails */
function runAsPrinted(script: string, variables: Record<string, string> = {}): Promise<string> {
  const { PATH, HOME, XDG_CACHE_HOME } = process.env;
  const env = { PATH, HOME, XDG_CACHE_HOME, HOLDFAST_HOME: system.stack.services.home };
  return new Promise((resolve, reject) => {
    execFile(
      'bash',
      ['-c', `set -euo pipefail\n${PRELUDE}\n${script}`],
      { cwd: PROJECT, env: { ...env, ...variables } },
      (error, out, err) => (error ? reject(new Error(out + err)) : resolve(out)),
    );
  });
}

/** Sales whose mails the server refuses, each tried often. */
async function waitingMails(count: number) {
  replies.RCPT = '451 4.7.1 not now';
  return Promise.all(
    Array.from({ length: count }, async () => {
      const sold = await api.sold(await api.event(), ['A-1']);
      const handle = system.temporal.workflow.getHandle(sold.id);
      const activity = async () => {
        const { raw } = await handle.describe();
        return raw.pendingActivities!.find((one) => one.activityType?.name === 'sendMail')!;
      };
      await eventually(
        async () => expect((await activity()).attempt).toBeGreaterThanOrEqual(OFTEN),
        240_000,
      );
      return { handle, activity };
    }),
  );
}
type Waiting = Awaited<ReturnType<typeof waitingMails>>[number];
/** So many tries take half a minute. */
const OFTEN = 7;
const operator = () => ({ key: system.info.keys.operator });
const run = (text: string, values: unknown[] = []) => system.db.run(sql('', text), values);

describe('The runbook, as printed, in the trouble that it is for', () => {
  it('has a failing activity, and all of a type, tried at once and anew; and its cause mended, it ends', async () => {
    const [one, ...others] = (await waitingMails(3)) as [Waiting, ...Waiting[]];
    // The cause is still there, so it fails again: for the first times, as it counts.
    const isTriedAnew = ({ activity }: Waiting) =>
      eventually(async () => {
        const { attempt } = await activity();
        expect(attempt).toBeGreaterThan(1);
        expect(attempt).toBeLessThan(OFTEN);
      });
    const said = await runAsPrinted(printed('activity reset --workflow-id'), {
      ID: one.handle.workflowId,
      ACTIVITY: (await one.activity()).activityId!,
    });
    expect(said).toMatch(/sendMail/);
    expect(said).toContain('451');
    await isTriedAnew(one);
    for (const { activity } of others)
      expect((await activity()).attempt).toBeGreaterThanOrEqual(OFTEN);
    await runAsPrinted(printed('activity reset --query'));
    await Promise.all(others.map(isTriedAnew));
    replies.RCPT = '250 2.1.5 fine';
    await Promise.all([one, ...others].map(({ handle }) => handle.result()));
  });

  it('has the workflows that a query finds begin anew, and they go on from what is true', async () => {
    const event = await api.event();
    const holds = [await api.held(event, ['A-1']), await api.held(event, ['A-2'])];
    const runsOf = () =>
      Promise.all(
        holds.map(
          async ({ id }) => (await system.temporal.workflow.getHandle(id).describe()).runId,
        ),
      );
    const before = await eventually(async () => {
      const query = `EventSlugs = '${event}' AND ReservationStatus = 'held' AND ExecutionStatus = 'Running'`;
      expect(await workflowIds(system.temporal, query)).toHaveLength(2);
      return runsOf();
    });
    await runAsPrinted(printed('workflow reset --query'), { EVENT: event });
    await eventually(async () => {
      for (const [index, runId] of (await runsOf()).entries())
        expect(runId).not.toBe(before[index]);
    });
    for (const hold of holds) {
      await api.pay(hold);
      await api.until(hold.id, 'confirmed');
    }
  });

  it('has an entry that was given up tried again', async () => {
    const [row] = await system.db.rows(
      sql<{ id: string }>(
        '',
        `insert into outbox (kind, subject) values ('mail', repeat('x', 1001)) returning id::text`,
      ),
    );
    const { id } = row!;
    const entry = async (query: string) =>
      (
        await api.call<Page<{ id: string; lastError: string }>>(
          'GET',
          `/v1/outbox?${query}`,
          operator(),
        )
      ).body.data.find((one) => one.id === id);
    await eventually(async () => expect((await entry(''))?.lastError).toMatch(/length exceeds/i));
    await run(
      `update outbox set refused_since = now() - interval '61 minutes', not_before = now() where id = $1`,
      [id],
    );
    await eventually(async () => expect(await entry('givenUp=true')).toBeDefined());
    expect(await runAsPrinted(printed('outbox?givenUp=true'))).toContain(`"id":"${id}"`);
    // What `lastError` names is put right.
    await run(`update outbox set subject = '999999999' where id = $1`, [id]);
    await runAsPrinted(printed('outbox/$ENTRY/retry'), { ENTRY: id });
    await eventually(async () => expect(await entry('')).toBeUndefined());
  });

  it('has a refund that no provider carries out marked as given back', async () => {
    // The client took the money itself.
    const sold = await api.sold(await api.event(), ['A-1']);
    await api.cancel(sold.id);
    const refund = await eventually(async () => {
      const [one] = (await api.get(sold.id)).body.refunds;
      expect(one).toMatchObject({ status: 'pending', by: 'client' });
      return one!;
    });
    expect(await runAsPrinted(printed('refunds?status=pending'))).toContain(refund.id);
    await runAsPrinted(printed('mark-succeeded'), { REFUND: refund.id });
    expect((await api.get(sold.id)).body.refunds).toMatchObject([{ status: 'succeeded' }]);
  });

  it('makes a missing search attribute, without which what is paid stays held', async () => {
    await system.temporal.connection.operatorService.removeSearchAttributes({
      namespace: system.info.temporalNamespace,
      searchAttributes: ['EventSlugs'],
    });
    const entryOf = async (id: string) => {
      const { body } = await api.call<Page<{ subject: string; lastError: string | null }>>(
        'GET',
        '/v1/outbox',
        operator(),
      );
      return body.data.find(({ subject }) => subject === id);
    };
    // Temporal takes what it knows no attribute of until it has heard of the removal.
    const held = await eventually(async () => {
      const one = await api.held(await api.event(), ['A-1']);
      const tried = await eventually(async () => {
        const entry = await entryOf(one.id);
        expect(entry?.lastError).not.toBeNull();
        return entry;
      });
      expect(tried?.lastError).toContain('EventSlugs');
      return one;
    });
    expect((await api.pay(held)).status).toBe(200);
    await eventually(async () => {
      const { degraded } = (await (await fetch(`${system.info.apiUrl}/readyz`)).json()) as {
        degraded?: string[];
      };
      expect(degraded).toContain('search_attributes');
    });
    expect((await api.get(held.id)).body.status).toBe('held');
    expect(await runAsPrinted(printed('search-attribute list'))).toContain('search_attributes');
    await api.until(held.id, 'confirmed');
    await system.temporal.workflow.getHandle(held.id).result();
  });
});
