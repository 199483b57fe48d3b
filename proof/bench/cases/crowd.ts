import type { Bench, BenchEvent, Case, Figures } from '../case';
import { expectOneWinnerEach, holdKoa, holdOurs, makeBuyers, perSecond, scaled } from '../holds';
import { createRandom } from '../random';
import { summarise } from '../../report/statistics';
import { takeTurns } from '../turns';

const BUYERS = 1_000;
const SEATS = 100;
const AT_ONCE = 100;

/** A random seat for each buyer: the same in every round, for ours and for the baseline. */
export function wishes({ labels }: BenchEvent, count: number): string[] {
  const random = createRandom(1);
  return Array.from({ length: count }, () => labels[Math.floor(random() * labels.length)]!);
}

async function measure(bench: Bench, round: number): Promise<Figures> {
  const figures: Figures = {};
  const crowd = (send: typeof holdOurs, name: string) => async () => {
    const event = await bench.makeEvent(scaled(bench, SEATS));
    const buyers = makeBuyers(event, wishes(event, scaled(bench, BUYERS, AT_ONCE)));
    const result = await send(bench, buyers, { connections: AT_ONCE });
    await expectOneWinnerEach(bench.db, event, buyers, result);
    const of = (status: number) =>
      result.ms.filter((_, index) => result.statuses[index] === status);
    figures[`${name}PerSecond`] = perSecond(buyers.length, result.wallMs);
    figures[`${name}LosersP50Ms`] = summarise(of(409)).p50;
    figures[`${name}WinnersP50Ms`] = summarise(of(201)).p50;
  };
  await takeTurns(bench, round, [
    { of: 'ours', measure: crowd(holdOurs, 'ours') },
    { of: 'baseline', measure: crowd(holdKoa, 'koa') },
  ]);
  return figures;
}

/** A small flash sale: most requests are refused. */
export const crowd: Case = {
  id: 'crowd',
  title: '1,000 buyers, 100 seats, 100 at a time',
  rounds: 5,
  targets: [
    {
      title: 'requests per second, relative to koa',
      of: ({ oursPerSecond, koaPerSecond }) => oursPerSecond! / koaPerSecond!,
    },
  ],
  measure,
};
