import { startExtraApi } from '../extra-api';
import type { Bench, Case, Figures } from '../case';
import { expectStatuses, holdKoa, holdOurs, makeBuyers, perSecond, scaled } from '../holds';
import { takeTurns } from '../turns';

const HOLDS = 3_000;
const WARM_UP = 1_000;

type Send = typeof holdOurs;

async function burst(bench: Bench, send: Send, connections: number, size: number): Promise<number> {
  const event = await bench.makeEvent(scaled(bench, size, 200));
  const buyers = makeBuyers(event, event.labels);
  const result = await send(bench, buyers, { connections });
  expectStatuses(result, { 201: buyers.length });
  return perSecond(buyers.length, result.wallMs);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

async function measure(bench: Bench, round: number, connections: number): Promise<Figures> {
  const batched = await startExtraApi(bench, 'batched');
  try {
    const single = await startExtraApi(bench, 'single', { env: { HOLD_BATCH: '1' } });
    try {
      const through =
        (apiUrl: string): Send =>
        (of, ...rest) =>
          holdOurs({ ...of, apiUrl }, ...rest);
      const contestants: Record<string, Send> = {
        batched: through(batched.url),
        single: through(single.url),
        koa: holdKoa,
      };
      for (const send of Object.values(contestants)) await burst(bench, send, connections, WARM_UP);
      const rates: Record<string, number[]> = { batched: [], single: [], koa: [] };
      // There and back, so that none has the earlier half; without the relay, which is not measured here.
      const names = Object.keys(contestants);
      const turns = [...names, ...names.toReversed()].map((name) => ({
        of: 'baseline' as const,
        measure: async () =>
          void rates[name]!.push(await burst(bench, contestants[name]!, connections, HOLDS)),
      }));
      await takeTurns(bench, round, turns);
      return {
        batchedPerSecond: mean(rates.batched!),
        singlePerSecond: mean(rates.single!),
        koaPerSecond: mean(rates.koa!),
      };
    } finally {
      await single.stop();
    }
  } finally {
    await batched.stop();
  }
}

/** The same API twice: as shipped, and with each hold by itself; beside them the baseline `koa`. */
export const batches: readonly Case[] = [10, 40].map((connections) => ({
  id: `batches-${connections}`,
  title: `What batches do for a burst of 3,000 holds, ${connections} at a time`,
  rounds: 3,
  targets: [
    {
      title: 'holds per second as shipped, relative to each by itself',
      of: ({ batchedPerSecond, singlePerSecond }) => batchedPerSecond! / singlePerSecond!,
      atLeast: connections === 10 ? 1.25 : 1.5,
    },
    {
      title: 'holds per second as shipped, relative to koa',
      of: ({ batchedPerSecond, koaPerSecond }) => batchedPerSecond! / koaPerSecond!,
      atLeast: connections === 10 ? 0.95 : 1.3,
    },
  ],
  measure: (bench, round) => measure(bench, round, connections),
}));
