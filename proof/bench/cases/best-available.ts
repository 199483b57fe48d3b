import { randomUUID } from 'node:crypto';
import { summarise } from '../../report/statistics';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { countHeld } from '../fixtures';
import {
  expectStatuses,
  holdOurs,
  makeBuyers,
  perSecond,
  scaled,
  type BuyerRequest,
} from '../holds';
import { takeTurns } from '../turns';

const BUYERS = 1_000;
const PARTY = 2;
const LARGE_SEATS = 100_000;
const LARGE_BUYERS = 200;
const AT_ONCE = 100;

/** Buyers who leave the choice to the engine. */
function makeParties({ slug }: BenchEvent, count: number): BuyerRequest[] {
  const bestAvailable = { quantity: PARTY, category: 'standard' };
  return Array.from({ length: count }, () => {
    const id = randomUUID();
    const buyer = { name: 'Ada Lovelace', email: `${id}@example.org` };
    return { id, seat: '', body: JSON.stringify({ event: slug, bestAvailable, buyer }) };
  });
}

/** All of a crowd at once, for exactly as many seats as they want or more. @throws Error unless each gets two */
async function sell(bench: Bench, event: BenchEvent, count: number, connections: number) {
  const result = await holdOurs(bench, makeParties(event, count), { connections });
  expectStatuses(result, { 201: count });
  const held = await countHeld(bench.db, event);
  if (held !== PARTY * count) throw new Error(`${held} seats are held for ${count} parties`);
  return result;
}

async function measure(bench: Bench, round: number): Promise<Figures> {
  const figures: Figures = {};
  const crowd = async (): Promise<void> => {
    const buyers = scaled(bench, BUYERS, AT_ONCE);
    const event = await bench.makeEvent(PARTY * buyers);
    const { ms, wallMs } = await sell(bench, event, buyers, buyers);
    figures.crowdPerSecond = perSecond(buyers, wallMs);
    figures.crowdMaxMs = Math.max(...ms);
  };
  const large = async (): Promise<void> => {
    const event = await bench.makeEvent(scaled(bench, LARGE_SEATS));
    const buyers = scaled(bench, LARGE_BUYERS, AT_ONCE);
    // The first of all reads the map.
    await sell(bench, event, 1, 1);
    const more = makeParties(event, buyers);
    const result = await holdOurs(bench, more, { connections: AT_ONCE });
    expectStatuses(result, { 201: buyers });
    figures.largePerSecond = perSecond(buyers, result.wallMs);
    figures.largeP50Ms = summarise(result.ms).p50;
  };
  const named = async (): Promise<void> => {
    const event = await bench.makeEvent(PARTY * scaled(bench, BUYERS, AT_ONCE));
    const buyers = makeBuyers(event, event.labels);
    const result = await holdOurs(bench, buyers, { connections: AT_ONCE });
    expectStatuses(result, { 201: buyers.length });
    figures.namedPerSecond = perSecond(buyers.length, result.wallMs);
    figures.namedP50Ms = summarise(result.ms).p50;
  };
  await takeTurns(bench, round, [
    { of: 'ours', measure: crowd },
    { of: 'ours', measure: large },
    { of: 'ours', measure: named },
  ]);
  return figures;
}

/** The opening of a sale in which nobody cares for a certain seat. */
export const bestAvailable: Case = {
  id: 'best-available',
  title: '1,000 parties of two at once for 2,000 seats of our choice; 200 of them in 100,000 seats',
  rounds: 3,
  targets: [
    {
      title: 'the last answer of the crowd (ms)',
      of: ({ crowdMaxMs }) => crowdMaxMs!,
      atMost: 9_000,
    },
    {
      title: 'parties per second in 100,000 seats, relative to named seats',
      of: ({ largePerSecond, namedPerSecond }) => largePerSecond! / namedPerSecond!,
    },
    {
      title: 'the median of two in 100,000 seats, relative to a named seat',
      of: ({ largeP50Ms, namedP50Ms }) => largeP50Ms! / namedP50Ms!,
      atMost: 3,
    },
  ],
  measure,
};
