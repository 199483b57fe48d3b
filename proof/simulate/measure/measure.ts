import { setTimeout as sleep } from 'node:timers/promises';
import { inTurn } from '../real/load';
import type { RealSystem } from '../real/system';
import { measureAdoption, measureSales } from './actors';
import { measureAnswers } from './answers';
import { AT_ONCE, untilStarted, type Measured, type Run } from './context';
import { diskPerSale, readDisk } from './disk';
import { measureHistory } from './history';
import { Meter } from './meter';
import { measureFlush, measureQuiet, wakeMs } from './quiet';
import { measureMap } from './seat-map';

const REST_MS = 5_000;
const WARM_UP = 600;
const SIZES = {
  holds: 1_200,
  /** Of them those that go the whole way. */
  sales: 400,
  refused: 4_000,
  quiet: 20,
  /** Seats of the hall whose map is measured. */
  mapSeats: 20_000,
};
const CLUSTER_SIZES = { holds: 600, sales: 300 };

/** Warms everything up, lets it come to rest, and learns what it uses then. */
async function begin(
  system: RealSystem,
  server: Run['server'],
  progress: (line: string) => void,
): Promise<{ run: Run; restCores: number }> {
  const run: Run = { system, server, meter: new Meter(system, progress), progress };
  progress('warming up');
  const hall = await system.shop.makeHall(WARM_UP);
  await inTurn(hall.labels, AT_ONCE, (label) => system.shop.hold(hall, [label]));
  await inTurn(hall.labels.slice(0, 5), 1, () => system.shop.readMap(hall));
  await untilStarted(run);
  await sleep(2_000);
  return { run, restCores: await run.meter.learnRest(() => sleep(REST_MS)) };
}

/** Measures everything on a system with the development server; takes four minutes of two cores. */
export async function measureEngine(system: RealSystem, progress: (line: string) => void): Promise<Measured> {
  const { run, restCores } = await begin(system, 'temporal', progress);
  progress(`${SIZES.holds} holds and ${SIZES.refused} refused ones`);
  const hall = await system.shop.makeHall(SIZES.holds);
  const before = await readDisk(system);
  const answers = await measureAnswers(run, hall, SIZES.refused);
  const adoption = await measureAdoption(run, SIZES.holds);
  const held = await readDisk(system);
  const soldIds = answers.ids.slice(0, SIZES.sales);
  const sales = await measureSales(run, soldIds);
  const sold = await readDisk(system);
  const measured: Measured = {
    'rest.cores': restCores,
    ...answers.measured,
    ...adoption,
    ...sales,
    ...diskPerSale([before, held, sold], SIZES),
    ...(await measureHistory(system, soldIds.slice(0, 20))),
    ...(await measureQuiet(run, SIZES.quiet)),
    ...(await measureMap(run, SIZES.mapSeats)),
    'postgres.flush.ms': await measureFlush(system),
  };
  return { ...measured, 'wake.ms': wakeMs(measured) };
}

/** Measures what a production's Temporal server costs, and its database; two minutes. */
export async function measureCluster(system: RealSystem, progress: (line: string) => void): Promise<Measured> {
  const { run } = await begin(system, 'cluster', progress);
  const hall = await system.shop.makeHall(CLUSTER_SIZES.holds);
  const { ids } = await measureAnswers(run, hall, 0);
  const adoption = await measureAdoption(run, CLUSTER_SIZES.holds);
  const sales = await measureSales(run, ids.slice(0, CLUSTER_SIZES.sales));
  const own = Object.entries({ ...adoption, ...sales }).filter(([name]) => name.startsWith('cluster.'));
  return Object.fromEntries(own);
}
