import type { Bench, BenchEvent, Case, Figures } from '../case';
import { countHeld } from '../fixtures';
import {
  expectStatuses,
  holdOurs,
  holdSql,
  makeBuyers,
  perSecond,
  selectKoa,
  scaled,
} from '../holds';
import { summarise } from '../../report/statistics';
import { takeTurns } from '../turns';

const REQUESTS = 5_000;
const TAKEN_SEATS = 100;
const CONNECTIONS = 10;

/** The labels of an event, over and over. */
export const cycle = ({ labels }: BenchEvent, count: number): string[] =>
  Array.from({ length: count }, (_, index) => labels[index % labels.length]!);

async function measure(bench: Bench, round: number): Promise<Figures> {
  const figures: Figures = {};
  const count = scaled(bench, REQUESTS);
  const event = await bench.makeEvent(TAKEN_SEATS);
  await bench.quiesce();
  await bench.withoutRelay(() => holdSql(bench, makeBuyers(event, event.labels), CONNECTIONS));
  const ours = async (): Promise<void> => {
    const result = await holdOurs(bench, makeBuyers(event, cycle(event, count)), {
      connections: CONNECTIONS,
    });
    expectStatuses(result, { 409: count });
    figures.oursPerSecond = perSecond(count, result.wallMs);
    figures.oursP50Ms = summarise(result.ms).p50;
  };
  const select = async (): Promise<void> => {
    const result = await selectKoa(bench, event, cycle(event, count), CONNECTIONS);
    figures.selectPerSecond = perSecond(count, result.wallMs);
    figures.selectP50Ms = summarise(result.ms).p50;
  };
  await takeTurns(bench, round, [
    { of: 'ours', measure: ours },
    { of: 'baseline', measure: select },
  ]);
  const held = await countHeld(bench.db, event);
  if (held !== TAKEN_SEATS) throw new Error(`${held} of ${TAKEN_SEATS} seats are held`);
  return figures;
}

/** The cost of a refusal: in a flash sale nearly every request is one. */
export const refused: Case = {
  id: 'refused',
  title: '5,000 holds of taken seats (409), 10 at a time',
  rounds: 3,
  targets: [
    {
      title: 'refusals per second, relative to koa-select',
      of: ({ oursPerSecond, selectPerSecond }) => oursPerSecond! / selectPerSecond!,
      atLeast: 0.6,
    },
  ],
  measure,
};
