import { startExtraApi, type ExtraApi } from '../extra-api';
import type { Bench, Case, Figures } from '../case';
import type { Database } from '../../product';
import { countHeld, endHolds, insertEvent } from '../fixtures';
import {
  openPrefilled,
  vacuumTables,
  prefilledDatabase,
  type Prefill,
} from '../prefilled-database';
import { expectStatuses, holdOurs, makeBuyers, scaled } from '../holds';
import { median } from '../judge';
import { summarise } from '../../report/statistics';
import { takeTurns } from '../turns';

const HOLDS = 1_000;
const WARM_UPS = 2;
const CONNECTIONS = 10;

const SMALL = 1_000;

/**
 * Databases before a sale: 1,000 sold seats; 1,000,000 sold seats and ten million entries in the history; 1,000 sold
 * seats and 20,000 open holds.
 */
const prefills = (bench: Bench): Prefill[] => [
  { name: 'small', past: SMALL, open: 0 },
  { name: 'past', past: scaled(bench, 1_000_000, SMALL), open: 0 },
  { name: 'open', past: SMALL, open: scaled(bench, 20_000) },
];

interface Deployment {
  name: string;
  db: Database;
  api: ExtraApi;
}

/** Starts an API on a prefilled database. The caps are on: the rows that they count are those that grow. */
async function startDeployment(bench: Bench, prefill: Prefill): Promise<Deployment> {
  const url = await prefilledDatabase(bench, prefill);
  const db = openPrefilled(url);
  try {
    const env = { DATABASE_URL: url, RATE_LIMIT: '10000000', MAX_OPEN_HOLDS_PER_CLIENT: '1000000' };
    return { name: prefill.name, db, api: await startExtraApi(bench, prefill.name, { env }) };
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** @returns the median latency of a hold */
async function burst(bench: Bench, { db, api }: Deployment): Promise<number> {
  const event = await insertEvent(db, scaled(bench, HOLDS));
  const buyers = makeBuyers(event, event.labels);
  const result = await holdOurs({ ...bench, apiUrl: api.url }, buyers, {
    connections: CONNECTIONS,
  });
  expectStatuses(result, { 201: buyers.length });
  if ((await countHeld(db, event)) !== buyers.length) throw new Error('not every seat is held');
  await endHolds(db, event);
  return summarise(result.ms).p50;
}

async function measure(bench: Bench, round: number): Promise<Figures> {
  const deployments: Deployment[] = [];
  try {
    for (const prefill of prefills(bench)) deployments.push(await startDeployment(bench, prefill));
    for (let warmUp = 0; warmUp < WARM_UPS; warmUp++)
      for (const deployment of deployments) await burst(bench, deployment);
    for (const { db } of deployments) await vacuumTables(db);
    const p50s = new Map<Deployment, number[]>(deployments.map((deployment) => [deployment, []]));
    // There and back, and another one first in each round: the first one finds cold caches.
    const order = [
      ...deployments.slice(round % deployments.length),
      ...deployments.slice(0, round % deployments.length),
    ];
    const turns = [...order, ...order.toReversed()].map((deployment) => ({
      of: 'ours' as const,
      measure: async () => void p50s.get(deployment)!.push(await burst(bench, deployment)),
    }));
    await takeTurns(bench, round, turns);
    return Object.fromEntries(
      deployments.map((deployment) => [`${deployment.name}P50Ms`, median(p50s.get(deployment)!)]),
    );
  } finally {
    for (const { api, db } of deployments) {
      await api.stop();
      await db.close();
    }
  }
}

/** Whether past sales and open holds make a hold slower. No actors run: a hold does not wait for one. */
export const growth: Case = {
  id: 'growth',
  title: 'Holds, 10 at a time, in databases of different size',
  rounds: 3,
  ownStackOnly: true,
  targets: [
    {
      title: 'p50 with 1,000,000 past reservations, relative to 1,000',
      of: ({ pastP50Ms, smallP50Ms }) => pastP50Ms! / smallP50Ms!,
      atMost: 1.15,
    },
    {
      title: 'p50 with 20,000 open reservations, relative to none',
      of: ({ openP50Ms, smallP50Ms }) => openP50Ms! / smallP50Ms!,
      atMost: 1.15,
    },
  ],
  measure,
};
