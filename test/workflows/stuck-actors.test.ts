import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { resetStuckActors } from '../../src/db/sweep';
import { createActorDirectory, failingSince } from '../../src/temporal/actor-directory';
import { ApiClient, eventually } from '../support/api';
import { changedWorkflows } from '../support/changed-workflows';
import { startSystem, type TestSystem } from '../support/system';
import { startWorkerOf } from '../support/worker-of-build';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem({ workers: ['reservations', 'relay', 'documents,mail'] });
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const eventsOf = async (id: string) =>
  (await system.temporal.workflow.getHandle(id).fetchHistory()).events ?? [];

/** As the housekeeping does every minute, but after a second instead of a minute. */
const resetAfterASecond = () =>
  resetStuckActors(
    system.db,
    (id, failingForS) => createActorDirectory(system.temporal).beginAnew(id, failingForS),
    (_, error) => {
      throw error;
    },
    1,
  );

/** Waits until it is, with what the housekeeping does. */
const confirmedWithHelp = (id: string) =>
  eventually(async () => {
    await resetAfterASecond();
    expect((await api.get(id)).body.status).toBe('confirmed');
  });

describe('A reservation that is paid, whose workflow does not go on', () => {
  it('because its tasks fail, begins anew and is confirmed', async () => {
    const event = await api.event();
    const worker1 = system.stack.part('worker-1')!;
    const bare = await changedWorkflows({ guarded: false });
    await worker1.stop();
    const worker = startWorkerOf(bare.folder, system, {
      LOG_LEVEL: 'warn',
      WORKER_ROLES: 'reservations',
    });
    await once(worker, 'message');
    const { id, ...held } = await api.held(event, ['A-1']);
    await eventually(async () => {
      const timers = (await eventsOf(id)).filter((one) => one.timerStartedEventAttributes);
      expect(timers).toHaveLength(2);
    });
    worker.kill('SIGTERM');
    await once(worker, 'exit');
    await bare.remove();
    await worker1.start();

    await api.pay({ id, ...held });
    await eventually(async () =>
      expect(failingSince((await eventsOf(id)).reverse())).not.toBeNull(),
    );
    await confirmedWithHelp(id);
    await api.tickets(id);
  });

  it('for want of a worker that prints, is left as it is', async () => {
    const printing = system.stack.part('worker-3')!;
    await printing.stop();
    const { id } = await api.sold(await api.event(), ['A-1']);
    const { runId } = await system.temporal.workflow.getHandle(id).describe();
    await delay(2000);
    expect(await resetAfterASecond()).toBe(0);
    await printing.start();
    await api.tickets(id);
    expect((await system.temporal.workflow.getHandle(id).describe()).runId).toBe(runId);
  });
});
