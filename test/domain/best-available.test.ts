import fc from 'fast-check';
import {
  areEnough,
  chooseSeats,
  readHouse,
  type ChoosableSeat,
  type ChoiceOptions,
} from '../../src/domain/best-available';

const row = (
  name: string | null,
  count: number,
  of: Partial<ChoosableSeat> = {},
): ChoosableSeat[] =>
  Array.from({ length: count }, (_, index) => ({
    section: 'Stalls',
    row: name,
    position: name === null ? null : index + 1,
    category: 'stalls',
    rank: 0,
    accessible: false,
    companion: false,
    ...of,
  }));
/** As a house without a focal point: row by row, each from its middle. */
const ranked = (...rows: ChoosableSeat[][]): ChoosableSeat[] =>
  rows.flatMap((seats, order) =>
    seats.map((seat, index) => ({
      ...seat,
      rank: order * 1024 + Math.abs(2 * index + 1 - seats.length),
    })),
  );
const but =
  (...taken: number[]) =>
  (seat: number) =>
    !taken.includes(seat);
const all = but();

const choose = (
  map: ChoosableSeat[],
  quantity: number,
  isFree: (seat: number) => boolean = all,
  options: ChoiceOptions = {},
  accessible = 0,
) => {
  const wish = { category: 'stalls', quantity, accessible };
  return chooseSeats(readHouse(map), wish, isFree, isFree, options)?.seats ?? null;
};

describe('The engine chooses seats', () => {
  it('in the middle of the best row, and not at the wall', () => {
    expect(choose(ranked(row('A', 10)), 2)).toEqual([4, 5]);
    expect(choose(ranked(row('A', 10), row('B', 10)), 3)).toEqual([3, 4, 5]);
    expect(choose(ranked(row('A', 6), row('B', 6)), 2, but(2, 3))).toEqual([0, 1]);
    expect(choose(ranked(row('A', 6), row('B', 6)), 2, but(1, 4))).toEqual([2, 3]);
  });

  it('together before anything else', () => {
    expect(choose(ranked(row('A', 4), row('B', 9)), 3, but(1))).toEqual([7, 8, 9]);
    expect(choose(ranked(row('A', 4), row('B', 9)), 3, but(0))).toEqual([1, 2, 3]);
  });

  it('in two groups where they are not together, and one by one at the last', () => {
    expect(choose(ranked(row('A', 3), row('B', 3)), 5)).toEqual([0, 1, 2, 3, 4]);
    expect(choose(ranked(row('A', 5)), 3, but(1, 3))).toEqual([0, 2, 4]);
    expect(choose(ranked(row('A', 5)), 3, but(1, 3, 4))).toBeNull();
  });

  it('so that buyers of as many fill a row, all side by side', () => {
    const map = ranked(row('A', 20), row('B', 6));
    const taken = new Set<number>();
    for (let buyers = 0; buyers < 13; buyers++) {
      const [first, second] = choose(map, 2, (seat) => !taken.has(seat))!;
      expect([second! - first!, map[first!]!.row]).toEqual([1, map[second!]!.row]);
      taken.add(first!).add(second!);
    }
    expect(taken.size).toBe(26);
  });

  it('never side by side across rows, sections, aisles, categories or general admission places', () => {
    const other = row('A', 2).map((seat) => ({ ...seat, section: 'Circle', position: 3 }));
    for (const map of [
      [...row('A', 1), ...row('B', 1), ...row('C', 3)],
      [...row('A', 2).slice(1), ...other.slice(0, 1), ...row('C', 3)],
      [...row('A', 1), ...row('A', 2, { category: 'floor' }).slice(1), ...row('C', 3)],
      [...row('A', 1), ...row('A', 3).slice(2), ...row('C', 3)],
      [...row(null, 2), ...row('C', 3)],
    ])
      expect(choose(map, 2)).toEqual([2, 3]);
  });

  it('that leave nobody alone where another choice exists', () => {
    const map = ranked(row('A', 5), row('B', 2));
    expect(choose(map, 2, all)).toEqual([2, 3]);
    expect(choose(map, 2, all, { avoidOrphans: true })).toEqual([0, 1]);
    expect(choose(map, 4, all, { avoidOrphans: true })).toEqual([0, 1, 2, 3]);
    // One more that is alone already is no new orphan.
    expect(choose(ranked(row('A', 5)), 3, but(1), { avoidOrphans: true })).toEqual([2, 3, 4]);
  });

  it('of accessible and companion places only when asked, together where they are', () => {
    const map = ranked(row('A', 8)).map((seat, place) => ({
      ...seat,
      accessible: place === 3,
      companion: place === 4,
    }));
    expect(choose(map, 2)).toEqual([0, 1]);
    expect(choose(map, 2, all, {}, 1)).toEqual([3, 4]);
    expect(choose(map, 3, all, {}, 1)).toEqual([3, 4, 5]);
    expect(choose(map, 2, but(4), {}, 1)).toEqual([2, 3]);
    expect(choose(map, 1, all, {}, 1)).toEqual([3]);
    expect(choose(map, 2, but(3), {}, 1)).toBeNull();
    expect(choose(map, 7)).toBeNull();
  });

  it('further on when it passes choices over, but never none because of that', () => {
    const map = ranked(row('A', 7));
    expect(choose(map, 2, all, { skip: 2 })).not.toEqual(choose(map, 2));
    expect(choose(map, 2, all, { skip: 50 })).not.toBeNull();
  });

  it('as brute force does: whatever is free, together if any are, the best of those, without an orphan if any are', () => {
    const seatKind = fc.constantFrom('ordinary', 'ordinary', 'ordinary', 'accessible', 'companion');
    const seatOf = fc.record({
      kind: seatKind,
      free: fc.boolean(),
      rank: fc.nat(9),
      aisle: fc.nat(6).map((one) => one === 0),
      category: fc.constantFrom('stalls', 'stalls', 'stalls', 'floor'),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(seatOf, { minLength: 1, maxLength: 7 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 2 }),
        fc.boolean(),
        (rows, quantity, asked, avoidOrphans) => {
          const accessible = Math.min(asked, quantity);
          const map: ChoosableSeat[] = [];
          const free: boolean[] = [];
          rows.forEach((seats, name) => {
            let position = 0;
            for (const { kind, rank, aisle, category, free: isFree } of seats) {
              position += aisle ? 2 : 1;
              map.push({
                section: 'S',
                row: `${name}`,
                position,
                category,
                rank,
                accessible: kind === 'accessible',
                companion: kind === 'companion',
              });
              free.push(isFree);
            }
          });
          const isFree = (seat: number) => free[seat] === true;
          const isNext = (a: number, b: number) =>
            map[a]!.row === map[b]!.row && map[a]!.position! + 1 === map[b]!.position;
          const orphans = (chosen: readonly number[]) => {
            const left = map.map((_, seat) => isFree(seat) && !chosen.includes(seat));
            const alone = (state: readonly boolean[]) =>
              map.flatMap((_, seat) => {
                const before = seat > 0 && isNext(seat - 1, seat) && state[seat - 1];
                const after = seat + 1 < map.length && isNext(seat, seat + 1) && state[seat + 1];
                return state[seat] && !before && !after ? [seat] : [];
              });
            const known = alone(free);
            return alone(left).filter((seat) => !known.includes(seat)).length;
          };
          const fits = (chosen: readonly number[]) =>
            chosen.every((seat) => isFree(seat) && map[seat]!.category === 'stalls') &&
            chosen.filter((seat) => map[seat]!.accessible).length === accessible &&
            chosen.filter((seat) => map[seat]!.companion).length <= accessible;
          const runs = map
            .map((_, first) => Array.from({ length: quantity }, (_, index) => first + index))
            .filter(
              (run) =>
                run.at(-1)! < map.length &&
                run.every((seat, index) => index === 0 || isNext(seat - 1, seat)) &&
                fits(run),
            );

          const house = readHouse(map);
          const wish = { category: 'stalls', quantity, accessible };
          const choice = chooseSeats(house, wish, isFree, isFree, { avoidOrphans });
          const usable = map.flatMap((seat, place) =>
            isFree(place) && seat.category === 'stalls' ? [seat] : [],
          );
          const isEnough =
            usable.filter((seat) => seat.accessible).length >= accessible &&
            usable.filter((seat) => !seat.accessible && (!seat.companion || accessible > 0))
              .length >=
              quantity - accessible;
          expect(areEnough(house, wish, isFree)).toBe(isEnough);
          expect(choice !== null).toBe(isEnough);
          if (!choice) return;
          const { seats } = choice;
          expect(new Set(seats).size).toBe(quantity);
          expect(seats.every((seat) => isFree(seat) && map[seat]!.category === 'stalls')).toBe(
            true,
          );
          expect(seats.filter((seat) => map[seat]!.accessible).length).toBe(accessible);
          if (accessible === 0) expect(seats.some((seat) => map[seat]!.companion)).toBe(false);
          if (avoidOrphans) expect(choice.leavesOrphan).toBe(orphans(seats) > 0);
          if (runs.length === 0) return;
          const clean = avoidOrphans ? runs.filter((run) => orphans(run) === 0) : [];
          const among = clean.length > 0 ? clean : runs;
          const companions = (run: readonly number[]) =>
            (accessible > 0 ? -1 : 1) * run.filter((seat) => map[seat]!.companion).length;
          const rank = (run: readonly number[]) => {
            const isBeside = (a: number, b: number) =>
              map[b]?.category === 'stalls' && isNext(Math.min(a, b), Math.max(a, b));
            const line = [run[0]!];
            while (line[0]! > 0 && isBeside(line[0]!, line[0]! - 1)) line.unshift(line[0]! - 1);
            while (line.at(-1)! + 1 < map.length && isBeside(line.at(-1)!, line.at(-1)! + 1))
              line.push(line.at(-1)! + 1);
            const ranks = line.map((seat) => map[seat]!.rank);
            const isAligned = line.indexOf(run[0]!) % quantity === 0;
            return (
              run.reduce((sum, seat) => sum + map[seat]!.rank, 0) +
              (isAligned ? 0 : quantity * (Math.max(...ranks) - Math.min(...ranks) + 1))
            );
          };
          const [best] = among.sort(
            (a, b) => companions(a) - companions(b) || rank(a) - rank(b) || a[0]! - b[0]!,
          );
          expect(seats).toEqual(best);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('the same with what it remembers as without, as long as seats are only taken', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 }),
        (quantities) => {
          const map = ranked(row('A', 9), row('B', 8), row(null, 4));
          const house = readHouse(map);
          const taken = new Set<number>();
          const hints = new Map<string, number>();
          for (const quantity of quantities) {
            const isFree = (seat: number) => !taken.has(seat);
            const wish = { category: 'stalls', quantity, accessible: 0 };
            const choice = chooseSeats(house, wish, isFree, isFree, { hints });
            expect(choice).toEqual(chooseSeats(house, wish, isFree, isFree));
            for (const seat of choice?.seats ?? []) taken.add(seat);
          }
        },
      ),
    );
  });
});
