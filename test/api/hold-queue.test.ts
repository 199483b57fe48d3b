import { createHoldQueue } from '../../src/api/hold-queue';
import type { HoldRequest, HoldResult } from '../../src/db/holds';
import type { SeatName } from '../../src/db/quotes';

const HELD = { kind: 'held' } as HoldResult;
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A house that remembers what was asked of it, and in which order. */
function makeHouse() {
  const taken = new Set<string>();
  const asked: string[] = [];
  let atOnce = 0;
  const house = {
    asked,
    mostAtOnce: 0,
    fails: false,
    release: (label: string) => taken.delete(label),
    async take({ id, seats }: HoldRequest): Promise<HoldResult> {
      const labels = seats.map(({ label }) => label);
      asked.push(`take ${id}`);
      house.mostAtOnce = Math.max(house.mostAtOnce, ++atOnce);
      await turn();
      atOnce--;
      if (house.fails) throw new Error('the database is away');
      const gone = labels.filter((label) => taken.has(label));
      if (gone.length > 0) return { kind: 'taken', seats: named(gone) };
      for (const label of labels) taken.add(label);
      return HELD;
    },
    async findUnavailable(requests: readonly HoldRequest[]): Promise<(SeatName[] | null)[]> {
      asked.push(`look ${requests.map(({ id }) => id).join(' ')}`);
      await turn();
      return requests.map(({ seats }) => {
        const gone = seats.map(({ label }) => label).filter((label) => taken.has(label));
        return gone.length > 0 ? named(gone) : null;
      });
    },
  };
  return house;
}

/** The queue for requests whose place does not matter. */
const queueOf = (house: ReturnType<typeof makeHouse>) => {
  const hold = createHoldQueue(house);
  return (request: HoldRequest) => hold(request, (part) => part());
};

const named = (labels: readonly string[]) => labels.map((label) => ({ event: 'hamlet', label }));
const wish = (id: string, ...labels: string[]) =>
  ({ id, seats: named(labels) }) as unknown as HoldRequest;
const kinds = (results: HoldResult[]) => results.map(({ kind }) => kind);

describe('the queue of those who want seats', () => {
  it('lets one of a crowd take the seat, and asks for all others together whether it is gone', async () => {
    const house = makeHouse();
    const hold = queueOf(house);
    const results = await Promise.all(['a', 'b', 'c', 'd'].map((id) => hold(wish(id, 'A-1'))));
    expect(kinds(results)).toEqual(['held', 'taken', 'taken', 'taken']);
    expect(house.asked).toEqual(['take a', 'look b c d']);
  });

  it('holds up nobody who wants another seat', async () => {
    const house = makeHouse();
    const hold = queueOf(house);
    const results = await Promise.all(
      ['A-1', 'A-2', 'A-3'].map((label) => hold(wish(label, label))),
    );
    expect(kinds(results)).toEqual(['held', 'held', 'held']);
    expect(house.mostAtOnce).toBe(3);
    expect(house.asked.filter((one) => one.startsWith('look'))).toEqual([]);
  });

  it('lets those who overlap in one seat go one after the other, whichever way round they name them', async () => {
    const house = makeHouse();
    const hold = queueOf(house);
    const results = await Promise.all([
      hold(wish('a', 'A-1', 'A-2')),
      hold(wish('b', 'A-2', 'A-1')),
    ]);
    expect(kinds(results)).toEqual(['held', 'taken']);
    expect(house.mostAtOnce).toBe(1);
  });

  it('looks first where seats were gone a moment ago, and still takes what is free', async () => {
    const house = makeHouse();
    const hold = queueOf(house);
    await hold(wish('a', 'A-1'));
    await hold(wish('b', 'A-1'));
    house.asked.length = 0;
    expect((await hold(wish('c', 'A-1'))).kind).toBe('taken');
    expect((await hold(wish('d', 'A-2'))).kind).toBe('held');
    house.release('A-1');
    expect((await hold(wish('e', 'A-1'))).kind).toBe('held');
    expect(house.asked).toEqual(['look c', 'look d', 'take d', 'look e', 'take e']);
  });

  it('lets the next one try when the one ahead failed, and tells each its own failure', async () => {
    const house = makeHouse();
    house.fails = true;
    const hold = queueOf(house);
    const results = await Promise.allSettled(['a', 'b', 'c'].map((id) => hold(wish(id, 'A-1'))));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    house.fails = false;
    expect((await hold(wish('d', 'A-1'))).kind).toBe('held');
  });
});
