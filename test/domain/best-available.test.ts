import fc from 'fast-check';
import { chooseSeats } from '../../src/domain/best-available';

const first = () => 0;

describe('The engine chooses seats', () => {
  it('side by side, from the end of the best run that is long enough', () => {
    const runs = [{ labels: ['A-1', 'A-2'] }, { labels: ['B-4', 'B-5', 'B-6', 'B-7'] }];
    expect(chooseSeats({ runs, singles: [] }, 3, 0, first)).toEqual(['B-4', 'B-5', 'B-6']);
  });

  it('one by one, best first, when no run is long enough', () => {
    expect(chooseSeats({ runs: [], singles: ['A-1', 'A-3', 'B-2'] }, 2, 0, first)).toEqual([
      'A-1',
      'A-3',
    ]);
  });

  it('not at all when too few are free', () => {
    expect(chooseSeats({ runs: [], singles: ['A-1'] }, 2, 0, first)).toBeNull();
  });

  it('as many different free seats as were asked for, at every attempt', () => {
    const singles = Array.from({ length: 60 }, (_, index) => `S-${index}`);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.nat(7),
        fc.infiniteStream(fc.nat()),
        (quantity, attempt, randoms) => {
          const pick = (below: number) => (randoms.next().value as number) % below;
          const chosen = chooseSeats({ runs: [], singles }, quantity, attempt, pick)!;
          expect(new Set(chosen).size).toBe(quantity);
          expect(singles).toEqual(expect.arrayContaining(chosen));
        },
      ),
    );
  });

  it('neighbours of one run, wherever in it', () => {
    const labels = Array.from({ length: 12 }, (_, index) => `A-${index + 1}`);
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.nat(7),
        fc.nat(),
        (quantity, attempt, random) => {
          const chosen = chooseSeats(
            { runs: [{ labels }], singles: [] },
            quantity,
            attempt,
            (below) => random % below,
          )!;
          const start = labels.indexOf(chosen[0]!);
          expect(chosen).toEqual(labels.slice(start, start + quantity));
        },
      ),
    );
  });
});
