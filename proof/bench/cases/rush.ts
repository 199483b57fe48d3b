import { setTimeout as delay } from 'node:timers/promises';
import { sql } from '../../product';
import { summarise } from '../../report/statistics';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { holdPaced, holdQuietly, makeBuyers, scaled } from '../holds';
import { endLifecycles } from '../lifecycles';

/** About what two processors can start workflows for. */
const RUSH = { holds: 1_500, everyMs: 26_000 / 1_500 };
const STARTED_TIMEOUT_MS = 5 * 60_000;
const ASK_EVERY_MS = 500;

const HELD = sql<{ id: string; held_at_ms: number }>(
  'rush_held',
  `select id, extract(epoch from created_at)::float8 * 1000 as held_at_ms from reservations where event_id = $1`,
);

/** How long after its hold each workflow began, by Temporal's own list. The clocks are one machine's. */
async function startDelays({ db, temporal }: Bench, { id, slug }: BenchEvent): Promise<number[]> {
  const held = await db.rows(HELD, [id]);
  const heldAtMs = new Map(held.map((row) => [row.id, row.held_at_ms]));
  const query = `EventSlugs = '${slug}' AND WorkflowType = 'reservation'`;
  for (const until = Date.now() + STARTED_TIMEOUT_MS; Date.now() < until;) {
    const { count } = await temporal.workflow.count(query);
    if (count >= held.length) {
      const delays: number[] = [];
      for await (const { workflowId, startTime } of temporal.workflow.list({ query }))
        delays.push(startTime.getTime() - heldAtMs.get(workflowId)!);
      return delays;
    }
    await delay(ASK_EVERY_MS);
  }
  throw new Error(`not all of ${held.length} workflows began within five minutes`);
}

async function measure(bench: Bench): Promise<Figures> {
  const quiet = await holdQuietly(bench);
  const event = await bench.makeEvent(scaled(bench, RUSH.holds));
  const buyers = makeBuyers(event, event.labels);
  const { p99: rushP99Ms } = await holdPaced(bench, buyers, RUSH.everyMs);
  const { p50, p95, max } = summarise(await startDelays(bench, event));
  await endLifecycles(bench, [...quiet.buyers, ...buyers]);
  return {
    quietP99Ms: quiet.p99Ms,
    rushP99Ms,
    startedP50Ms: p50,
    startedP95Ms: p95,
    startedMaxMs: max,
  };
}

/** Holds that come nearly as fast as workflows can be started: none waits long for its actor. */
export const rush: Case = {
  id: 'rush',
  title: '1,500 holds in 26 s: how long after its hold a workflow begins',
  rounds: 3,
  targets: [
    {
      title: 'from the hold to the start of its workflow (p95, ms)',
      of: ({ startedP95Ms }) => startedP95Ms!,
      atMost: 15_000,
    },
    {
      title: 'a hold meanwhile, relative to a hold at 10 a second (p99)',
      of: ({ rushP99Ms, quietP99Ms }) => rushP99Ms! / quietP99Ms!,
      atMost: 5,
    },
  ],
  measure,
};
