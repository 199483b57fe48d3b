import { setTimeout as sleep } from 'node:timers/promises';
import { untilIdle } from '../../bench/cpu';
import { MEASURED_MAP_SEATS, type UnitCosts } from '../costs';
import { measureAdoption, measureSales } from './actors';
import { measureAnswers } from './answers';
import { diskPerSale, readDisk } from './disk';
import { measureHistory } from './history';
import { Meter } from './meter';
import { holdRequests, makeEvent, send, untilStarted, type Run } from './run';
import { measureMap } from './seat-map';
import type { MeasuredSystem } from './system';

const IDLE_MS = 5_000;
const WARM_UP = 600;
/** `sales`: how many of the holds are paid. */
const SIZES = { holds: 1_200, sales: 400, refused: 4_000 };
const HISTORIES = 20;

/** Warms everything up, and learns what an idle system spends. */
async function begin(system: MeasuredSystem, progress: (line: string) => void): Promise<Run> {
  const run: Run = { system, meter: new Meter(system, progress), progress };
  progress('warming up');
  const event = await makeEvent(run, WARM_UP);
  const holds = holdRequests(run, event, event.labels).map(({ request }) => request);
  await send(run, holds, { 201: WARM_UP });
  await untilStarted(run);
  await untilIdle([system.pidOf('reservations'), system.pidOf('temporal')]);
  await run.meter.learnIdle(() => sleep(IDLE_MS));
  return run;
}

/** Measures every unit cost on a system that does nothing else; takes some five minutes of two cores. */
export async function measureCosts(
  system: MeasuredSystem,
  progress: (line: string) => void,
): Promise<UnitCosts> {
  const run = await begin(system, progress);
  progress(`${SIZES.holds} holds and ${SIZES.refused} refused ones`);
  const before = await readDisk(system);
  const answers = await measureAnswers(run, SIZES);
  const adoption = await measureAdoption(run, SIZES.holds);
  const held = await readDisk(system);
  run.meter.readMemory();
  const soldIds = answers.ids.slice(0, SIZES.sales);
  const sales = await measureSales(run, soldIds);
  const sold = await readDisk(system);
  run.meter.readMemory();
  return {
    ...answers.measured,
    ...adoption,
    ...sales,
    ...diskPerSale([before, held, sold], SIZES),
    ...(await measureHistory(system, soldIds.slice(0, HISTORIES))),
    ...(await measureMap(run, MEASURED_MAP_SEATS)),
    ...run.meter.readMemory(),
  } as UnitCosts;
}
