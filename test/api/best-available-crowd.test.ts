import { randomUUID } from 'node:crypto';
import { ApiClient, refusal, type Answer, type Reservation } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

/** Rows of twenty seats, in one category. */
const house = (seats: number) =>
  api.event({
    categories: [{ code: 'stalls', name: 'Stalls', price: 1000 }],
    sections: [
      {
        name: 'Stalls',
        category: 'stalls',
        rows: Array.from({ length: seats / 20 }, (_, row) => ({ name: `R${row + 1}`, seats: 20 })),
      },
    ],
  });

const holdBest = (event: string, quantity: number, id: string = randomUUID()) =>
  api.call<Reservation>('POST', '/v1/reservations', {
    body: {
      event,
      bestAvailable: { quantity, category: 'stalls' },
      buyer: { name: 'Ada Lovelace', email: `${id}@example.org` },
    },
    headers: { 'idempotency-key': id },
  });

function count(answers: readonly Answer<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe('A crowd that leaves the choice to the engine', () => {
  it('of two hundred buyers of two gets all four hundred seats, side by side', async () => {
    const event = await house(400);
    const answers = await Promise.all(Array.from({ length: 200 }, () => holdBest(event, 2)));
    expect(count(answers)).toEqual({ 201: 200 });
    for (const { body } of answers) {
      const [first, second] = body.seats.map(({ label }) => label.split('-'));
      expect([second![0], Number(second![1])]).toEqual([first![0], Number(first![1]) + 1]);
    }
    const labels = answers.flatMap(({ body }) => body.seats.map(({ label }) => label));
    expect(new Set(labels).size).toBe(400);
  });

  it('is told that there are none only when there are none', async () => {
    const event = await house(100);
    const answers = await Promise.all(Array.from({ length: 150 }, () => holdBest(event, 1)));
    expect(count(answers)).toEqual({ 201: 100, 409: 50 });
    expect(refusal(await holdBest(event, 1))).toEqual([409, 'seats_unavailable']);
  });
});
