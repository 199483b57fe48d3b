import { createBestAvailable, type BestAvailableRequest } from '../../src/api/best-available';
import type { SeatMaps, SeatPicture } from '../../src/api/seat-maps';
import type { HoldRequest, HoldResult, SeatChoices } from '../../src/db/holds';
import type { WantedSeat } from '../../src/db/quotes';
import type { MapSeat } from '../../src/db/seat-map';

const SEATS = 40;
const CATEGORY = 'stalls';
const layout: MapSeat[] = Array.from({ length: SEATS }, (_, index) => ({
  id: index + 1,
  label: `A-${index + 1}`,
  section: 'Stalls',
  row: 'A',
  number: `${index + 1}`,
  position: index + 1,
  category: CATEGORY,
  price: { amount: 1, currency: 'EUR' },
  x: null,
  y: null,
  accessible: false,
  companion: false,
  active: true,
  rank: index,
}));

/** A database of one row of seats. */
function makeHouse() {
  const taken = new Set<string>();
  const house = {
    taken,
    tries: [] as string[][],
    refused: 0,
    reads: 0,
    /** Choices of the database. */
    atOnce: 0,
    tookMs: 2,
    /** Called before each decision; what it returns is the answer. */
    interfere: undefined as ((labels: string[]) => HoldResult | undefined) | undefined,
    maps: {
      read: async (): Promise<SeatPicture> => {
        house.reads++;
        await new Promise((resolve) => setTimeout(resolve, 1));
        const letters = layout.map(({ label }) => (taken.has(label) ? 'h' : 'a')).join('');
        return { etag: letters, letters, layout, revision: 1, allotted: null };
      },
    } as unknown as SeatMaps,
    async take({ seats }: HoldRequest): Promise<HoldResult> {
      const labels = seats.map(({ label }) => label);
      house.tries.push(labels);
      await new Promise((resolve) => setTimeout(resolve, house.tookMs));
      const answer = house.interfere?.(labels);
      if (answer) return answer;
      const gone = labels.filter((label) => taken.has(label));
      if (gone.length > 0) {
        house.refused++;
        return { kind: 'taken', seats: named(gone) };
      }
      for (const label of labels) taken.add(label);
      return { kind: 'held' } as HoldResult;
    },
    async takeFirst(
      _: unknown,
      [line]: readonly (WantedSeat[] | SeatChoices)[],
    ): Promise<HoldResult | null> {
      house.atOnce++;
      for (const seats of (line as SeatChoices).choices) {
        const result = await house.take({ seats } as HoldRequest);
        if (result.kind !== 'taken') return result;
      }
      return null;
    },
  };
  return house;
}

const buyer = (leftMs = () => 60_000) => ({ leftMs }) as unknown as BestAvailableRequest;
const named = (labels: string[]) => labels.map((label) => ({ event: 'hamlet', label }));
const wish = (quantity: number, category = CATEGORY) => [
  { eventId: 'hamlet', event: 'hamlet', category, priceTypes: Array<null>(quantity).fill(null) },
];
const two = wish(2);
type House = Parameters<typeof createBestAvailable>[0];
const holdFrom = (house: House) => {
  const bestAvailable = createBestAvailable(house);
  return (...args: Parameters<typeof bestAvailable.hold>) => bestAvailable.hold(...args);
};

describe('The choice of seats for a crowd', () => {
  it('gives every buyer different seats, and asks the database once for each', async () => {
    const house = makeHouse();
    const hold = holdFrom(house);
    const results = await Promise.all(Array.from({ length: SEATS / 2 }, () => hold(buyer(), two)));
    expect(results.map(({ kind }) => kind)).toEqual(Array(SEATS / 2).fill('held'));
    expect([house.tries.length, house.refused, house.taken.size]).toEqual([SEATS / 2, 0, SEATS]);
  });

  it('takes the next best where somebody elsewhere was quicker', async () => {
    const house = makeHouse();
    const hold = holdFrom(house);
    house.interfere = (labels) => {
      // Another process, after our picture.
      if (house.tries.length <= 3) for (const label of labels) house.taken.add(label);
      return undefined;
    };
    expect((await hold(buyer(), two)).kind).toBe('held');
    expect(house.tries.length).toBe(4);
    // After three refusals it chooses and takes in one transaction.
    expect(house.atOnce).toBe(1);
  });

  it('chooses from a picture that is some seconds old, and says “none” of a new one alone', async () => {
    const house = makeHouse();
    const hold = holdFrom(house);
    for (let buyers = 0; buyers < SEATS / 2; buyers++)
      expect((await hold(buyer(), two)).kind).toBe('held');
    expect(house.reads).toBeLessThan(5);
    const reads = house.reads;
    expect((await hold(buyer(), two)).kind).toBe('taken');
    expect(house.reads).toBeGreaterThan(reads);
  });

  it('refuses nobody while seats are being taken by others who may yet fail', async () => {
    const house = makeHouse();
    for (const { label } of layout.slice(2)) house.taken.add(label);
    house.tookMs = 150;
    const hold = holdFrom(house);
    house.interfere = () =>
      house.tries.length === 1 ? { kind: 'too_many_holds', limit: 1 } : undefined;
    const results = await Promise.all([hold(buyer(), two), hold(buyer(), two), hold(buyer(), two)]);
    expect(results.map(({ kind }) => kind).sort()).toEqual(['held', 'taken', 'too_many_holds']);
    expect(house.taken.size).toBe(SEATS);
  });

  it('says that there are too few when that is so', async () => {
    const house = makeHouse();
    for (const { label } of layout.slice(1)) house.taken.add(label);
    const hold = holdFrom(house);
    expect(await hold(buyer(), two)).toEqual({ kind: 'taken', seats: [] });
    expect((await hold(buyer(), wish(1))).kind).toBe('held');
    expect(await hold(buyer(), wish(1, 'none'))).toEqual({
      kind: 'taken',
      seats: [],
    });
  });

  it('sees seats that were given back', async () => {
    const house = makeHouse();
    const hold = holdFrom(house);
    for (let round = 0; round < SEATS / 2; round++) await hold(buyer(), two);
    expect((await hold(buyer(), two)).kind).toBe('taken');
    house.taken.delete('A-7');
    house.taken.delete('A-8');
    expect((await hold(buyer(), two)).kind).toBe('held');
    expect(house.tries.at(-1)).toEqual(['A-7', 'A-8']);
  });

  it('ends with its caller’s time, whatever goes on, and begins nothing after it', async () => {
    const house = makeHouse();
    house.interfere = (labels) => ({ kind: 'taken', seats: named(labels) });
    const hold = holdFrom(house);
    const end = Date.now() + 300;
    await expect(
      hold(
        buyer(() => end - Date.now()),
        two,
      ),
    ).rejects.toMatchObject({
      code: 'ETIMEDOUT',
    });
    const tries = house.tries.length;
    expect(Date.now() - end).toBeLessThan(5000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(house.tries.length).toBe(tries);
    await expect(
      hold(
        buyer(() => 0),
        two,
      ),
    ).rejects.toThrow('no time left');
    expect(house.tries.length).toBe(tries);
  });
});
