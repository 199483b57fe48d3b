import { createHoldBatches } from '../../src/api/hold-batches';
import type { HoldRequest, HoldResult } from '../../src/db/holds';

const HELD = { kind: 'held' } as HoldResult;
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A database that answers when it is told to, and remembers what was asked of it. */
function makeDatabase(most = 32) {
  const asked: string[] = [];
  const answers: ((results: (HoldResult | null)[] | Error) => void)[] = [];
  const sizes: number[] = [];
  const hold = createHoldBatches({
    most,
    fits: ({ code }) => code === null,
    observe: (size) => sizes.push(size),
    together(requests) {
      asked.push(requests.map(({ id }) => id).join(' '));
      return new Promise((resolve, reject) =>
        answers.push((results) =>
          results instanceof Error ? reject(results) : resolve(requests.map((_, i) => results[i]!)),
        ),
      );
    },
  });
  const alone = async ({ id }: HoldRequest): Promise<HoldResult> => {
    asked.push(`${id} alone`);
    await turn();
    return HELD;
  };
  return {
    asked,
    sizes,
    hold: (request: HoldRequest) => hold(request, alone),
    answer: async (results: (HoldResult | null)[] | Error) => {
      answers.shift()!(results);
      await turn();
    },
    answerAll: async (): Promise<void> => {
      while (answers.length > 0) {
        answers.shift()!(Array<HoldResult>(100).fill(HELD));
        await turn();
      }
    },
  };
}

const wish = (id: string, more: Partial<HoldRequest> = {}) =>
  ({
    id,
    seats: [{ event: 'hamlet', label: id }],
    buyer: null,
    code: null,
    ...more,
  }) as HoldRequest;
const wishes = (count: number, prefix = 'n') =>
  Array.from({ length: count }, (_, index) => wish(`${prefix}${index}`));
const buyer = (email: string) => ({ buyer: { name: 'Ada', email } });

describe('the batches of holds', () => {
  it('let a request that finds no other under way go alone, at once', async () => {
    const { hold, asked, sizes } = makeDatabase();
    for (const id of ['a', 'b', 'c']) expect(await hold(wish(id))).toBe(HELD);
    expect(asked).toEqual(['a alone', 'b alone', 'c alone']);
    expect(sizes).toEqual([]);
  });

  it('gather those that come while one is under way, and send them when it is back', async () => {
    const { hold, asked, answer, answerAll, sizes } = makeDatabase();
    const all = Promise.all(wishes(5).map(hold));
    await turn();
    expect(asked).toEqual(['n0 alone', 'n1']);
    await answer([HELD]);
    expect(asked.slice(2)).toEqual(['n2 n3 n4']);
    await answerAll();
    expect(await all).toEqual(Array(5).fill(HELD));
    expect(sizes).toEqual([1, 3]);
  });

  it('send a second beside the first when many wait, and never a third', async () => {
    const { hold, answerAll, sizes } = makeDatabase();
    const all = Promise.all(wishes(30).map(hold));
    await turn();
    expect(sizes).toEqual([1, 4]);
    await answerAll();
    await all;
    expect(sizes).toEqual([1, 4, 24]);
  });

  it('have 32 members at most', async () => {
    const { hold, answerAll, sizes } = makeDatabase();
    const all = Promise.all(wishes(103).map(hold));
    await turn();
    await answerAll();
    expect((await all).length).toBe(103);
    expect(Math.max(...sizes)).toBe(32);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(102);
  });

  it('leave alone who shares a key, a buyer or a seat with one that is on its way', async () => {
    const { hold, asked, answerAll } = makeDatabase();
    const all = Promise.all(
      [
        wish('first'),
        wish('a', buyer('Ada@Example.org')),
        wish('b'),
        wish('same-buyer', buyer('ada+two@example.org')),
        wish('same-seat', { seats: [{ event: 'hamlet', label: 'b', priceType: null }] }),
        wish('a', { seats: [{ event: 'hamlet', label: 'other', priceType: null }] }),
        wish('other-event', { seats: [{ event: 'macbeth', label: 'b', priceType: null }] }),
      ].map(hold),
    );
    await turn();
    expect(asked.filter((one) => one.endsWith('alone'))).toEqual([
      'first alone',
      'same-buyer alone',
      'same-seat alone',
      'a alone',
    ]);
    await answerAll();
    await all;
    expect(asked.at(-1)).toBe('b other-event');
    // Nothing is claimed any more.
    asked.length = 0;
    expect(await hold(wish('b'))).toBe(HELD);
    expect(asked).toEqual(['b alone']);
  });

  it('leave alone what does not fit, and everything where they are switched off', async () => {
    const { hold, asked } = makeDatabase();
    await Promise.all([wish('a'), wish('b', { code: 'TEN' })].map(hold));
    expect(asked).toEqual(['a alone', 'b alone']);
    const single = makeDatabase(1);
    await Promise.all(wishes(5).map(single.hold));
    expect(single.asked.every((one) => one.endsWith('alone'))).toBe(true);
  });

  it('let each go alone of whom the database says nothing', async () => {
    const { hold, asked, answer } = makeDatabase();
    const all = Promise.all(wishes(5).map(hold));
    await turn();
    await answer([null]);
    await answer([HELD, null, HELD]);
    expect(await all).toEqual(Array(5).fill(HELD));
    expect(asked).toEqual(['n0 alone', 'n1', 'n1 alone', 'n2 n3 n4', 'n3 alone']);
  });

  it('tell each member when the database gave no answer, and go on', async () => {
    const { hold, asked, answer, answerAll } = makeDatabase();
    const all = Promise.allSettled(wishes(5).map(hold));
    await turn();
    await answer([HELD]);
    await answer(new Error('Connection terminated'));
    expect((await all).map(({ status }) => status)).toEqual([
      ...['fulfilled', 'fulfilled'],
      ...['rejected', 'rejected', 'rejected'],
    ]);
    const again = Promise.all(wishes(3).map(hold));
    await turn();
    await answerAll();
    expect(await again).toEqual(Array(3).fill(HELD));
    expect(asked.slice(-3)).toEqual(['n0 alone', 'n1', 'n2']);
  });
});
