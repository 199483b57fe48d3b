import { randomUUID } from 'node:crypto';
import { summarise } from '../../report/statistics';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { countHeld } from '../fixtures';
import {
  expectStatuses,
  holdOurs,
  holdPaced,
  makeBuyers,
  scaled,
  type BuyerRequest,
} from '../holds';
import { takeTurns } from '../turns';

const EVENTS = 3;
const SEATS_OF_EACH = 2;
const PACED = { holds: 150, everyMs: 100 };
const BURST = { holds: 600, connections: 10 };

/** Buyers of one order each, over all of the events. */
function makeOrders(events: readonly BenchEvent[], count: number): BuyerRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const id = randomUUID();
    const buyer = { name: 'Ada Lovelace', email: `${id}@example.org` };
    const first = SEATS_OF_EACH * index;
    const lines = events.map(({ slug, labels }) => ({
      event: slug,
      seats: labels.slice(first, first + SEATS_OF_EACH),
    }));
    return { id, seat: '', body: JSON.stringify({ lines, buyer }) };
  });
}

/** Paced, then several at a time; no seat of these events is left. @returns the median of both */
async function sell(
  bench: Bench,
  events: readonly BenchEvent[],
  buyers: readonly BuyerRequest[],
): Promise<{ pacedP50Ms: number; burstP50Ms: number }> {
  const paced = buyers.slice(0, scaled(bench, PACED.holds));
  const { p50: pacedP50Ms } = await holdPaced(bench, paced, PACED.everyMs);
  const { connections } = BURST;
  const burst = await holdOurs(bench, buyers.slice(paced.length), { connections });
  expectStatuses(burst, { 201: buyers.length - paced.length });
  for (const event of events) {
    const held = await countHeld(bench.db, event);
    if (held !== event.labels.length)
      throw new Error(`${held} of ${event.labels.length} seats are held`);
  }
  return { pacedP50Ms, burstP50Ms: summarise(burst.ms).p50 };
}

async function measure(bench: Bench, round: number): Promise<Figures> {
  const figures: Figures = {};
  const count = scaled(bench, PACED.holds) + scaled(bench, BURST.holds, 50);
  const order = async (): Promise<void> => {
    const events: BenchEvent[] = [];
    while (events.length < EVENTS) events.push(await bench.makeEvent(SEATS_OF_EACH * count));
    const { pacedP50Ms, burstP50Ms } = await sell(bench, events, makeOrders(events, count));
    figures.orderP50Ms = pacedP50Ms;
    figures.orderBurstP50Ms = burstP50Ms;
  };
  const seat = async (): Promise<void> => {
    const event = await bench.makeEvent(count);
    const { pacedP50Ms, burstP50Ms } = await sell(bench, [event], makeBuyers(event, event.labels));
    figures.seatP50Ms = pacedP50Ms;
    figures.seatBurstP50Ms = burstP50Ms;
  };
  // Without the relay, which is not measured here.
  await takeTurns(bench, round, [
    { of: 'baseline', measure: order },
    { of: 'baseline', measure: seat },
  ]);
  return figures;
}

/** Six seats of three events, all or nothing, in one request. */
export const order: Case = {
  id: 'order',
  title: 'An order over three events with two seats of each, beside a hold of one seat',
  rounds: 3,
  targets: [
    {
      title: 'an order every 100 ms, relative to one seat (p50)',
      of: ({ orderP50Ms, seatP50Ms }) => orderP50Ms! / seatP50Ms!,
      atMost: 2,
    },
    {
      title: '10 at a time, relative to one seat (p50)',
      of: ({ orderBurstP50Ms, seatBurstP50Ms }) => orderBurstP50Ms! / seatBurstP50Ms!,
      atMost: 2,
    },
  ],
  measure,
};
