import type { Bench, Case, Figures } from '../case';
import { countHeld } from '../fixtures';
import { expectStatuses, holdBare, holdOurs, holdRaw, makeBuyers, perSecond, scaled } from '../holds';
import type { BuyerRequest } from '../holds';
import { summarise } from '../../report/statistics';
import { takeTurns } from '../turns';

const SEATS = 5_000;

/** Buyers of all the seats of a new event; afterwards every seat must be held. */
async function withNewEvent(bench: Bench, sell: (buyers: BuyerRequest[]) => Promise<void>): Promise<void> {
  const event = await bench.makeEvent(scaled(bench, SEATS));
  await sell(makeBuyers(event, event.labels));
  const held = await countHeld(bench.db, event);
  if (held !== event.labels.length) throw new Error(`${held} of ${event.labels.length} seats are held`);
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
  const raw = () =>
    withNewEvent(bench, async (buyers) => {
      figures.rawPerSecond = perSecond(buyers.length, await holdRaw(bench, buyers, connections));
    });
  await takeTurns(bench, round, [
    { of: 'ours', measure: burst(holdOurs, 'ours') },
    { of: 'limit', measure: burst(holdBare, 'bare') },
    { of: 'limit', measure: raw },
  ]);
  return figures;
}

/** A burst of holds of different seats: what a sale's first minute is made of. */
export const bursts: readonly Case[] = [10, 40].map((connections) => ({
  id: `burst-${connections}`,
  title: `5,000 holds of different seats, ${connections} at a time`,
  rounds: 3,
  targets: [
    {
      title: 'holds per second, of limit (b)',
      of: ({ oursPerSecond, barePerSecond }) => oursPerSecond! / barePerSecond!,
      atLeast: 0.7,
    },
    {
      title: 'holds per second, of limit (a), the transaction alone',
      of: ({ oursPerSecond, rawPerSecond }) => oursPerSecond! / rawPerSecond!,
    },
  ],
  measure: (bench, round) => measure(bench, round, connections),
}));
