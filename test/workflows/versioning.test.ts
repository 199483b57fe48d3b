import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { temporal } from '@temporalio/proto';
import { ApiClient, eventually, type Reservation } from '../support/api';
import { changedWorkflows, CHANGE } from '../support/changed-workflows';
import { startSystem, type TestSystem } from '../support/system';
import { startWorkerOf } from '../support/worker-of-build';
import { patchesOf, workflowIds } from '../support/temporal-history';

const PINNED =
  temporal.api.workflow.v1.VersioningOverride.PinnedOverrideBehavior
    .PINNED_OVERRIDE_BEHAVIOR_PINNED;
const deploymentName = 'holdfast';

describe('Two builds, as versions of one deployment', () => {
  let system: TestSystem;
  let api: ApiClient;
  let next: Awaited<ReturnType<typeof changedWorkflows>>;
  beforeAll(async () => {
    system = await startSystem({
      workerEnv: { WORKER_DEPLOYMENT_NAME: deploymentName, WORKER_BUILD_ID: 'v1' },
    });
    api = new ApiClient(system.info);
    next = await changedWorkflows({ guarded: true });
  });
  afterAll(async () => {
    await next.remove();
    await system.stop();
  });

  // As `temporal worker deployment set-current-version`, `set-ramping-version` and `temporal workflow update-options`.
  const deployment = () => ({ namespace: system.info.temporalNamespace, deploymentName });
  /** Is refused until a worker of the version polls all queues. */
  const makeCurrent = (buildId: string) =>
    eventually(() =>
      system.temporal.workflowService.setWorkerDeploymentCurrentVersion({
        ...deployment(),
        buildId,
      }),
    );
  const ramp = (buildId: string, percentage: number) =>
    eventually(() =>
      system.temporal.workflowService.setWorkerDeploymentRampingVersion({
        ...deployment(),
        buildId,
        percentage,
      }),
    );
  const pin = (workflowId: string, buildId: string) =>
    system.temporal.workflowService.updateWorkflowExecutionOptions({
      namespace: system.info.temporalNamespace,
      workflowExecution: { workflowId },
      workflowExecutionOptions: {
        versioningOverride: { pinned: { behavior: PINNED, version: { deploymentName, buildId } } },
      },
      updateMask: { paths: ['versioning_override'] },
    });

  /** What is in a history: the builds that ran its tasks, whether the change was recorded, the tasks that failed. */
  async function storyOf(id: string) {
    const { events } = await system.temporal.workflow.getHandle(id).fetchHistory();
    const builds = (events ?? []).flatMap(
      ({ workflowTaskCompletedEventAttributes: it }) => it?.deploymentVersion?.buildId ?? [],
    );
    return {
      id,
      builds: [...new Set(builds)],
      changed: (await patchesOf(system.temporal, id)).includes(CHANGE),
      failed: (events ?? []).filter(({ workflowTaskFailedEventAttributes: it }) => it).length,
    };
  }
  type Story = Awaited<ReturnType<typeof storyOf>>;
  const storiesOf = (ids: readonly string[]): Promise<Story[]> => Promise.all(ids.map(storyOf));
  const openOf = (buildId: string): Promise<string[]> =>
    workflowIds(
      system.temporal,
      `TemporalWorkerDeploymentVersion = '${deploymentName}:${buildId}' AND ` +
        `TemporalWorkflowVersioningBehavior = 'AutoUpgrade' AND ExecutionStatus = 'Running'`,
    );
  /** Begins anew, as `temporal workflow reset --type FirstWorkflowTask` has it. */
  async function reset(workflowId: string): Promise<void> {
    const { events } = await system.temporal.workflow.getHandle(workflowId).fetchHistory();
    const { eventId } = events!.find((one) => one.workflowTaskCompletedEventAttributes)!;
    await system.temporal.workflowService.resetWorkflowExecution({
      namespace: system.info.temporalNamespace,
      workflowExecution: { workflowId },
      reason: 'rolled back',
      requestId: randomUUID(),
      workflowTaskFinishEventId: eventId!,
    });
  }
  /** What may have closed meanwhile. */
  const unlessClosed = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);

  const OPEN_AT_MOST = 12;
  /** So long the tasks of one may fail before the next buys. */
  const STUCK_MS = 10_000;

  /**
   * Buyers, one after the other; each pays some time after its hold, so that some are open at every moment. A slow
   * machine has fewer of them, not a queue.
   */
  function startBuyers(event: string) {
    const stopping = new AbortController();
    const held: string[] = [];
    const paid: Promise<unknown>[] = [];
    const run = (async () => {
      for (let place = 1; !stopping.signal.aborted; place++) {
        const reservation = await api.held(event, [`Floor-${place}`]);
        held.push(reservation.id);
        paid.push(delay((place % 4) * 1000).then(() => api.pay(reservation)));
        await delay(400);
        const earlier = held.at(-OPEN_AT_MOST);
        if (earlier !== undefined)
          await api.until(earlier, 'confirmed', STUCK_MS).catch(() => undefined);
      }
    })();
    return {
      held,
      /** Goes on once so many more have bought. */
      async more(count: number) {
        const from = held.length;
        await eventually(() => expect(held.length).toBeGreaterThanOrEqual(from + count));
        const since = held.slice(from, from + count);
        for (const id of since) await api.until(id, 'confirmed');
        return since;
      },
      async stop() {
        stopping.abort();
        await run;
        await Promise.all(paid);
      },
    };
  }

  it('share the work while the new one is ramped up, made current and taken back, and every payment is confirmed', async () => {
    const event = await api.event({
      sections: [{ name: 'Floor', category: 'floor', places: 900 }],
    });
    await makeCurrent('v1');
    const worker = startWorkerOf(next.folder, system, {
      WORKER_DEPLOYMENT_NAME: deploymentName,
      WORKER_BUILD_ID: 'v2',
      LOG_LEVEL: 'error',
    });
    const buyers = startBuyers(event);
    try {
      await once(worker, 'message');
      const before = await buyers.more(10);
      const waiting: Reservation[] = [];
      for (const seat of ['Floor-899', 'Floor-900']) waiting.push(await api.held(event, [seat]));
      await Promise.all(
        waiting.map(({ id }) =>
          eventually(async () => expect((await storyOf(id)).builds).toEqual(['v1'])),
        ),
      );

      await ramp('v2', 50);
      const ramped = await buyers.more(20);
      await makeCurrent('v2');
      const after = await buyers.more(10);
      // One that began before the change moves on: the step of the change lies behind it.
      await api.pay(waiting[0]!);
      await api.until(waiting[0]!.id, 'confirmed');
      const upgraded = await storiesOf([...before, ...ramped, ...after, waiting[0]!.id]);
      expect(upgraded.filter(({ failed }) => failed > 0)).toEqual([]);

      // Back. What may have recorded the change stays with the build that knows it, but for one that is overlooked.
      const overlooked = await api.held(event, ['Floor-898']);
      await eventually(async () => expect((await storyOf(overlooked.id)).changed).toBe(true));
      const pinned = (await openOf('v2')).filter((id) => id !== overlooked.id);
      for (const id of pinned) await unlessClosed(pin(id, 'v2'));
      await makeCurrent('v1');
      await api.pay(overlooked);
      await eventually(async () =>
        expect((await storyOf(overlooked.id)).failed).toBeGreaterThan(0),
      );
      const back = await buyers.more(10);
      await api.pay(waiting[1]!);
      await buyers.stop();
      // A task that the former build has begun binds the workflow to it, so a pin comes too late: it begins anew.
      const anew = new Set<string>();
      const all = [...buyers.held, ...[...waiting, overlooked].map(({ id }) => id)];
      await eventually(async () => {
        for (const { id, failed } of await storiesOf(await openOf('v2')))
          if (failed > 0) {
            anew.add(id);
            await unlessClosed(reset(id));
          }
        for (const id of all) expect((await api.get(id)).body.status).toBe('confirmed');
      });

      const stories = await storiesOf(all);
      const of = (ids: string[]) =>
        new Set(stories.filter(({ id }) => ids.includes(id)).flatMap(({ builds }) => builds));
      expect(of(before)).toContain('v1');
      expect(of(ramped)).toEqual(new Set(['v1', 'v2']));
      expect(of(after)).toEqual(new Set(['v2']));
      expect(of(back.slice(-5))).toEqual(new Set(['v1']));
      expect((await storyOf(waiting[0]!.id)).builds).toEqual(['v1', 'v2']);
      expect(anew).toContain(overlooked.id);
      process.stdout.write(
        `versioning: ${all.length} paid, all confirmed; ${pinned.length} pinned, ${anew.size} begun anew; builds: ${[
          'v1',
          'v2',
          'v1,v2',
        ]
          .map((name) => `${name} ${stories.filter(({ builds }) => builds.join() === name).length}`)
          .join(', ')}\n`,
      );
    } finally {
      await buyers.stop().catch(() => undefined);
      worker.kill('SIGTERM');
      await once(worker, 'exit');
    }
  });
});
