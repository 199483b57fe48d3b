import fc from 'fast-check';
import { countSeats, layOutSeats } from '../../src/domain/seat-map';

const labels = (...sections: Parameters<typeof layOutSeats>[0][number][]) =>
  layOutSeats(sections).seats.map((seat) => seat.label);

describe('A seat is labelled', () => {
  it('by row and number', () => {
    expect(labels({ name: 'Stalls', category: 'a', rows: [{ name: 'A', seats: 2 }] })).toEqual([
      'A-1',
      'A-2',
    ]);
  });

  it('by section, row and number where several sections have a row of that name', () => {
    const rows = [{ name: 'A', seats: 1 }];
    const made = labels(
      { name: 'Stalls', category: 'a', rows },
      { name: 'Royal Circle', category: 'a', rows },
    );
    expect(made).toEqual(['Stalls-A-1', 'Royal_Circle-A-1']);
  });

  it('by section and number for general admission', () => {
    expect(labels({ name: 'Floor', category: 'a', places: 2 })).toEqual(['Floor-1', 'Floor-2']);
  });

  it('as its row calls it, in order: a block, odd ones, one with a letter, an aisle', () => {
    const numbers = ['11', '12', null, '12 bis', '15'];
    const { seats } = layOutSeats([{ name: 'S', category: 'a', rows: [{ name: 'A', numbers }] }]);
    expect(seats.map(({ label, number, position }) => [label, number, position])).toEqual([
      ['A-11', '11', 1],
      ['A-12', '12', 2],
      ['A-12 bis', '12 bis', 4],
      ['A-15', '15', 5],
    ]);
  });

  it('twice when two rows and numbers make one label, which is told', () => {
    const rows = [
      { name: 'A', numbers: ['1-2'] },
      { name: 'A-1', numbers: ['2'] },
    ];
    expect(layOutSeats([{ name: 'S', category: 'a', rows }]).doubled).toEqual(['A-1-2']);
  });

  it('apart from a floor that is called like a row', () => {
    const made = labels(
      { name: 'A', category: 'a', places: 1 },
      { name: 'Stalls', category: 'a', rows: [{ name: 'A', seats: 1 }] },
    );
    expect(new Set(made).size).toBe(2);
  });

  it('never twice, or the definition is refused by naming the label', () => {
    const row = fc.record({
      name: fc.constantFrom('A', 'B', 'S-A', 'A 1'),
      seats: fc.integer({ min: 1, max: 4 }),
    });
    const section = fc.oneof(
      fc.record({
        name: fc.constantFrom('A', 'S', 'Stalls'),
        category: fc.constant('a'),
        rows: fc.array(row, { minLength: 1, maxLength: 3 }),
      }),
      fc.record({
        name: fc.constantFrom('A', 'S', 'Stalls'),
        category: fc.constant('a'),
        places: fc.integer({ min: 1, max: 4 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(section, { minLength: 1, maxLength: 4 }), (sections) => {
        const { seats, doubled } = layOutSeats(sections);
        expect(seats).toHaveLength(countSeats(sections));
        const distinct = new Set(seats.map((seat) => seat.label)).size;
        expect(distinct === seats.length).toBe(doubled.length === 0);
      }),
    );
  });
});
