import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils';
import { bundleWorkflowCode, DefaultLogger, Worker, type ReplayResult } from '@temporalio/worker';
import {
  changeWorkflowId,
  settlementWorkflowId,
  SIGNALS,
  webhookWorkflowId,
} from '../../src/contracts/reservation';
import { sql } from '../../src/db/database';
import { ApiClient, eventually } from '../support/api';
import { startReceiver } from '../support/receivers';
import { startSmtpDouble, type SmtpDouble } from '../support/smtp-double';
import { workflowIds } from '../support/temporal-history';
import { startSystem, type TestSystem } from '../support/system';
import { changedWorkflows } from '../support/changed-workflows';

/**
 * Of release 1.0, of 1.1 with each step as an activity, of steps that are tried inside the workflow task first, and of
 * signals that are kept together: workflows of all run beside each other after a deployment.
 */
const FOLDER = join(__dirname, '../histories');
const FOLDER_1_1 = join(FOLDER, '1.1');
const FOLDER_SHORT_TRIES = join(FOLDER, '1.1-short-tries');
const FOLDER_KEPT_TOGETHER = join(FOLDER, '1.1-kept-together');
const BUNDLE = join(__dirname, '../../dist/src/workflow-bundle.js');

const filesOf = (...folders: string[]): string[] =>
  folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .sort()
      .map((file) => join(folder, file)),
  );

async function replay(codePath: string): Promise<ReplayResult[]> {
  const folders = [FOLDER, FOLDER_1_1, FOLDER_SHORT_TRIES, FOLDER_KEPT_TOGETHER];
  const histories = filesOf(...folders).map((file) => ({
    workflowId: basename(file, '.json'),
    history: historyFromJSON(JSON.parse(readFileSync(file, 'utf8'))),
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
  'wrong-amount-then-right',
];
const PATHS_1_1 = [
  ...PATHS,
  'cancelled-while-printing',
  'change-paid',
  'change-withdrawn',
  'extended-until-long',
  'failed-for-its-seats',
  'mail-retried',
  'mailed-refund',
  'printed-again',
  'refund-in-part',
  'refused-signals',
  'webhook-endpoint',
  'webhook-rung-often',
  'wrong-amount-refunded',
  'workflow-cancelled',
];

/** Workflows that got a signal or a cancel from an operator. */
const PATHS_BY_HAND = ['confirmed-by-signal', 'refused-signals', 'workflow-cancelled'];

describe('The committed histories', () => {
  it('show every path that a reservation can take', () => {
    const names = (folder: string) => filesOf(folder).map((file) => basename(file, '.json'));
    expect(names(FOLDER)).toEqual(PATHS);
    expect(names(FOLDER_1_1)).toEqual([...PATHS_1_1].sort());
    expect(names(FOLDER_SHORT_TRIES)).toEqual([...PATHS_1_1].sort());
    expect(names(FOLDER_KEPT_TOGETHER)).toEqual(PATHS_BY_HAND);
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
    let mailServer: SmtpDouble;
    const replies = { RCPT: '250 2.1.5 fine' };
    beforeAll(async () => {
      mailServer = await startSmtpDouble(replies);
      system = await startSystem({
        childEnv: { SMTP_URL: mailServer.url, WEBHOOK_ALLOW_PRIVATE: 'on' },
        workers: ['reservations,mail,webhooks,relay', 'documents'],
      });
      api = new ApiClient(system.info);
    });
    afterAll(async () => {
      await system.stop();
      await mailServer.close();
    });

    const write = (path: string, history: Parameters<typeof historyToJSON>[0]): void =>
      writeFileSync(
        join(
          PATHS_BY_HAND.includes(path) ? FOLDER_KEPT_TOGETHER : FOLDER_SHORT_TRIES,
          `${path}.json`,
        ),
        `${JSON.stringify(JSON.parse(historyToJSON(history)))}\n`,
      );

    async function keep(path: string, workflowId: string): Promise<void> {
      const handle = system.temporal.workflow.getHandle(workflowId);
      await handle.result().catch(() => undefined);
      write(path, await handle.fetchHistory());
    }

    /** Rings it until it goes on as a new run, and keeps the run before. */
    async function keepFirstRun(path: string, workflowId: string): Promise<void> {
      const handle = system.temporal.workflow.getHandle(workflowId);
      await Promise.all(Array.from({ length: 300 }, () => handle.signal('ring')));
      const firstRun = await eventually(async () => {
        const { runId, status } = await handle.describe();
        expect(status.name).toBe('RUNNING');
        const [first] = (await handle.fetchHistory()).events ?? [];
        const { firstExecutionRunId } = first!.workflowExecutionStartedEventAttributes!;
        expect(firstExecutionRunId).not.toBe(runId);
        return firstExecutionRunId!;
      });
      write(path, await system.temporal.workflow.getHandle(workflowId, firstRun).fetchHistory());
    }

    /** The workflow of a type that is about a reservation, by its search attribute. */
    async function found(type: string, reservation: string): Promise<string> {
      const [id] = await workflowIds(
        system.temporal,
        `WorkflowType = '${type}' AND ReservationId = '${reservation}'`,
      );
      expect(id).toBeDefined();
      return id!;
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
      await eventually(async () => keep('resent', await found('resend', byClient.id)));
      await system.db.run(
        sql('test_unprint', 'update ticket_documents set pdf = null where reservation_id = $1'),
        [byClient.id],
      );
      await api.call('GET', `/v1/reservations/${byClient.id}/tickets.pdf`);
      await eventually(async () => keep('printed-again', await found('print', byClient.id)));
      await api.cancel(byClient.id);
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
      await api.cancel(cancelled.id);
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
      await eventually(async () =>
        keep('late-payment-refunded', await found('refundOrder', extended.id)),
      );
      await eventually(async () => keep('mailed-refund', await found('mail', extended.id)));

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
        ['B-7', 500],
        ['B-8', 200],
      ] as const) {
        receiver.behave(answer);
        await api.held(long, [seat]);
        await delay(4000);
      }
      await api.call('DELETE', `/v1/webhook-endpoints/${endpointId}`);
      await keep('webhook-endpoint', webhookWorkflowId(endpointId));
      const often = await api.call<{ id: string }>('POST', '/v1/webhook-endpoints', {
        headers: { 'idempotency-key': 'webhook-endpoint-2' },
        body: { url: receiver.url, types: ['reservation.held'] },
      });
      const oftenId = webhookWorkflowId(often.body.id);
      await eventually(() => system.temporal.workflow.getHandle(oftenId).describe());
      await keepFirstRun('webhook-rung-often', oftenId);
      await api.call('DELETE', `/v1/webhook-endpoints/${often.body.id}`);
      await receiver.close();
      const cancelledByWorkflow = await api.held(long, ['A-8']);
      await eventually(() => system.temporal.workflow.getHandle(cancelledByWorkflow.id).cancel());
      await keep('workflow-cancelled', cancelledByWorkflow.id);

      const refusing = await api.held(long, ['A-9']);
      const refusingHandle = system.temporal.workflow.getHandle(refusing.id);
      await eventually(() => refusingHandle.signal('paymentConfirmed', { amount: 'much' }));
      await refusingHandle.signal('cancle');
      await refusingHandle.signal('paymentConfirmed', {
        reference: 'by-hand-1',
        ...refusing.total,
      });
      await delay(1000);
      await refusingHandle.signal('cancel');
      await keep('refused-signals', refusing.id);

      const taken = await system.temporal.workflow.start('reservation', {
        workflowId: 'started-by-hand-2',
        taskQueue: 'reservations',
        args: [{ event: long, seats: ['A-4'] }],
      });
      await keep('failed-for-its-seats', taken.workflowId);

      replies.RCPT = '451 4.7.1 later';
      const retried = await api.sold(long, ['B-1']);
      await eventually(async () => {
        const { raw } = await system.temporal.workflow.getHandle(retried.id).describe();
        expect(raw.pendingActivities?.some(({ attempt }) => (attempt ?? 0) > 1)).toBe(true);
      });
      replies.RCPT = '250 2.1.5 fine';
      await delivered(retried.id);
      await keep('mail-retried', retried.id);
      const refunded = await api.call('POST', `/v1/reservations/${retried.id}/refunds`, {
        key: system.info.keys.operator,
        body: { amount: 100, reason: 'broken chair' },
        headers: { 'idempotency-key': 'refund-in-part' },
      });
      expect(refunded.status).toBe(201);
      await eventually(async () => keep('refund-in-part', await found('refundOrder', retried.id)));

      const changing = await api.sold(long, ['B-9']);
      const changes = `/v1/reservations/${changing.id}/changes`;
      const quoteOf = async (seats: string[]) => {
        const { body } = await api.call<{ id: string; due: { amount: number; currency: string } }>(
          'POST',
          changes,
          {
            body: { take: [{ event: long, seats }] },
            headers: { 'idempotency-key': randomUUID() },
          },
        );
        return body;
      };
      const withdrawn = await quoteOf(['B-10']);
      await eventually(() =>
        system.temporal.workflow.getHandle(changeWorkflowId(withdrawn.id)).describe(),
      );
      await api.call('DELETE', `${changes}/${withdrawn.id}`);
      await keep('change-withdrawn', changeWorkflowId(withdrawn.id));
      const paid = await quoteOf(['B-10']);
      const payment = { reference: 'pay-change', ...paid.due };
      await api.ask(`${changes}/${paid.id}/confirm`, { body: { payment } });
      await keep('change-paid', changeWorkflowId(paid.id));

      const tooLittle = await api.held(long, ['B-2']);
      await api.standard({
        reservation: tooLittle.id,
        reference: 'too-little-again',
        amount: 1,
        currency: 'EUR',
      });
      await delay(3000);
      await api.cancel(tooLittle.id);
      await keep('wrong-amount-refunded', tooLittle.id);

      await system.stack.part('worker-2')!.stop();
      const printing = await api.sold(long, ['B-3']);
      await api.cancel(printing.id);
      await keep('cancelled-while-printing', printing.id);
      await system.stack.part('worker-2')!.start();

      const extendedLong = await api.held(long, ['B-4']);
      await eventually(() => system.temporal.workflow.getHandle(extendedLong.id).describe());
      await keepFirstRun('extended-until-long', extendedLong.id);

      const [run] = await eventually(async () => {
        const runs = [];
        const query = `WorkflowType = 'housekeeping' AND ExecutionStatus = 'Completed'`;
        for await (const info of system.temporal.workflow.list({ query }))
          runs.push(info.workflowId);
        expect(runs.length).toBeGreaterThan(0);
        return runs;
      });
      await keep('housekeeping', run!);
    }, 600_000);
  });
}
