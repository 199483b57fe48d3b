import { startApiBeside, type ApiBeside } from '../api-beside';
import type { Bench, Case, Figures } from '../case';
import type { Database } from '../../product';
import { countHeld, endHolds, insertEvent } from '../fixtures';
import { openStocked, settleTables, stockedDatabase, type Stock } from '../grown';
import { expectStatuses, holdOurs, makeBuyers, scaled } from '../holds';
import { median } from '../judge';
import { summarise } from '../../report/statistics';
import { takeTurns } from '../turns';

const HOLDS = 1_000;
const WARM_UPS = 2;
const CONNECTIONS = 10;

const SMALL = 1_000;

/**
 * The size of what is there before a sale: a thousand seats, sold in the past; a million of them; a thousand, and twenty
 * thousand holds open.
 */
const stocks = (bench: Bench): Stock[] => [
  { name: 'small', past: SMALL, open: 0 },
  { name: 'past', past: scaled(bench, 1_000_000, SMALL), open: 0 },
  { name: 'open', past: SMALL, open: scaled(bench, 20_000) },
];

interface House {
  name: string;
  db: Database;
  api: ApiBeside;
}

/** An API on a database of its own; with the caps and limits on, because what they count is what grows. */
async function openHouse(bench: Bench, stock: Stock): Promise<House> {
  const url = await stockedDatabase(bench, stock);
  const db = openStocked(url);
  try {
    const env = { DATABASE_URL: url, RATE_LIMIT: '10000000', MAX_OPEN_HOLDS_PER_CLIENT: '1000000' };
    return { name: stock.name, db, api: await startApiBeside(bench, stock.name, { env }) };
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** @returns the median latency of a hold */
async function burst(bench: Bench, { db, api }: House): Promise<number> {
  const event = await insertEvent(db, scaled(bench, HOLDS));
  const buyers = makeBuyers(event, event.labels);
  const result = await holdOurs({ ...bench, apiUrl: api.url }, buyers, { connections: CONNECTIONS });
  expectStatuses(result, { 201: buyers.length });
  if ((await countHeld(db, event)) !== buyers.length) throw new Error('not every seat is held');
  await endHolds(db, event);
  return summarise(result.ms).p50;
}

async function measure(bench: Bench, round: number): Promise<Figures> {
  const houses: House[] = [];
  try {
    for (const stock of stocks(bench)) houses.push(await openHouse(bench, stock));
    for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) for (const house of houses) await burst(bench, house);
    for (const { db } of houses) await settleTables(db);
    const p50s = new Map<House, number[]>(houses.map((house) => [house, []]));
    // There and back, and another one first in each round: whoever comes first finds the machine cold.
    const order = [...houses.slice(round % houses.length), ...houses.slice(0, round % houses.length)];
    const turns = [...order, ...order.toReversed()].map((house) => ({
      of: 'ours' as const,
      measure: async () => void p50s.get(house)!.push(await burst(bench, house)),
    }));
    await takeTurns(bench, round, turns);
    return Object.fromEntries(houses.map((house) => [`${house.name}P50Ms`, median(p50s.get(house)!)]));
  } finally {
    for (const { api, db } of houses) {
      await api.stop();
      await db.close();
    }
  }
}

/** Whether what was sold before makes what is sold now slower. No actor runs in it: a hold does not wait for one. */
export const growth: Case = {
  id: 'growth',
  title: 'Holds, 10 at a time, in databases of different size',
  rounds: 3,
  ownStackOnly: true,
  targets: [
    {
      title: 'p50 with 1,000,000 seats and past reservations, of with 1,000',
      of: ({ pastP50Ms, smallP50Ms }) => pastP50Ms! / smallP50Ms!,
      atMost: 1.25,
    },
    {
      title: 'p50 with 20,000 open reservations, of with none',
      of: ({ openP50Ms, smallP50Ms }) => openP50Ms! / smallP50Ms!,
      atMost: 1.25,
    },
  ],
  measure,
};
