import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils';
import { bundleWorkflowCode, DefaultLogger, Worker, type ReplayResult } from '@temporalio/worker';
import {
  resendWorkflowId,
  refundWorkflowId,
  settlementWorkflowId,
  SIGNALS,
  webhookWorkflowId,
} from '../../src/contracts/reservation';
import { ApiClient, eventually } from '../support/api';
import { startReceiver } from '../support/receivers';
import { startSystem, type TestSystem } from '../support/system';
import { changedWorkflows } from '../support/changed-workflows';

const FOLDER = join(__dirname, '../histories');
const BUNDLE = join(__dirname, '../../dist/src/workflow-bundle.js');

async function replay(codePath: string): Promise<ReplayResult[]> {
  const histories = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({
      workflowId: file.replace('.json', ''),
      history: historyFromJSON(JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))),
    }));
  const results: ReplayResult[] = [];
  for await (const result of Worker.runReplayHistories({ workflowBundle: { codePath } }, histories))
    results.push(result);
  return results;
}

const PATHS = [
  'cancelled-after-delivery',
  'cancelled-hold',
  'confirmed-by-client',
  'confirmed-by-signal',
  'confirmed-by-webhook',
  'expired',
  'extended-then-expired',
  'housekeeping',
  'late-payment-refunded',
  'late-payment-retaken',
  'resent',
  'started-by-hand',
  'webhook-endpoint',
  'wrong-amount-then-right',
];

describe('The committed histories', () => {
  it('show every path that a reservation can take', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(PATHS.map((path) => `${path}.json`));
  });

  it('replay on the code of today: whatever runs now goes on after a deployment', async () => {
    const failures = (await replay(BUNDLE)).filter((result) => result.error);
    expect(failures.map((result) => `${result.workflowId}: ${result.error?.message}`)).toEqual([]);
  });

  it('do not replay on code that changed its steps without a patch: the check can fail', async () => {
    const code = await changedWorkflows({ guarded: false });
    const failures = (await replay(code.bundlePath)).filter((result) => result.error);
    await code.remove();
    expect(failures.map((result) => result.workflowId)).toContain('confirmed-by-webhook');
  });

  it('replay on code whose change is behind a patch', async () => {
    const code = await changedWorkflows({ guarded: true });
    const failures = (await replay(code.bundlePath)).filter((result) => result.error);
    await code.remove();
    expect(failures.map((result) => `${result.workflowId}: ${result.error?.message}`)).toEqual([]);
  });

  it('are of workflows that bundle without a warning', async () => {
    const warnings: string[] = [];
    await bundleWorkflowCode({
      workflowsPath: join(__dirname, '../../dist/src/workflows/index.js'),
      logger: new DefaultLogger('WARN', ({ message }) => warnings.push(message)),
    });
    expect(warnings).toEqual([]);
  });
});

/** Walks every path on a real system and keeps its history: `UPDATE_HISTORIES=1 npx jest test/workflows/replay`. */
if (process.env.UPDATE_HISTORIES) {
  describe('Recording', () => {
    let system: TestSystem;
    let api: ApiClient;
    beforeAll(async () => {
      system = await startSystem({ childEnv: { WEBHOOK_ALLOW_PRIVATE: 'on' } });
      api = new ApiClient(system.info);
    });
    afterAll(() => system.stop());

    async function keep(path: string, workflowId: string): Promise<void> {
      const handle = system.temporal.workflow.getHandle(workflowId);
      await handle.result().catch(() => undefined);
      const history = await handle.fetchHistory();
      writeFileSync(join(FOLDER, `${path}.json`), `${historyToJSON(history)}\n`);
    }

    it('walks every path', async () => {
      const short = await api.event({ holdTtlSeconds: 2, holdCapSeconds: 4 });
      const long = await api.event();
      const delivered = async (id: string) => {
        await api.until(id, 'confirmed');
        await eventually(async () => {
          const history = await api.call<{ data: { type: string }[] }>(
            'GET',
            `/v1/reservations/${id}/history`,
          );
          expect(history.body.data.map((entry) => entry.type)).toContain('tickets.mailed');
        });
      };

      const byWebhook = await api.held(long, ['A-1']);
      await api.pay(byWebhook);
      await keep('confirmed-by-webhook', byWebhook.id);

      const byClient = await api.held(long, ['A-2', 'A-3']);
      await api.confirm(byClient);
      await delivered(byClient.id);
      await keep('confirmed-by-client', byClient.id);
      await api.call('POST', `/v1/reservations/${byClient.id}/resend`);
      await eventually(() => keep('resent', resendWorkflowId(byClient.id, 1)));
      await api.call('POST', `/v1/reservations/${byClient.id}/cancel`);
      await eventually(() => keep('cancelled-after-delivery', settlementWorkflowId(byClient.id)));

      const bySignal = await api.held(long, ['A-4']);
      const handle = system.temporal.workflow.getHandle(bySignal.id);
      await eventually(() =>
        handle.signal(SIGNALS.paymentConfirmed, { reference: 'by-hand-1', ...bySignal.total }),
      );
      await keep('confirmed-by-signal', bySignal.id);

      const wrong = await api.held(long, ['A-5']);
      await api.standard({
        reservation: wrong.id,
        reference: 'too-little',
        amount: 1,
        currency: 'EUR',
      });
      await delay(1500);
      await api.pay(wrong);
      await keep('wrong-amount-then-right', wrong.id);

      const cancelled = await api.held(long, ['A-6']);
      await delay(1000);
      await api.call('POST', `/v1/reservations/${cancelled.id}/cancel`);
      await keep('cancelled-hold', cancelled.id);

      const expired = await api.held(short, ['A-1']);
      const extended = await api.held(short, ['A-2']);
      await delay(1000);
      await api.call('POST', `/v1/reservations/${extended.id}/extend`);
      await keep('expired', expired.id);
      await keep('extended-then-expired', extended.id);
      await api.pay(expired);
      await api.until(expired.id, 'confirmed');
      await eventually(() => keep('late-payment-retaken', settlementWorkflowId(expired.id)));
      await api.held(short, ['A-2']);
      await api.pay(extended, 'late-and-gone');
      await eventually(() => keep('late-payment-refunded', refundWorkflowId('late-and-gone')));

      const byHand = await system.temporal.workflow.start('reservation', {
        workflowId: 'started-by-hand-1',
        taskQueue: 'reservations',
        args: [{ event: short, seats: ['B-1'] }],
      });
      await keep('started-by-hand', byHand.workflowId);

      const receiver = await startReceiver();
      const endpoint = await api.call<{ id: string }>('POST', '/v1/webhook-endpoints', {
        headers: { 'idempotency-key': 'webhook-endpoint-1' },
        body: { url: receiver.url, types: ['reservation.held'] },
      });
      const { id: endpointId } = endpoint.body;
      for (const [seat, answer] of [
        ['A-7', 500],
        ['A-8', 200],
      ] as const) {
        receiver.behave(answer);
        await api.held(long, [seat]);
        await delay(4000);
      }
      await api.call('DELETE', `/v1/webhook-endpoints/${endpointId}`);
      await keep('webhook-endpoint', webhookWorkflowId(endpointId));
      await receiver.close();

      const [run] = await eventually(async () => {
        const runs = [];
        const query = `WorkflowType = 'housekeeping' AND ExecutionStatus = 'Completed'`;
        for await (const info of system.temporal.workflow.list({ query }))
          runs.push(info.workflowId);
        expect(runs.length).toBeGreaterThan(0);
        return runs;
      });
      await keep('housekeeping', run!);
    }, 300_000);
  });
}
