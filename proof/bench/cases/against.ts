import { summarise } from '../../report/statistics';
import type { Case, Figures, Target } from '../case';
import { startCpuMeter, untilIdle } from '../cpu';
import { countHeld, dropPendingStarts } from '../fixtures';
import {
  expectOneWinnerEach,
  expectStatuses,
  holdOurs,
  makeBuyers,
  perSecond,
  scaled,
} from '../holds';
import { endLifecycles, ourLifecycles, runLifecycles } from '../lifecycles';
import type { ReleaseBench, Side, WithRelease } from '../releases';
import { openReservationWatcher } from '../reservation-watcher';
import { wishes } from './crowd';
import { FLOOD, makeFlood } from './flood';
import { cycle } from './refused';

/** Figures of one release; the names get `now` or `before` in front. */
type Measure = (bench: ReleaseBench) => Promise<Figures>;

interface Comparison {
  id: string;
  title: string;
  rounds?: number;
  /** Before each measurement, unmeasured. */
  warmUp?: Measure;
  measure: Measure;
  targets: readonly Target[];
}

/**
 * Times of a request, which are told apart by a few per cent: between two minutes the machine changes by more. So both
 * systems run, and are measured in short turns; the first turn of each warms it up.
 */
interface TimesComparison {
  id: string;
  title: string;
  rounds?: number;
  turns: number;
  /** Measures one turn. @returns what each request took, in milliseconds */
  measure: (bench: ReleaseBench) => Promise<readonly number[]>;
  figure: (times: readonly number[]) => Figures;
  targets: readonly Target[];
}

/** One burst of holds of different seats. */
async function burst(bench: ReleaseBench, connections: number, seats: number): Promise<Figures> {
  const event = await bench.makeEvent(scaled(bench, seats, 200));
  const buyers = makeBuyers(event, event.labels);
  const result = await holdOurs(bench, buyers, { connections });
  expectStatuses(result, { 201: buyers.length });
  if ((await countHeld(bench.db, event)) !== buyers.length)
    throw new Error('not every seat is held');
  return { PerSecond: perSecond(buyers.length, result.wallMs), P50Ms: summarise(result.ms).p50 };
}

async function paced(bench: ReleaseBench): Promise<readonly number[]> {
  const event = await bench.makeEvent(scaled(bench, 50));
  const result = await holdOurs(bench, makeBuyers(event, event.labels), {
    connections: 4,
    everyMs: 200,
  });
  expectStatuses(result, { 201: event.labels.length });
  return result.ms;
}

async function refused(bench: ReleaseBench): Promise<Figures> {
  const event = await bench.makeEvent(100);
  await holdOurs(bench, makeBuyers(event, event.labels), { connections: 10 });
  await bench.quiesce();
  const count = scaled(bench, 5_000);
  const result = await holdOurs(bench, makeBuyers(event, cycle(event, count)), { connections: 10 });
  expectStatuses(result, { 409: count });
  return { PerSecond: perSecond(count, result.wallMs) };
}

async function race(bench: ReleaseBench): Promise<readonly number[]> {
  const event = await bench.makeEvent(scaled(bench, 50));
  const wanted = event.labels.flatMap((label) => new Array<string>(10).fill(label));
  const buyers = makeBuyers(event, wanted);
  const result = await holdOurs(bench, buyers, { connections: 10, groupsOf: 10 });
  await expectOneWinnerEach(bench.db, event, buyers, result);
  return result.ms;
}

/** As many buyers as would be in a small flash sale: most are refused. */
async function crowd(bench: ReleaseBench): Promise<Figures> {
  const event = await bench.makeEvent(scaled(bench, 100));
  const buyers = makeBuyers(event, wishes(event, scaled(bench, 1_000, 100)));
  const result = await holdOurs(bench, buyers, { connections: 100 });
  await expectOneWinnerEach(bench.db, event, buyers, result);
  return { PerSecond: perSecond(buyers.length, result.wallMs) };
}

/** Many more buyers than seats, and each seat wanted by as many. */
async function flood(bench: ReleaseBench): Promise<Figures> {
  const event = await bench.makeEvent(scaled(bench, FLOOD.seats));
  const buyers = makeFlood(event, scaled(bench, FLOOD.buyers));
  const result = await holdOurs(bench, buyers, { connections: FLOOD.atOnce });
  await expectOneWinnerEach(bench.db, event, buyers, result);
  return { PerSecond: perSecond(buyers.length, result.wallMs) };
}

const workerAndTemporal = ({ stack }: ReleaseBench): number[] => {
  const { temporal, workers } = stack.pids();
  return [temporal, workers[0]!];
};

/** From the hold to the confirmation, with no work left over but tickets. */
async function lifecycles(bench: ReleaseBench, count: number): Promise<Figures> {
  const watcher = await openReservationWatcher(bench.stack.info().databaseUrl);
  try {
    const event = await bench.makeEvent(count);
    const ours = await ourLifecycles(bench, event, watcher, 60);
    const { api, workers, temporal, postgres } = bench.stack.pids();
    const pids = { api, worker: workers[0]!, temporal, postgres };
    const stop = startCpuMeter(pids, [watcher.backendPid]);
    const PerSecond = await runLifecycles(ours, { inFlight: 60, payAfterMs: 1_500 });
    await untilIdle(workerAndTemporal(bench));
    const spent = Object.values(stop()).reduce((sum, ms) => sum + ms, 0);
    ours.close();
    await endLifecycles(bench, ours.all);
    return { PerSecond, CpuMs: spent / count };
  } finally {
    await watcher.close();
  }
}

/** Rates shall be at least so many times those before. */
const rate = (atLeast: number): Target[] => [
  {
    title: 'per second, relative to the release before',
    of: ({ nowPerSecond, beforePerSecond }) => nowPerSecond! / beforePerSecond!,
    atLeast,
  },
];
/** Times, or costs, shall be at most so many times those before. */
const cost = (name: string, title: string, atMost: number): Target[] => [
  {
    title: `${title}, relative to the release before`,
    of: (figures) => figures[`now${name}`]! / figures[`before${name}`]!,
    atMost,
  },
];

const COMPARISONS: readonly Comparison[] = [
  ...[10, 40].map((connections) => ({
    id: `against-burst-${connections}`,
    title: `5,000 holds of different seats, ${connections} at a time`,
    warmUp: (bench: ReleaseBench) => burst(bench, connections, 1_000),
    measure: (bench: ReleaseBench) => burst(bench, connections, 5_000),
    targets: rate(connections === 10 ? 1.25 : 1.5),
  })),
  {
    id: 'against-refused',
    title: '5,000 holds of taken seats (409)',
    measure: refused,
    targets: rate(0.95),
  },
  {
    id: 'against-crowd',
    title: '1,000 buyers, 100 seats',
    rounds: 5,
    measure: crowd,
    targets: rate(0.95),
  },
  {
    id: 'against-flood',
    title: '10,000 buyers, 500 seats, 200 at a time',
    measure: flood,
    targets: rate(0.95),
  },
  {
    id: 'against-sustained',
    title: 'Hold, webhook, confirmed: the sustained rate',
    warmUp: (bench) => lifecycles(bench, scaled(bench, 200, 120)),
    measure: (bench) => lifecycles(bench, scaled(bench, 600, 180)),
    targets: cost('CpuMs', 'processor time a reservation', 0.75),
  },
];

const TIMES: readonly TimesComparison[] = [
  {
    id: 'against-paced',
    title: 'One hold every 200 ms',
    turns: 6,
    measure: paced,
    figure: (times) => ({ P50Ms: summarise(times).p50 }),
    targets: cost('P50Ms', 'p50', 1.05),
  },
  {
    id: 'against-race',
    title: 'Races of 10 for one seat',
    rounds: 5,
    turns: 8,
    measure: race,
    figure: (times) => ({ MeanMs: summarise(times).mean }),
    targets: cost('MeanMs', 'mean latency of all ten', 1 / 0.95),
  },
];

const named = (side: string, figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${side}${name}`, value]));

const sidesOf = (round: number): readonly [Side, Side] =>
  round % 2 === 1 ? ['now', 'before'] : ['before', 'now'];

const oneAfterTheOther =
  (withRelease: WithRelease, { warmUp, measure }: Comparison): Case['measure'] =>
  async (bench, round) => {
    const figures: Figures = {};
    for (const side of sidesOf(round)) {
      const measured = await bench.withoutRelay(() =>
        withRelease(bench, side, async (one) => {
          await warmUp?.(one);
          await one.quiesce();
          return measure(one);
        }),
      );
      Object.assign(figures, named(side, measured));
    }
    return figures;
  };

const inShortTurns =
  (withRelease: WithRelease, { turns, measure, figure }: TimesComparison): Case['measure'] =>
  async (bench, round) => {
    const times: Record<Side, number[]> = { now: [], before: [] };
    const takeTurn = async (side: Side, one: ReleaseBench, counts: boolean): Promise<void> => {
      const taken = await measure(one);
      if (counts) times[side].push(...taken);
      // Nothing is left to do of it in the turn of the other.
      await dropPendingStarts(one.db);
      await untilIdle(workerAndTemporal(one));
    };
    const [first, second] = sidesOf(round);
    await bench.withoutRelay(() =>
      withRelease(bench, first, (one) =>
        withRelease(bench, second, async (other) => {
          for (let turn = 0; turn <= turns; turn++) {
            await takeTurn(first, one, turn > 0);
            await takeTurn(second, other, turn > 0);
          }
        }),
      ),
    );
    return { ...named('now', figure(times.now)), ...named('before', figure(times.before)) };
  };

/**
 * This release beside an older one, in turns, each as its `npm run dev` runs it. Which goes first
 * changes with the round.
 */
export const againstCases = (withRelease: WithRelease): Case[] => {
  const caseOf = (
    { id, title, rounds = 3, targets }: Comparison | TimesComparison,
    measure: Case['measure'],
  ): Case => ({
    id,
    title: `${title}, beside the release before`,
    rounds,
    ownStackOnly: true,
    targets,
    measure,
  });
  return [
    ...TIMES.map((one) => caseOf(one, inShortTurns(withRelease, one))),
    ...COMPARISONS.map((one) => caseOf(one, oneAfterTheOther(withRelease, one))),
  ];
};
