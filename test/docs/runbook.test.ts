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

/** Sales whose mails the server refused, until now, and the activities that wait for their next try: by now for minutes. */
async function waitingMails(count: number) {
  replies.RCPT = '451 4.7.1 not now';
  const waiting = await Promise.all(
    Array.from({ length: count }, async () => {
      const sold = await api.sold(await api.event(), ['A-1']);
      const handle = system.temporal.workflow.getHandle(sold.id);
      const activity = await eventually(async () => {
        const { raw } = await handle.describe();
        const pending = raw.pendingActivities?.find(
          ({ activityType }) => activityType?.name === 'sendMail',
        );
        expect(pending?.attempt).toBeGreaterThanOrEqual(7);
        return pending!;
      }, 240_000);
      return { handle, activity };
    }),
  );
  replies.RCPT = '250 2.1.5 fine';
  return waiting;
}
type Waiting = Awaited<ReturnType<typeof waitingMails>>[number];
const operator = () => ({ key: system.info.keys.operator });
const run = (text: string, values: unknown[] = []) => system.db.run(sql('', text), values);

describe('The runbook, as printed, in the trouble that it is for', () => {
  it('has a failing activity, and all of a type, tried at once, whose cause is mended', async () => {
    const [one, ...others] = (await waitingMails(3)) as [Waiting, ...Waiting[]];
    // By itself it would be tried later.
    const endsAtOnce = async ({ handle, activity }: Waiting) => {
      await handle.result();
      expect(Date.now()).toBeLessThan(Number(activity.scheduledTime!.seconds) * 1000);
    };
    const { handle, activity } = one;
    const said = await runAsPrinted(printed('activity reset --workflow-id'), {
      ID: handle.workflowId,
      ACTIVITY: activity.activityId!,
    });
    expect(said).toMatch(/sendMail/);
    expect(said).toContain('451');
    await endsAtOnce(one);
    await runAsPrinted(printed('activity reset --query'));
    await Promise.all(others.map(endsAtOnce));
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
    const held = await eventually(async () => {
      const one = await api.held(await api.event(), ['A-1']);
      const { body } = await api.call<Page<{ subject: string; lastError: string | null }>>(
        'GET',
        '/v1/outbox',
        operator(),
      );
      const entry = body.data.find(({ subject }) => subject === one.id);
      expect(entry?.lastError).toContain('EventSlugs');
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
