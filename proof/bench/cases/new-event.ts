import { randomUUID } from 'node:crypto';
import type { Bench, Case, Figures } from '../case';
import { scaled } from '../holds';
import { median } from '../judge';
import { takeTurns } from '../turns';

const LARGE = 100_000;
const SMALL = 10_000;
/** Of each size in a round. */
const EVENTS = 5;
const SEATS_PER_ROW = 100;

/** The body of an event of so many seats, in sections of 100 rows. */
function bodyOf(seats: number): string {
  const rows = Array.from({ length: 100 }, (_, row) => ({
    name: `${row + 1}`,
    seats: SEATS_PER_ROW,
  }));
  const perSection = rows.length * SEATS_PER_ROW;
  const sections = Array.from({ length: Math.ceil(seats / perSection) }, (_, section) => ({
    name: `Block ${section + 1}`,
    category: 'standard',
    rows: rows.slice(0, Math.min(rows.length, (seats - section * perSection) / SEATS_PER_ROW)),
  }));
  return JSON.stringify({
    slug: `bench-${randomUUID()}`,
    name: 'Benchmark',
    startsAt: new Date(Date.now() + 30 * 86_400_000).toISOString(),
    currency: 'EUR',
    categories: [{ code: 'standard', name: 'Standard', price: 1000 }],
    sections,
  });
}

/** @returns how long it took, in milliseconds */
async function make({ apiUrl, keys }: Bench, seats: number): Promise<number> {
  const body = bodyOf(seats);
  const began = performance.now();
  const answer = await fetch(`${apiUrl}/v1/events`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${keys.operator}`, 'Content-Type': 'application/json' },
    body,
  });
  const text = await answer.text();
  const tookMs = performance.now() - began;
  if (answer.status !== 201) throw new Error(`${answer.status} ${text.slice(0, 300)}`);
  const { slug } = JSON.parse(text) as { slug: string };
  const map = await fetch(`${apiUrl}/v1/events/${slug}/seats`);
  const { data } = (await map.json()) as { data: unknown[] };
  if (data.length !== seats) throw new Error(`the event has ${data.length} of ${seats} seats`);
  return tookMs;
}

/** The largest event that there can be, in one request. */
export const newEvent: Case = {
  id: 'event-100000',
  title: 'Making an event of 100,000 seats by POST /v1/events, beside one of 10,000',
  rounds: 3,
  targets: [
    {
      title: '100,000 seats (median of five, s)',
      of: ({ largeP50Ms }) => largeP50Ms! / 1000,
      atMost: 3,
    },
    {
      title: '100,000 seats, relative to 10,000',
      of: ({ largeP50Ms, smallP50Ms }) => largeP50Ms! / smallP50Ms!,
    },
  ],
  async measure(bench, round) {
    const figures: Figures = {};
    const some = (name: string, seats: number) => async () => {
      const took: number[] = [];
      while (took.length < EVENTS) took.push(await make(bench, scaled(bench, seats)));
      figures[`${name}P50Ms`] = median(took);
      figures[`${name}MaxMs`] = Math.max(...took);
    };
    await takeTurns(bench, round, [
      { of: 'ours', measure: some('large', LARGE) },
      { of: 'ours', measure: some('small', SMALL) },
    ]);
    return figures;
  },
};
