import type { Bench, Case, Figures } from '../case';
import { countHeld } from '../fixtures';
import {
  expectStatuses,
  holdKoa,
  holdOurs,
  holdSql,
  makeBuyers,
  perSecond,
  scaled,
} from '../holds';
import type { BuyerRequest } from '../holds';
import { summarise } from '../../report/statistics';
import { takeTurns } from '../turns';

const SEATS = 5_000;

/** Makes an event and a buyer for each of its seats. @throws Error unless every seat is held after `sell` */
async function withNewEvent(
  bench: Bench,
  sell: (buyers: BuyerRequest[]) => Promise<void>,
): Promise<void> {
  const event = await bench.makeEvent(scaled(bench, SEATS));
  await sell(makeBuyers(event, event.labels));
  const held = await countHeld(bench.db, event);
  if (held !== event.labels.length)
    throw new Error(`${held} of ${event.labels.length} seats are held`);
}

async function measure(bench: Bench, round: number, connections: number): Promise<Figures> {
  const figures: Figures = {};
  const burst = (send: typeof holdOurs, name: string) => () =>
    withNewEvent(bench, async (buyers) => {
      const result = await send(bench, buyers, { connections });
      expectStatuses(result, { 201: buyers.length });
      const { p50, p99 } = summarise(result.ms);
      figures[`${name}PerSecond`] = perSecond(buyers.length, result.wallMs);
      figures[`${name}P50Ms`] = p50;
      figures[`${name}P99Ms`] = p99;
      figures[`${name}LoadCpuShare`] = result.cpuMs / result.wallMs;
    });
  const sql = () =>
    withNewEvent(bench, async (buyers) => {
      figures.sqlPerSecond = perSecond(buyers.length, await holdSql(bench, buyers, connections));
    });
  await takeTurns(bench, round, [
    { of: 'ours', measure: burst(holdOurs, 'ours') },
    { of: 'baseline', measure: burst(holdKoa, 'koa') },
    { of: 'baseline', measure: sql },
  ]);
  return figures;
}

/** A burst of holds of different seats, as in the first minute of a sale. */
export const bursts: readonly Case[] = [10, 40].map((connections) => ({
  id: `burst-${connections}`,
  title: `5,000 holds of different seats, ${connections} at a time`,
  rounds: 3,
  targets: [
    {
      title: 'holds per second, relative to koa',
      of: ({ oursPerSecond, koaPerSecond }) => oursPerSecond! / koaPerSecond!,
      atLeast: 0.7,
    },
    {
      title: 'holds per second, relative to sql',
      of: ({ oursPerSecond, sqlPerSecond }) => oursPerSecond! / sqlPerSecond!,
    },
  ],
  measure: (bench, round) => measure(bench, round, connections),
}));
