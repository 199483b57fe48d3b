import type { Bench, Case, Figures } from '../case';
import { countHeld } from '../fixtures';
import { expectStatuses, holdKoa, holdOurs, makeBuyers, scaled } from '../holds';
import { summarise } from '../../report/statistics';
import { takeTurns } from '../turns';

const HOLDS = 150;
const EVERY_MS = 200;
/** More than are in use, unless something stalls; latency counts from the time at which a request was due. */
const CONNECTIONS = 4;

async function measure(bench: Bench, round: number): Promise<Figures> {
  const figures: Figures = {};
  const one = (send: typeof holdOurs, name: string) => async () => {
    const event = await bench.makeEvent(scaled(bench, HOLDS));
    const result = await send(bench, makeBuyers(event, event.labels), {
      connections: CONNECTIONS,
      everyMs: EVERY_MS,
    });
    expectStatuses(result, { 201: event.labels.length });
    const held = await countHeld(bench.db, event);
    if (held !== event.labels.length)
      throw new Error(`${held} of ${event.labels.length} seats are held`);
    const { p50, p95 } = summarise(result.ms);
    figures[`${name}P50Ms`] = p50;
    figures[`${name}P95Ms`] = p95;
  };
  await takeTurns(bench, round, [
    { of: 'ours', measure: one(holdOurs, 'ours') },
    { of: 'baseline', measure: one(holdKoa, 'koa') },
  ]);
  return figures;
}

/** The latency of a hold at low load. */
export const paced: Case = {
  id: 'paced',
  title: 'One hold every 200 ms',
  rounds: 3,
  targets: [
    {
      title: 'p50, relative to koa',
      of: ({ oursP50Ms, koaP50Ms }) => oursP50Ms! / koaP50Ms!,
      atMost: 1.5,
    },
  ],
  measure,
};
