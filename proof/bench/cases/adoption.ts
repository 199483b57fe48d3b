import { setTimeout as delay } from 'node:timers/promises';
import { summarise } from '../../report/statistics';
import type { Bench, Case, Figures } from '../case';
import { readHistory } from '../histories';
import { scaled } from '../holds';
import { withLifecycles, type LifecycleTestbed } from '../lifecycle-testbed';
import {
  endLifecycles,
  baselineLifecycles,
  ourLifecycles,
  type Lifecycle,
  type Lifecycles,
} from '../lifecycles';
import { takeTurns } from '../turns';

const LIFECYCLES = 40;
const EVERY_MS = 300;
/** Half-way between two later holds, when the actor of this one has been idle for a while. */
const PAY_AFTER_MS = 1.5 * EVERY_MS;
const CONNECTIONS = 4;
const WARM_UP_LIFECYCLES = 200;

/** When the steps of a lifecycle were requested, in milliseconds since 1970. */
interface Timestamps {
  id: string;
  beganAtMs: number;
  paidAtMs: number;
}

/** The events of a history have the time of the same clock. */
const nowMs = (): number => performance.timeOrigin + performance.now();

async function run(lifecycle: Lifecycle, countFrom: 'asking' | 'answer'): Promise<Timestamps> {
  const askedAtMs = nowMs();
  await lifecycle.start();
  const beganAtMs = countFrom === 'asking' ? askedAtMs : nowMs();
  await delay(PAY_AFTER_MS);
  const paidAtMs = nowMs();
  await lifecycle.pay();
  await lifecycle.finished();
  return { id: lifecycle.id, beganAtMs, paidAtMs };
}

/** Starts a lifecycle every 300 ms, then reads the times of each from its history. */
async function measure(
  bench: Bench,
  side: 'ours' | 'baseline',
  lifecycles: Lifecycles,
  countFrom: 'asking' | 'answer',
): Promise<Figures> {
  const running: Promise<Timestamps>[] = [];
  for (const lifecycle of lifecycles.all) {
    running.push(run(lifecycle, countFrom));
    await delay(EVERY_MS);
  }
  const [adoptedMs, confirmedMs]: [number[], number[]] = [[], []];
  for (const { id, beganAtMs, paidAtMs } of await Promise.all(running)) {
    const [adopted, confirmed] = await completed(bench, id);
    adoptedMs.push(adopted - beganAtMs);
    confirmedMs.push(confirmed - paidAtMs);
  }
  lifecycles.close();
  await endLifecycles(bench, lifecycles.all);
  const [adopted, confirmed] = [summarise(adoptedMs), summarise(confirmedMs)];
  return {
    [`${side}AdoptedP50Ms`]: adopted.p50,
    [`${side}AdoptedP95Ms`]: adopted.p95,
    [`${side}ConfirmedP50Ms`]: confirmed.p50,
    [`${side}ConfirmedP95Ms`]: confirmed.p95,
  };
}

/** When the first and the second activity of a lifecycle were completed. */
async function completed({ temporal }: Bench, id: string): Promise<[number, number]> {
  const [first, second] = (await readHistory(temporal, id)).completedAtMs;
  if (first === undefined || second === undefined)
    throw new Error(`${id} was not confirmed by its actor`);
  return [first, second];
}

async function measureBoth(
  bench: Bench,
  round: number,
  { baseline, watcher }: LifecycleTestbed,
): Promise<Figures> {
  const count = scaled(bench, LIFECYCLES);
  const figures: Figures = {};
  await takeTurns(bench, round, [
    {
      of: 'ours',
      async measure() {
        const own = await ourLifecycles(bench, await bench.makeEvent(count), watcher, CONNECTIONS);
        Object.assign(figures, await measure(bench, 'ours', own, 'answer'));
      },
    },
    {
      of: 'baseline',
      async measure() {
        Object.assign(
          figures,
          await measure(bench, 'baseline', baselineLifecycles(baseline, count), 'asking'),
        );
      },
    },
  ]);
  return figures;
}

/** How long the actor takes after the answer, at low load. */
export const adoption: Case = {
  id: 'adoption',
  title: 'A reservation every 300 ms: from the answer to the step of its actor',
  rounds: 3,
  ownStackOnly: true,
  targets: [
    {
      title:
        'from 201 to the hold adopted, relative to temporal: from the start to its first activity (p50)',
      of: ({ oursAdoptedP50Ms, baselineAdoptedP50Ms }) => oursAdoptedP50Ms! / baselineAdoptedP50Ms!,
      atMost: 2,
    },
    {
      title:
        'from the webhook to confirmed, relative to temporal: from the signal to its second activity (p50)',
      of: ({ oursConfirmedP50Ms, baselineConfirmedP50Ms }) =>
        oursConfirmedP50Ms! / baselineConfirmedP50Ms!,
      atMost: 2,
    },
  ],
  measure: (bench, round) =>
    withLifecycles(bench, { round, warmUp: scaled(bench, WARM_UP_LIFECYCLES) }, (stand) =>
      measureBoth(bench, round, stand),
    ),
};
