import type { LoadPlan } from './plan';
import { runPlan } from './run-plan';

/** The load generator, in a process of its own: plans come in on the channel, results go out. */
process.on('message', (plan: LoadPlan) => {
  runPlan(plan).then(
    (result) => process.send?.({ result }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
