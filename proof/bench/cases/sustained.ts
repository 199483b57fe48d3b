import { sql } from '../../product';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { startCpuMeter, untilIdle } from '../cpu';
import { countEvents, expectSameShape } from '../histories';
import { perSecond, scaled } from '../holds';
import { withLives, type LifeStand } from '../life-stand';
import { endLives, walkLimit, walkOurs, walkThrough } from '../lives';
import { takeTurns } from '../turns';

const LIVES = 600;
/**
 * Some two dozen are at work at any time, which fills two cores, and the others make up their minds. They pay when their
 * actor has long adopted the hold, also behind all others: else the life would have fewer events than the limit's.
 */
const PACE = { inFlight: 60, payAfterMs: 1_500 };
const WARM_UP_LIVES = 200;

const SOLD = sql(
  'sustained_sold',
  `select (select count(*) from reservations where event_id = $1 and status = 'confirmed') as confirmed,
          (select count(*) from seats where event_id = $1 and status = 'sold') as sold,
          (select count(*) from outbox o join reservations r on r.id = o.subject where r.event_id = $1) as waiting`,
);

async function expectSold({ db }: Bench, { id, labels }: BenchEvent): Promise<void> {
  const [row] = await db.rows<{ confirmed: number; sold: number; waiting: number }>(SOLD, [id]);
  const { confirmed, sold, waiting } = row!;
  if (confirmed !== labels.length || sold !== labels.length || waiting > 0) {
    throw new Error(`of ${labels.length}: ${confirmed} confirmed, ${sold} sold, ${waiting} still in the outbox`);
  }
}

/** Milliseconds of processor time for one life, by process and in all. */
function cpuFigures(side: string, spent: Record<string, number>, lives: number): Figures {
  const all = Object.values(spent).reduce((sum, ms) => sum + ms, 0);
  const parts = Object.entries(spent).map(([name, ms]) => [`${side}${name}CpuMs`, ms / lives] as const);
  return { ...Object.fromEntries(parts), [`${side}CpuMs`]: all / lives };
}

async function measureOurs(bench: Bench, { lookout }: LifeStand, lives: number): Promise<Figures> {
  const event = await bench.makeEvent(lives);
  const walker = await walkOurs(bench, event, lookout, PACE.inFlight);
  const { api, workers, temporal, postgres } = bench.stack.pids();
  const pids = { Api: api, Worker: workers[0]!, Temporal: temporal, Postgres: postgres };
  const stop = startCpuMeter(pids, [lookout.backendPid]);
  const wallMs = await walkThrough(walker, PACE);
  await untilIdle([temporal, workers[0]!]);
  const spent = stop();
  walker.close();
  await expectSold(bench, event);
  const oursEvents = await countEvents(bench.temporal, walker);
  await endLives(bench, walker.walks);
  return { oursPerSecond: perSecond(lives, wallMs), ...cpuFigures('ours', spent, lives), oursEvents };
}

async function measureLimit(bench: Bench, { durable, lookout }: LifeStand, lives: number): Promise<Figures> {
  const walker = walkLimit(durable, lives);
  const { temporal, postgres } = bench.stack.pids();
  // PostgreSQL, too: it may be Temporal's.
  const pids = { Worker: durable.pid, Temporal: temporal, Postgres: postgres };
  const stop = startCpuMeter(pids, [lookout.backendPid]);
  const own = process.cpuUsage();
  const wallMs = await walkThrough(walker, PACE);
  await untilIdle([temporal, durable.pid]);
  const { user, system } = process.cpuUsage(own);
  const spent = { ...stop(), Starter: (user + system) / 1000 };
  const limitEvents = await countEvents(bench.temporal, walker);
  await endLives(bench, walker.walks);
  return { limitPerSecond: perSecond(lives, wallMs), ...cpuFigures('limit', spent, lives), limitEvents };
}

/** What the machine sells for hours on end: everything from the hold to the confirmation, and nothing left lying. */
export const sustained: Case = {
  id: 'sustained',
  title: 'Hold, webhook, confirmed: at the rate that lasts',
  rounds: 3,
  ownStackOnly: true,
  targets: [
    {
      title: 'reservations per second, of limit (d)',
      of: ({ oursPerSecond, limitPerSecond }) => oursPerSecond! / limitPerSecond!,
      atLeast: 0.6,
    },
    {
      title: 'processor time a reservation, of limit (d)',
      of: ({ oursCpuMs, limitCpuMs }) => oursCpuMs! / limitCpuMs!,
      atMost: 1.5,
    },
  ],
  measure: (bench, round) =>
    withLives(bench, { round, warmUpLives: scaled(bench, WARM_UP_LIVES) }, async (stand) => {
      const lives = scaled(bench, LIVES, 2 * PACE.inFlight);
      const figures: Figures = {};
      const take = (measure: typeof measureOurs) => async () => {
        Object.assign(figures, await measure(bench, stand, lives));
      };
      await takeTurns(bench, round, [
        { of: 'ours', measure: take(measureOurs) },
        { of: 'limit', measure: take(measureLimit) },
      ]);
      expectSameShape(figures.oursEvents!, figures.limitEvents!);
      return figures;
    }),
};
