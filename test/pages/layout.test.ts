import { layOut, createGrid, type MapSeat } from '../../src/pages/holdfast-map/layout';
import {
  createModel,
  neighbour,
  orphansOf,
  type MapEvent,
} from '../../src/pages/holdfast-map/model';

const price = { amount: 100, currency: 'EUR' };
const EVENT: MapEvent = {
  slug: 'hamlet',
  name: 'Hamlet',
  priceTypes: [{ code: 'standard', name: 'Standard' }],
  categories: [{ code: 'stalls', name: 'Stalls', price, prices: {} }],
  maxSeatsPerReservation: 10,
};

/** A row in which `_` is free, `x` taken, and a space an aisle. */
function rowOf(picture: string, name = 'A'): MapSeat[] {
  return Array.from(picture).flatMap((sign, x) => {
    if (sign === ' ') return [];
    const status = sign === '_' ? 'available' : 'sold';
    const number = String(x + 1);
    const place = { section: 'Stalls', row: name, category: 'stalls' };
    return [{ label: `${name}-${number}`, number, status, x, y: 0, ...place }];
  });
}

const without = (seats: MapSeat[]): MapSeat[] => seats.map(({ x: _x, y: _y, ...seat }) => seat);

describe('The map', () => {
  it('puts seats where they say they are, neighbours one unit apart', () => {
    const seats = rowOf('____').map((seat) => ({ ...seat, x: seat.x! * 55, y: 110 }));
    const { x, y } = layOut(seats);
    expect([...x]).toEqual([0, 1, 2, 3]);
    expect([...y]).toEqual([2, 2, 2, 2]);
  });

  it('lays out rows and places that have no coordinates, each seat on a spot of its own', () => {
    const places = Array.from({ length: 500 }, (_, index) => ({
      ...{ label: `Floor-${index + 1}`, section: 'Floor', row: null, number: null },
      ...{ category: 'stalls', status: 'available' },
    }));
    const seats = [...without(rowOf('______')), ...without(rowOf('____', 'B')), ...places];
    const { x, y, sections } = layOut(seats);
    expect(new Set(seats.map((_, index) => `${x[index]} ${y[index]}`)).size).toBe(seats.length);
    expect(sections.map(({ name }) => name)).toEqual(['Stalls', 'Floor']);
    // The shorter row stands in the middle of the longer one.
    expect(x[6]).toBe(x[1]);
  });

  it('finds by its grid what is near a point, and nothing twice', () => {
    const layout = layOut(
      Array.from({ length: 30 }, (_, row) => rowOf('_'.repeat(30), `${row}`)).flat(),
    );
    const seen: number[] = [];
    createGrid(layout).within(layout.box, (seat) => seen.push(seat));
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 900 }, (_, seat) => seat));
  });

  it.each([
    ['a seat between the choice and a taken one', '____x', [1, 2], [0, 3]],
    ['a seat between the choice and the end of the row', '____', [0, 1, 2], [3]],
    ['a seat between the choice and an aisle', '___ ___', [0, 1], [2]],
    ['not a seat that was alone before', '_x___', [2, 3, 4], []],
    ['not two seats side by side', '_____', [0, 1, 2], []],
    ['not a row that is taken whole', '___x', [0, 1, 2], []],
  ])('warns of %s', (_, picture, chosen, alone) => {
    expect(orphansOf(createModel(EVENT, rowOf(picture)), new Set(chosen))).toEqual(alone);
  });

  it('goes by arrow keys to the next seat in that direction, over aisles, and stays at the edge', () => {
    const model = createModel(EVENT, [
      ...rowOf('___ ___'),
      ...rowOf('_______', 'B').map((seat) => ({ ...seat, y: 1 })),
    ]);
    const from = (label: string, key: string) =>
      model.labels[neighbour(model, model.find(label), key)];
    expect(from('A-3', 'ArrowRight')).toBe('A-5');
    expect(from('A-3', 'ArrowDown')).toBe('B-3');
    expect(from('B-5', 'ArrowUp')).toBe('A-5');
    expect(from('A-1', 'ArrowLeft')).toBe('A-1');
  });
});
