import { once } from 'node:events';
import { ApiClient, eventually } from '../support/api';
import { changedWorkflows, CHANGE } from '../support/changed-workflows';
import { startSystem, type TestSystem } from '../support/system';
import { patchesOf } from '../support/temporal-history';
import { startWorkerOf } from '../support/worker-of-build';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

describe('A running reservation', () => {
  it('survives the deployment of changed workflow code', async () => {
    const event = await api.event();
    const before = await api.held(event, ['A-1']);
    // It has adopted its hold and waits: the step that is to change lies behind it.
    await eventually(async () => {
      const { events } = await system.temporal.workflow.getHandle(before.id).fetchHistory();
      expect((events ?? []).filter((one) => one.timerStartedEventAttributes)).toHaveLength(1);
    });
    await system.stack.part('worker-1')!.stop();

    const next = await changedWorkflows({ guarded: true });
    const worker = startWorkerOf(next.folder, system, { LOG_LEVEL: 'warn' });
    try {
      await once(worker, 'message');
      const after = await api.held(event, ['A-2']);
      await api.pay(before);
      await api.pay(after);
      await api.until(before.id, 'confirmed');
      await api.until(after.id, 'confirmed');

      // The one that began before the change goes on without its new step; the one after has it.
      expect(await patchesOf(system.temporal, before.id)).not.toContain(CHANGE);
      expect(await patchesOf(system.temporal, after.id)).toContain(CHANGE);
    } finally {
      worker.kill('SIGTERM');
      await once(worker, 'exit');
      await next.remove();
      await system.stack.part('worker-1')!.start();
    }
  });

  it('survives that its worker is killed between hold and payment', async () => {
    const event = await api.event();
    const reservation = await api.held(event, ['B-1']);
    process.kill(system.stack.pids().workers[0]!, 'SIGKILL');
    await api.pay(reservation);
    await api.until(reservation.id, 'confirmed');
    await eventually(async () => {
      const tickets = await api.call('GET', `/v1/reservations/${reservation.id}/tickets`);
      expect(tickets.status).toBe(200);
    });
  });
});
