import fc from 'fast-check';
import {
  candidatesByCategory,
  chooseApart,
  chooseTogether,
  type ChoosableSeat,
} from '../../src/domain/best-available';

const row = (name: string | null, count: number, category = 'stalls'): ChoosableSeat[] =>
  Array.from({ length: count }, (_, index) => ({
    section: 'Stalls',
    row: name,
    position: name === null ? null : index + 1,
    category,
  }));
const stalls = (map: ChoosableSeat[]) => candidatesByCategory(map).get('stalls')!;
const but =
  (...taken: number[]) =>
  (seat: number) =>
    !taken.includes(seat);

describe('The engine chooses seats', () => {
  it('side by side, from the best place that has enough', () => {
    const candidates = stalls([...row('A', 4), ...row('B', 5)]);
    expect(chooseTogether(candidates, but(1), 3)?.seats).toEqual([4, 5, 6]);
    expect(chooseTogether(candidates, but(0), 3)?.seats).toEqual([1, 2, 3]);
  });

  it('never side by side across rows, sections, categories or general admission places', () => {
    const other = row('A', 2).map((seat) => ({ ...seat, section: 'Circle', position: 3 }));
    for (const map of [
      [...row('A', 1), ...row('B', 1)],
      [...row('A', 2).slice(1), ...other],
      [...row('A', 1), ...row('A', 2, 'floor').slice(1)],
      row(null, 5),
    ])
      expect(chooseTogether(stalls(map), () => true, 2)).toBeNull();
  });

  it('further on when it passes choices over, but never none because of that', () => {
    const candidates = stalls(row('A', 7));
    expect(chooseTogether(candidates, () => true, 2, { skip: 2 })?.seats).toEqual([4, 5]);
    expect(chooseTogether(candidates, () => true, 2, { skip: 50 })?.seats).toEqual([4, 5]);
  });

  it('one by one, best first, and not at all when too few are free', () => {
    const candidates = stalls([...row('A', 3), ...row(null, 2)]);
    expect(chooseApart(candidates, but(1), 2)?.seats).toEqual([0, 2]);
    expect(chooseApart(candidates, but(0, 1, 2, 3), 2)).toBeNull();
  });

  it('as many different free seats as were asked for, and never one that is taken', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.boolean(), { minLength: 30, maxLength: 60 }),
        fc.nat(7),
        fc.infiniteStream(fc.nat()),
        (quantity, free, attempt, randoms) => {
          const map = [...row('A', 12), ...row('B', 12), ...row(null, free.length - 24)];
          const pick = (below: number) => (randoms.next().value as number) % below;
          const isFree = (seat: number) => free[seat]!;
          const choices = [
            chooseTogether(stalls(map), isFree, quantity, { skip: attempt }),
            chooseApart(stalls(map), isFree, quantity, { spread: 1 + attempt, pick }),
          ];
          for (const choice of choices) {
            if (!choice) continue;
            expect(new Set(choice.seats).size).toBe(quantity);
            expect(choice.seats.filter((seat) => !free[seat])).toEqual([]);
          }
          const enough = free.filter(Boolean).length >= quantity;
          expect(choices[1] !== null).toBe(enough);
        },
      ),
    );
  });
});
