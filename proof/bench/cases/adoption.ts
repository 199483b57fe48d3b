import { setTimeout as delay } from 'node:timers/promises';
import { summarise } from '../../report/statistics';
import type { Bench, Case, Figures } from '../case';
import { readHistory } from '../histories';
import { scaled } from '../holds';
import { withLives, type LifeStand } from '../life-stand';
import { endLives, walkLimit, walkOurs, type Walk, type Walker } from '../lives';
import { takeTurns } from '../turns';

const LIVES = 40;
const EVERY_MS = 300;
/** In the middle between two others' holds, when the own actor has long come to rest. */
const PAY_AFTER_MS = 1.5 * EVERY_MS;
const CONNECTIONS = 4;
const WARM_UP_LIVES = 200;

/** When the steps of a life were asked for, in milliseconds since 1970. */
interface Asked {
  id: string;
  beganAtMs: number;
  paidAtMs: number;
}

/** The history's events are dated by the same machine's clock. */
const nowMs = (): number => performance.timeOrigin + performance.now();

async function goThrough(walk: Walk, countFrom: 'asking' | 'answer'): Promise<Asked> {
  const askedAtMs = nowMs();
  await walk.begin();
  const beganAtMs = countFrom === 'asking' ? askedAtMs : nowMs();
  await delay(PAY_AFTER_MS);
  const paidAtMs = nowMs();
  await walk.pay();
  await walk.done();
  return { id: walk.id, beganAtMs, paidAtMs };
}

/** One life after the other at a slow beat, then each one's times by its history. */
async function measure(
  bench: Bench,
  side: 'ours' | 'limit',
  walker: Walker,
  countFrom: 'asking' | 'answer',
): Promise<Figures> {
  const going: Promise<Asked>[] = [];
  for (const walk of walker.walks) {
    going.push(goThrough(walk, countFrom));
    await delay(EVERY_MS);
  }
  const [adoptedMs, confirmedMs]: [number[], number[]] = [[], []];
  for (const { id, beganAtMs, paidAtMs } of await Promise.all(going)) {
    const [adopted, confirmed] = await completed(bench, id);
    adoptedMs.push(adopted - beganAtMs);
    confirmedMs.push(confirmed - paidAtMs);
  }
  walker.close();
  await endLives(bench, walker.walks);
  const [adopted, confirmed] = [summarise(adoptedMs), summarise(confirmedMs)];
  return {
    [`${side}AdoptedP50Ms`]: adopted.p50,
    [`${side}AdoptedP95Ms`]: adopted.p95,
    [`${side}ConfirmedP50Ms`]: confirmed.p50,
    [`${side}ConfirmedP95Ms`]: confirmed.p95,
  };
}

/** When the first and the second activity of a life were completed. */
async function completed({ temporal }: Bench, id: string): Promise<[number, number]> {
  const [first, second] = (await readHistory(temporal, id)).completedAtMs;
  if (first === undefined || second === undefined) throw new Error(`${id} was not confirmed by its actor`);
  return [first, second];
}

async function measureBoth(bench: Bench, round: number, { durable, lookout }: LifeStand): Promise<Figures> {
  const lives = scaled(bench, LIVES);
  const figures: Figures = {};
  await takeTurns(bench, round, [
    {
      of: 'ours',
      async measure() {
        const walker = await walkOurs(bench, await bench.makeEvent(lives), lookout, CONNECTIONS);
        Object.assign(figures, await measure(bench, 'ours', walker, 'answer'));
      },
    },
    {
      of: 'limit',
      async measure() {
        Object.assign(figures, await measure(bench, 'limit', walkLimit(durable, lives), 'asking'));
      },
    },
  ]);
  return figures;
}

/** How far the actor is behind the answer while there is little to do. */
export const adoption: Case = {
  id: 'adoption',
  title: 'A reservation every 300 ms: from the answer to the actor’s step',
  rounds: 3,
  ownStackOnly: true,
  targets: [
    {
      title: 'from 201 to the hold adopted, of limit (d) from the start to its first activity (p50)',
      of: ({ oursAdoptedP50Ms, limitAdoptedP50Ms }) => oursAdoptedP50Ms! / limitAdoptedP50Ms!,
      atMost: 2,
    },
    {
      title: 'from the webhook to confirmed, of limit (d) from the signal to its second activity (p50)',
      of: ({ oursConfirmedP50Ms, limitConfirmedP50Ms }) => oursConfirmedP50Ms! / limitConfirmedP50Ms!,
      atMost: 2,
    },
  ],
  measure: (bench, round) =>
    withLives(bench, { round, warmUpLives: scaled(bench, WARM_UP_LIVES) }, (stand) => measureBoth(bench, round, stand)),
};
