import { readSeatCsv } from '../../src/domain/seat-csv';
import { layOutBlocks } from '../../src/domain/seat-map';

const HEADER = 'section,row,number,category,x,y,accessible,companion';
const read = (...lines: string[]) => readSeatCsv(Buffer.from([HEADER, ...lines].join('\n')));
const faults = (csv: ReturnType<typeof readSeatCsv>) =>
  'faults' in csv ? csv.faults.map(({ line, message }) => `${line} ${message}`) : [];

describe('A CSV file of seats', () => {
  it('gives rows in the order of their first line, aisles, places and coordinates', () => {
    const csv = read(
      'Stalls,A,11,stalls,0,0.5,true,false',
      'Stalls,B,1,stalls,0,1,,',
      'Stalls,A,12,circle,1,0.5,,TRUE',
      'Stalls,A,,,,,,',
      '"Stalls",A,"12 ""bis""",stalls,-3,0,,',
      '',
      'Floor,,,stalls,,,,',
    );
    if ('faults' in csv) throw new Error(JSON.stringify(csv.faults));
    expect(csv.lines).toEqual([2, 4, 6, 3, 8]);
    expect(
      layOutBlocks(csv.blocks).seats.map((seat) => [
        seat.label,
        seat.rowOrder,
        seat.position,
        seat.category,
        seat.x,
        seat.y,
        seat.accessible,
        seat.companion,
      ]),
    ).toEqual([
      ['A-11', 0, 1, 'stalls', 0, 0.5, true, false],
      ['A-12', 0, 2, 'circle', 1, 0.5, false, true],
      ['A-12 "bis"', 0, 4, 'stalls', -3, 0, false, false],
      ['B-1', 1, 1, 'stalls', 0, 1, false, false],
      ['Floor-1', 2, null, 'stalls', null, null, false, false],
    ]);
  });

  it('may have a byte order mark, CRLF, other letters, another order of columns and no end of line', () => {
    const text =
      '\ufeffCategory,Number,Row,Section\r\nstalls,1,C\u030c,Parkett\r\nstalls,2,Č,Parkett';
    const csv = readSeatCsv(Buffer.from(text));
    expect('blocks' in csv && csv.blocks).toMatchObject([
      { section: 'Parkett', row: 'Č', seats: [{ number: '1' }, { number: '2' }] },
    ]);
  });

  it.each<[string, Buffer, RegExp]>([
    ['UTF-16 with a mark', Buffer.from('\ufeffsection', 'utf16le'), /^0 .*UTF-16/],
    ['UTF-16 without one', Buffer.from('section,row', 'utf16le'), /^0 .*UTF-16/],
    ['UTF-16, the other way round', Buffer.from([0xfe, 0xff, 0, 0x73]), /^0 .*UTF-16/],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x73, 0, 0, 0]), /^0 .*UTF-32/],
    ['a spreadsheet', Buffer.from('PK\u0003\u0004'), /^0 .*compressed/],
    [
      'Windows-1252',
      Buffer.from(`${HEADER}\nA,A,1,a,,,,\nPremi\xe8re,A,1,a,,,,\n`, 'latin1'),
      /^3 is not UTF-8/,
    ],
    ['nothing', Buffer.alloc(0), /^0 The file has no seats/],
    ['a header alone', Buffer.from(HEADER), /^0 The file has no seats/],
    ['semicolons', Buffer.from('section;row;number;category\n'), /^1 .*commas/],
    ['an unknown column', Buffer.from('section,row,number,category,colour\n'), /^1 .*"colour"/],
    ['a column twice', Buffer.from('section,row,number,category,row\n'), /^1 .*row twice/],
    ['too few columns', Buffer.from('section,row,number\n'), /^1 lacks the column category/],
    ['an open quote', Buffer.from(`${HEADER}\nS,A,1,a,,,,\nS,A,"2,a,,,,\n`), /^3 has a quote/],
  ])('is refused by name: %s', (_what, bytes, fault) => {
    const told = faults(readSeatCsv(bytes));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(fault);
  });

  it.each<[string, string, string]>([
    ['no section', ',A,1,a,,,,', 'section is empty'],
    ['a number without a row', 'S,,1,a,,,,', 'number is given without a row'],
    ['no category', 'S,A,1,,,,,', 'category is empty'],
    ['a category that is no code', 'S,A,1,a b,,,,', 'category "a b" is no code'],
    ['x alone', 'S,A,1,a,1,,,', 'x and y go together'],
    ['a decimal comma', 'S,A,1,a,"1,5",0,,', 'x "1,5" is no number'],
    ['a number far out', 'S,A,1,a,1,999999,,', 'y "999999" is no number'],
    ['a flag that is none', 'S,A,1,a,,,maybe,', 'accessible must be true, false or empty'],
    [
      'a flag like constructor',
      'S,A,1,a,,,constructor,',
      'accessible must be true, false or empty',
    ],
    ['both flags', 'S,A,1,a,,,true,true', 'not both'],
    ['a wheelchair on the floor', 'S,,,a,,,true,', 'only a seat in a row'],
    ['too many cells', 'S,A,1,a,,,,,', 'has 9 cells, not 8'],
    ['an invisible row', 'S,\u200b,1,a,,,,', 'row must have a visible character'],
    ['a long number', `S,A,${'9'.repeat(21)},a,,,,`, 'number must have 20 characters'],
  ])('names the line with %s', (_what, line, fault) => {
    const told = faults(read('S,A,7,a,,,,', line, 'S,A,8,a,,,,'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`3 ${fault}`.slice(0, 2));
    expect(told[0]).toContain(fault);
  });

  it('names the one wrong line of a hundred thousand', () => {
    const lines = Array.from(
      { length: 100_000 },
      (_, n) => `S,R${Math.floor(n / 500)},${n % 500},a,,,,`,
    );
    lines[77_777] = 'S,R1,1,,,,,';
    expect(faults(read(...lines))).toEqual(['77779 category is empty']);
  });

  it('of too many seats is refused, and of too many faults a hundred are told', () => {
    const line = (n: number) => `S,R${Math.floor(n / 500)},${n % 500},a,,,,`;
    const tooMany = read(...Array.from({ length: 100_001 }, (_, n) => line(n)));
    expect(faults(tooMany)).toEqual(['100002 an event has at most 100000 seats']);
    expect(faults(read(...Array<string>(500).fill('S,A,1,,,,,')))).toHaveLength(100);
  });
});
