import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { readSettings } from '../../../product';
import { connectNative, temporalConfig, keepHeapsTight, reservationsTuning } from '../../product';
import { createLifecycleActivities } from './activities';
import { TEMPORAL_BASELINE, type Notice } from './contract';

/** Notices are sent in batches: a message for each would cost more than the activities do. */
function createBatcher(batchMs: number): (notice: Notice) => void {
  let waiting: Notice[] = [];
  return (notice) => {
    waiting.push(notice);
    if (waiting.length > 1) return;
    setTimeout(() => {
      process.send?.(waiting);
      waiting = [];
    }, batchMs);
  };
}

/** The worker of the baseline, with the settings of the reservations worker, so that only the work differs. */
async function main(): Promise<void> {
  keepHeapsTight();
  const settings = readSettings(['DATABASE_POOL', 'WORKER_CACHED_WORKFLOWS']);
  const logger = new DefaultLogger('WARN');
  Runtime.install({ logger, shutdownSignals: [] });
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('./workflow'),
    logger,
  });
  const connection = await connectNative();
  const worker = await Worker.create({
    connection,
    namespace: temporalConfig().namespace,
    taskQueue: TEMPORAL_BASELINE.taskQueue,
    workflowBundle,
    activities: createLifecycleActivities(createBatcher(Number(process.argv[2]))),
    ...reservationsTuning(settings),
  });
  for (const event of ['SIGTERM', 'disconnect'] as const)
    process.once(event, () => worker.shutdown());
  const running = worker.run();
  process.send?.('ready');
  await running;
  await connection.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
    process.exit(1);
  },
);
