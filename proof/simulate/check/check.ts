import { cpus } from 'node:os';
import { createChance } from '../kernel/random';
import type { UnitCosts } from '../model/costs';
import { Meter, QUIET_CORES } from '../measure/meter';
import { inTurn } from '../real/load';
import type { RealSystem } from '../real/system';
import type { Compared } from './compare';
import { playReally } from './real-play';
import { playSimulated } from './simulated-play';
import { plays, type Play, type Seen } from './play';

const WARM_UP = 600;
/** As many connections as any play needs. */
const WARM_UP_AT_ONCE = 100;
const ROUNDS = 3;

/** Plays every scenario on the real system and in the simulation. */
export async function check(
  system: RealSystem,
  costs: UnitCosts,
  seed: number,
  progress: (line: string) => void,
): Promise<Compared[]> {
  progress('warming up');
  const hall = await system.shop.makeHall(WARM_UP);
  const warmUp = async (): Promise<void> => {
    await inTurn(hall.labels, WARM_UP_AT_ONCE, (label) => system.shop.hold(hall, [label]));
  };
  await warmUp();
  const chance = createChance(seed, 'plays');
  const compared: Compared[] = [];
  for (const play of plays((limit) => chance.below(limit))) {
    const { real, foreignCores } = await playUndisturbed(system, play, { warmUp, progress });
    compared.push({ play, real, foreignCores, simulated: playSimulated(play, costs, { cores: cpus().length, seed }) });
  }
  return compared;
}

/** Plays it again while somebody else uses the machine, a few times at most. @returns the least disturbed of the runs */
async function playUndisturbed(
  system: RealSystem,
  play: Play,
  { warmUp, progress }: { warmUp: () => Promise<void>; progress: (line: string) => void },
): Promise<{ real: Seen; foreignCores: number }> {
  const meter = new Meter(system);
  let best: { real: Seen; foreignCores: number } | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const { result: real, foreignCores } = await meter.during(() => playReally(system, play, warmUp));
    progress(`${play.title}: ${foreignCores.toFixed(2)} cores went to others meanwhile`);
    if (!best || foreignCores < best.foreignCores) best = { real, foreignCores };
    if (foreignCores <= QUIET_CORES) break;
  }
  return best!;
}
