import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { repair } from '../../src/cli/verify-repair';
import { connectTemporal } from '../../src/cli/verify-temporal';
import { resetStuckActors } from '../../src/db/sweep';
import { createActorDirectory, failingSince } from '../../src/temporal/actor-directory';
import { ApiClient, eventually, type Reservation } from '../support/api';
import { changedWorkflows } from '../support/changed-workflows';
import { endHold } from '../support/hold-ttl';
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

/** Holds a seat while workers have other workflow code than before and after it. */
async function heldWithOtherCode(event: string): Promise<Reservation> {
  const worker1 = system.stack.part('worker-1')!;
  const bare = await changedWorkflows({ guarded: false });
  await worker1.stop();
  const worker = startWorkerOf(bare.folder, system, {
    LOG_LEVEL: 'warn',
    WORKER_ROLES: 'reservations',
  });
  await once(worker, 'message');
  const held = await api.held(event, ['A-1']);
  await eventually(async () => {
    const timers = (await eventsOf(held.id)).filter((one) => one.timerStartedEventAttributes);
    expect(timers).toHaveLength(2);
  });
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  await bare.remove();
  await worker1.start();
  return held;
}

const failing = (id: string) =>
  eventually(async () => expect(failingSince((await eventsOf(id)).reverse())).not.toBeNull());

describe('A reservation that is paid, whose workflow does not go on', () => {
  it('because its tasks fail, begins anew and is confirmed', async () => {
    const held = await heldWithOtherCode(await api.event());
    await api.pay(held);
    await failing(held.id);
    await confirmedWithHelp(held.id);
    await api.tickets(held.id);
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

describe('A hold that is over, whose workflow does not end because its tasks fail', () => {
  it('begins anew by `verify --repair`, and ends', async () => {
    const { id } = await heldWithOtherCode(await api.event());
    await endHold(system.db, id);
    await api.until(id, 'expired');
    const { temporalAddress: address, temporalNamespace: namespace } = system.info;
    const temporal = await connectTemporal({ address, namespace });
    try {
      await eventually(async () => {
        expect(await repair(system.db, temporal)).toContain(
          '1 × such a workflow whose tasks fail: begun anew, and ends',
        );
      }, 240_000);
    } finally {
      await temporal.close();
    }
    expect(await system.temporal.workflow.getHandle(id).result()).toMatchObject({
      status: 'expired',
    });
  });
});
