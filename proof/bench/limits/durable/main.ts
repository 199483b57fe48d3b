import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { readSettings, connectNative, temporalConfig, keepHeapsTight, reservationsTuning } from '../../../product';
import { createLifeActivities } from './activities';
import { DURABLE, type Notice } from './contract';

/** Notices go out together: one message for each would cost the limit more than its activities do. */
const TELL_EVERY_MS = 5;

function createDispatcher(): (notice: Notice) => void {
  let waiting: Notice[] = [];
  return (notice) => {
    waiting.push(notice);
    if (waiting.length > 1) return;
    setTimeout(() => {
      process.send?.(waiting);
      waiting = [];
    }, TELL_EVERY_MS);
  };
}

/** The worker of limit (d), set like the one of the reservations. */
async function main(): Promise<void> {
  keepHeapsTight();
  const settings = readSettings(['DATABASE_POOL', 'WORKER_CACHED_WORKFLOWS']);
  const logger = new DefaultLogger('WARN');
  Runtime.install({ logger, shutdownSignals: [] });
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: require.resolve('./workflow'), logger });
  const connection = await connectNative();
  const worker = await Worker.create({
    connection,
    namespace: temporalConfig().namespace,
    taskQueue: DURABLE.taskQueue,
    workflowBundle,
    activities: createLifeActivities(createDispatcher()),
    ...reservationsTuning(settings),
  });
  for (const event of ['SIGTERM', 'disconnect'] as const) process.once(event, () => worker.shutdown());
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
