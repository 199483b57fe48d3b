import type { Bench } from './case';
import { holdBare, holdOurs, makeBuyers, scaled } from './holds';

const HOLDS = 2_000;
const CONNECTIONS = 10;

/** Lets compilers, pools, prepared statements and caches get into the state in which a system that runs always is. */
export async function warmUp(bench: Bench): Promise<void> {
  for (const send of [holdOurs, holdBare]) {
    const event = await bench.makeEvent(scaled(bench, HOLDS, 500));
    await send(bench, makeBuyers(event, event.labels), { connections: CONNECTIONS });
    await bench.rest();
  }
}
