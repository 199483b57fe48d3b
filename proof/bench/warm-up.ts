import type { Bench } from './case';
import { holdKoa, holdOurs, makeBuyers, scaled } from './holds';

const HOLDS = 2_000;
const CONNECTIONS = 10;

/** Warms up compilers, pools, prepared statements and caches. */
export async function warmUp(bench: Bench): Promise<void> {
  for (const send of [holdOurs, holdKoa]) {
    const event = await bench.makeEvent(scaled(bench, HOLDS, 500));
    await send(bench, makeBuyers(event, event.labels), { connections: CONNECTIONS });
    await bench.quiesce();
  }
}
