import { setTimeout as delay } from 'node:timers/promises';
import { SEARCH_ATTRIBUTES, WORKFLOWS } from '../product';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import {
  expectOneWinnerEach,
  holdOurs,
  makeBuyers,
  perSecond,
  scaled,
  type BuyerRequest,
} from '../holds';
import { createRandom, shuffle } from '../random';
import { summarise } from '../../report/statistics';

export const FLOOD = { buyers: 10_000, seats: 500, atOnce: 200 };
const ADOPTED_WITHIN_MS = 180_000;
/** The actors are counted again after this time: no further one may start. */
const RECOUNT_AFTER_MS = 5_000;
const POLL_MS = 250;

const countActors = async ({ temporal }: Bench, { slug }: BenchEvent): Promise<number> =>
  (
    await temporal.workflow.count(
      `WorkflowType = '${WORKFLOWS.reservation}' AND ${SEARCH_ATTRIBUTES.event} = '${slug}'`,
    )
  ).count;

/** Waits until every sold seat has its actor. @returns how long that took, and how many actors there are a while later */
async function waitForActors(
  bench: Bench,
  event: BenchEvent,
): Promise<{ adoptedMs: number; actors: number }> {
  const started = performance.now();
  let adoptedMs = 0;
  while ((await countActors(bench, event)) < event.labels.length) {
    adoptedMs = performance.now() - started;
    if (adoptedMs > ADOPTED_WITHIN_MS) break;
    await delay(POLL_MS);
  }
  await delay(RECOUNT_AFTER_MS);
  return { adoptedMs, actors: await countActors(bench, event) };
}

/** Every seat is wanted by as many buyers, who come in an order that is the same in every round. */
export function makeFlood(event: BenchEvent, count: number): BuyerRequest[] {
  const { labels } = event;
  const wanted = Array.from({ length: count }, (_, index) => labels[index % labels.length]!);
  return makeBuyers(event, shuffle(wanted, createRandom(2)));
}

async function measure(bench: Bench): Promise<Figures> {
  const event = await bench.makeEvent(scaled(bench, FLOOD.seats));
  const buyers = makeFlood(event, scaled(bench, FLOOD.buyers));
  await bench.quiesce();
  const result = await holdOurs(bench, buyers, { connections: FLOOD.atOnce });
  const sold = await expectOneWinnerEach(bench.db, event, buyers, result);
  const { adoptedMs, actors } = await waitForActors(bench, event);
  const { p50, p99 } = summarise(result.ms);
  return {
    oursPerSecond: perSecond(buyers.length, result.wallMs),
    oursP50Ms: p50,
    oursP99Ms: p99,
    soldCount: sold,
    seatCount: event.labels.length,
    actorCount: actors,
    adoptedMs,
  };
}

/** Many more buyers than seats. The measurement fails if a seat is sold twice. */
export const flood: Case = {
  id: 'flood',
  title: '10,000 buyers, 500 seats, 200 at a time',
  rounds: 2,
  targets: [
    {
      title: 'share of the seats sold',
      of: (f) => f.soldCount! / f.seatCount!,
      atLeast: 1,
      atMost: 1,
    },
    {
      title: 'workflows started per sold seat',
      of: (f) => f.actorCount! / f.soldCount!,
      atLeast: 1,
      atMost: 1,
    },
    { title: 'seconds until every hold had its actor', of: ({ adoptedMs }) => adoptedMs! / 1000 },
  ],
  measure,
};
