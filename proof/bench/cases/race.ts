import type { Bench, Case, Figures } from '../case';
import { expectOneWinnerEach, holdKoa, holdOurs, makeBuyers, scaled } from '../holds';
import { summarise } from '../../report/statistics';
import { takeTurns } from '../turns';

const RACES = 30;
const BUYERS = 10;

async function measure(bench: Bench, round: number): Promise<Figures> {
  const figures: Figures = {};
  const races = (send: typeof holdOurs, name: string) => async () => {
    const event = await bench.makeEvent(scaled(bench, RACES));
    const wanted = event.labels.flatMap((label) => new Array<string>(BUYERS).fill(label));
    const buyers = makeBuyers(event, wanted);
    const result = await send(bench, buyers, { connections: BUYERS, groupsOf: BUYERS });
    await expectOneWinnerEach(bench.db, event, buyers, result);
    const winners = result.ms.filter((_, index) => result.statuses[index] === 201);
    figures[`${name}MeanMs`] = summarise(result.ms).mean;
    figures[`${name}WinnersMeanMs`] = summarise(winners).mean;
    figures[`${name}P95Ms`] = summarise(result.ms).p95;
  };
  await takeTurns(bench, round, [
    { of: 'ours', measure: races(holdOurs, 'ours') },
    { of: 'baseline', measure: races(holdKoa, 'koa') },
  ]);
  return figures;
}

/** Ten buyers request one seat at the same time; thirty races, one after the other. */
export const race: Case = {
  id: 'race',
  title: 'Races of 10 for one seat',
  rounds: 5,
  targets: [
    {
      title: 'mean latency of all ten, relative to koa',
      of: ({ oursMeanMs, koaMeanMs }) => oursMeanMs! / koaMeanMs!,
    },
  ],
  measure,
};
