import fc from 'fast-check';
import { layOutSeats } from '../../src/domain/seat-map';
import { rankSeats, type Point, type SeatPlace } from '../../src/domain/seat-rank';

const row = (rowOrder: number, seats: number): SeatPlace[] =>
  Array.from({ length: seats }, (_, index) => ({ rowOrder, position: index + 1 }));

/** The seats in the order of choice, as indices. */
function order(seats: readonly SeatPlace[], focalPoint: Point | null = null): number[] {
  const ranks = rankSeats(seats, focalPoint);
  return seats.map((_, index) => index).sort((a, b) => ranks[a]! - ranks[b]! || a - b);
}

describe('The order of choice', () => {
  it('is from the middle of a row to its ends', () => {
    expect(order(row(0, 5))).toEqual([2, 1, 3, 0, 4]);
    expect(order(row(0, 4))).toEqual([1, 2, 0, 3]);
  });

  it('is row by row: the wall of the first comes before the middle of the second', () => {
    expect(order([...row(0, 3), ...row(1, 3)])).toEqual([1, 0, 2, 4, 3, 5]);
  });

  it('has the middle of a row between its ends, an aisle included', () => {
    const { seats } = layOutSeats([
      {
        name: 'S',
        category: 'a',
        rows: [{ name: 'A', numbers: ['1', '2', null, null, '3', '4', '5'] }],
      },
    ]);
    expect(order(seats).map((index) => seats[index]!.number)).toEqual(['3', '2', '4', '1', '5']);
  });

  it('is that of the map for places of a floor', () => {
    const floor = Array.from({ length: 3 }, () => ({ rowOrder: 1, position: null }));
    expect(order([...row(0, 2), ...floor, ...row(2, 2)])).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('is by the distance from the focal point, in the coordinates of the house', () => {
    const seats: SeatPlace[] = [
      { rowOrder: 0, position: 1, x: -3, y: 0 },
      { rowOrder: 0, position: 2, x: 0.5, y: 4 },
      { rowOrder: 1, position: 1, x: 1, y: 1 },
    ];
    expect(order(seats, { x: 0, y: 0 })).toEqual([2, 0, 1]);
    expect(rankSeats(seats, { x: 0, y: 0 })).toEqual([3000, 4031, 1414]);
  });

  it('has seats without coordinates where the rows lay them out, one unit apart, from 0', () => {
    expect(order([...row(0, 3), ...row(1, 3)], { x: 2, y: 1 })).toEqual([5, 2, 4, 1, 3, 0]);
  });

  it('puts a floor without coordinates behind the rows before it', () => {
    const seats = [...row(0, 1), { rowOrder: 1, position: null }, ...row(2, 1)];
    expect(order(seats, { x: 0, y: 0 })).toEqual([0, 1, 2]);
  });

  it('is the same when rows come one after the other: no rank depends on another row', () => {
    const rows = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 });
    const focal = fc.option(fc.record({ x: fc.integer(), y: fc.integer() }));
    fc.assert(
      fc.property(rows, focal, (lengths, focalPoint) => {
        const each = lengths.map((seats, rowOrder) => row(rowOrder, seats));
        expect(each.flatMap((seats) => rankSeats(seats, focalPoint))).toEqual(
          rankSeats(each.flat(), focalPoint),
        );
      }),
    );
  });

  it('fits the column, in the largest event and far from the focal point', () => {
    const last = rankSeats(row(99_999, 1000), null);
    expect(Math.max(...last)).toBeLessThan(2 ** 31);
    const far = { rowOrder: 0, position: 1, x: 100_000, y: 100_000 };
    const [rank] = rankSeats([far], { x: -100_000, y: -100_000 });
    expect(rank).toBeLessThan(2 ** 31);
    expect(Number.isInteger(rank)).toBe(true);
  });
});
