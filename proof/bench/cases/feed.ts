import { join } from 'node:path';
import { summarise } from '../../report/statistics';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { expectStatuses, holdOurs, makeBuyers, scaled } from '../holds';
import { startProgram } from '../program';
import { takeTurns } from '../turns';

const HOLDS = 5_000;
const EVERY_MS = 2;
const CONNECTIONS = 64;
/** From the last hold; an entry that has not arrived by then is missing. */
const GRACE_MS = 10_000;

interface FeedPage {
  data: { type: string; reservation: string | null; at: string }[];
  next: string;
}

/** Holds at the pace of the case. @returns the median latency, and the ids */
async function hold(bench: Bench, event: BenchEvent): Promise<{ p50: number; ids: string[] }> {
  const buyers = makeBuyers(event, event.labels);
  const result = await holdOurs(bench, buyers, { connections: CONNECTIONS, everyMs: EVERY_MS });
  expectStatuses(result, { 201: buyers.length });
  return { p50: summarise(result.ms).p50, ids: buyers.map(({ id }) => id) };
}

/** Reads the feed by long polls from now on, as an operator. */
async function startReader({ apiUrl, keys }: Bench) {
  const gone = new AbortController();
  const read = async (after: string): Promise<FeedPage> => {
    const query = new URLSearchParams({ after, wait: '5', limit: '500' });
    const answer = await fetch(`${apiUrl}/v1/feed?${query.toString()}`, {
      headers: { Authorization: `Bearer ${keys.operator}` },
      signal: gone.signal,
    });
    if (answer.status !== 200) throw new Error(`the feed was answered ${answer.status}`);
    return (await answer.json()) as FeedPage;
  };
  const delays = new Map<string, number>();
  const first = await read('now');
  let failure: Error | undefined;
  const reading = (async () => {
    for (let after = first.next; ;) {
      const page = await read(after);
      const now = Date.now();
      for (const { type, reservation, at } of page.data)
        if (type === 'reservation.held' && reservation !== null)
          delays.set(reservation, now - Date.parse(at));
      after = page.next;
    }
  })().catch((error: unknown) => {
    if (!gone.signal.aborted) failure = error as Error;
  });
  return {
    /**
     * The time from each hold's entry in the history to its reader, in milliseconds.
     * @throws Error when one is missing
     */
    async finish(ids: readonly string[]): Promise<number[]> {
      const until = Date.now() + GRACE_MS;
      while (!failure && Date.now() < until && !ids.every((id) => delays.has(id)))
        await new Promise((resolve) => setTimeout(resolve, 20));
      gone.abort();
      await reading;
      if (failure) throw failure;
      return ids.map((id) => {
        const ms = delays.get(id);
        if (ms === undefined) throw new Error(`the feed does not tell of ${id}`);
        return ms;
      });
    },
  };
}

async function withFeed(bench: Bench): Promise<Figures> {
  const event = await bench.makeEvent(scaled(bench, HOLDS, 500));
  const { PATH, HOME } = process.env;
  const writer = await startProgram({
    path: ['proof', 'bench', 'feed-writer', 'main.js'],
    env: { PATH, HOME, DATABASE_URL: bench.stack.info().databaseUrl },
    logFile: join(bench.stack.logFolder, 'bench-feed-writer.log'),
  });
  try {
    const reader = await startReader(bench);
    const { p50, ids } = await hold(bench, event);
    const delays = (await reader.finish(ids)).sort((a, b) => a - b);
    return {
      feedHoldP50Ms: p50,
      toldP50Ms: delays[Math.floor(delays.length / 2)]!,
      toldP99Ms: delays[Math.floor(0.99 * delays.length)]!,
      toldMaxMs: delays.at(-1)!,
    };
  } finally {
    await writer.stop();
  }
}

async function without(bench: Bench): Promise<Figures> {
  const event = await bench.makeEvent(scaled(bench, HOLDS, 500));
  const { p50 } = await hold(bench, event);
  return { aloneHoldP50Ms: p50 };
}

/** What the feed costs a sale, and how soon its reader is told. Relays are stopped: the writer runs by itself. */
export const feed: Case = {
  id: 'feed',
  title: 'The feed with one reader, 500 holds a second',
  rounds: 5,
  targets: [
    {
      title: 'a hold, relative to a hold without the feed (p50)',
      of: ({ feedHoldP50Ms, aloneHoldP50Ms }) => feedHoldP50Ms! / aloneHoldP50Ms!,
      atMost: 1.05,
    },
    {
      title: 'from the hold to the reader of the feed (p99, ms)',
      of: ({ toldP99Ms }) => toldP99Ms!,
      atMost: 1_000,
    },
  ],
  async measure(bench, round) {
    const figures: Figures = {};
    const take = (measure: typeof without) => async () =>
      void Object.assign(figures, await measure(bench));
    await takeTurns(bench, round, [
      { of: 'baseline', measure: take(withFeed) },
      { of: 'baseline', measure: take(without) },
    ]);
    return figures;
  },
};
