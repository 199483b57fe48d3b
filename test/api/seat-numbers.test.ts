import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { mailsTo } from '../support/mail-catcher';
import { readPdf } from '../support/pdf-reader';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

type Row = { name?: string; seats?: unknown; numbers?: unknown };
const categories = [{ code: 'stalls', name: 'Stalls', price: 4500 }];
const withRows = (...rows: Row[]) => ({
  categories,
  sections: [
    { name: 'Stalls', category: 'stalls', rows: rows.map((row) => ({ name: 'A', ...row })) },
  ],
});
const make = (...rows: Row[]) =>
  api.call<{ errors: { path: string }[] }>('POST', '/v1/events', {
    key: system.info.keys.operator,
    body: {
      slug: `numbers-${randomUUID().slice(0, 8)}`,
      name: 'Hamlet',
      startsAt: '2030-03-14T19:00:00Z',
      currency: 'EUR',
      ...withRows(...rows),
    },
  });
const best = (event: string, quantity: number) =>
  api.call<Reservation>('POST', '/v1/reservations', {
    body: {
      event,
      bestAvailable: { quantity, category: 'stalls' },
      buyer: { name: 'Ada Lovelace', email: `${randomUUID()}@example.org` },
    },
    headers: { 'idempotency-key': randomUUID() },
  });
const labelsOf = ({ seats }: Reservation) => seats.map(({ label }) => label);

describe('The numbers of a row', () => {
  it('are what the house calls its seats: a block, odd ones, one missing, one with a letter', async () => {
    const event = await api.event(withRows({ numbers: ['11', '12', null, '12 bis', '15'] }));
    expect((await api.seats(event)).map(({ label, row, number }) => [label, row, number])).toEqual([
      ['A-11', 'A', '11'],
      ['A-12', 'A', '12'],
      ['A-12 bis', 'A', '12 bis'],
      ['A-15', 'A', '15'],
    ]);
    const held = await api.held(event, ['A-12 bis']);
    expect(labelsOf(held)).toEqual(['A-12 bis']);
    expect(await api.seatStatus(event, 'A-12 bis')).toBe('held');
  });

  it('are 1 to so many in short', async () => {
    const event = await api.event(withRows({ seats: 3 }, { name: 'B', numbers: ['1', '2', '3'] }));
    expect((await api.seats(event)).map(({ label, number }) => [label, number])).toEqual([
      ['A-1', '1'],
      ['A-2', '2'],
      ['A-3', '3'],
      ['B-1', '1'],
      ['B-2', '2'],
      ['B-3', '3'],
    ]);
  });

  it('are in normal form NFC, and so are labels: both ways to write one are one seat', async () => {
    const event = await api.event(withRows({ name: 'C\u030c', numbers: ['1e\u0301'] }));
    expect((await api.seats(event)).map(({ label }) => label)).toEqual(['Č-1é']);
    expect(labelsOf(await api.held(event, ['C\u030c-1e\u0301']))).toEqual(['Č-1é']);
    const twice = await make({ numbers: ['1e\u0301', '1é'] });
    expect(refusal(twice)).toEqual([422, 'validation_failed']);
  });

  it.each<[string, Row[], string]>([
    ['nothing at all', [{}], 'sections.0.rows.0'],
    ['both ways at once', [{ seats: 2, numbers: ['1', '2'] }], 'sections.0.rows.0'],
    ['aisles alone', [{ numbers: [null, null] }], 'sections.0.rows.0.numbers'],
    ['a number twice', [{ numbers: ['1', '1'] }], 'sections'],
    [
      'a label twice by two rows',
      [
        { name: 'A', numbers: ['1-2'] },
        { name: 'A-1', numbers: ['2'] },
      ],
      'sections',
    ],
    ['a number that is none', [{ numbers: [1] }], 'sections.0.rows.0.numbers.0'],
    ['an empty text', [{ numbers: [''] }], 'sections.0.rows.0.numbers.0'],
    ['blanks around it', [{ numbers: ['1', ' 1'] }], 'sections.0.rows.0.numbers.1'],
    ['an invisible one', [{ numbers: ['\u200b'] }], 'sections.0.rows.0.numbers.0'],
    ['two lines', [{ numbers: ['1\n2'] }], 'sections.0.rows.0.numbers.0'],
    ['a long one', [{ numbers: ['x'.repeat(21)] }], 'sections.0.rows.0.numbers.0'],
    [
      'too many seats',
      [{ numbers: Array.from({ length: 501 }, (_, index) => `${index}`) }],
      'sections.0.rows.0.numbers',
    ],
    [
      'too many aisles',
      [{ numbers: ['1', ...Array<null>(1000).fill(null)] }],
      'sections.0.rows.0.numbers',
    ],
  ])('refuse %s', async (_what, rows, path) => {
    const answer = await make(...rows);
    expect(refusal(answer)).toEqual([422, 'validation_failed']);
    expect(answer.body.errors.map((error) => error.path)).toContain(path);
  });

  it('take a row of 500 with an aisle between every two', async () => {
    const numbers = Array.from({ length: 999 }, (_, index) => (index % 2 ? null : `${index}`));
    expect((await make({ numbers })).status).toBe(201);
  });

  it('stand on the ticket and in the mail as they are', async () => {
    const event = await api.event(withRows({ numbers: ['11', null, '12 bis'] }));
    const sold = await api.sold(event, ['A-12 bis']);
    const [ticket] = await api.tickets(sold.id);
    expect(ticket!.seat).toBe('A-12 bis');
    const [mail] = await eventually(async () => {
      const mails = await mailsTo(sold.buyer!.email);
      expect(mails).toHaveLength(1);
      return mails;
    });
    expect(mail!.text).toContain('Stalls · Row A · Seat 12 bis');
    const pdf = mail!.attachments.find(({ contentType }) => contentType === 'application/pdf');
    expect((await readPdf(pdf!.content)).pages[0]!.text).toMatch(/12\s*bis/);
  });
});

describe('The best available seats', () => {
  it('are neighbours by place, not by number: odd ones side by side', async () => {
    const event = await api.event(withRows({ numbers: ['1', '3', '5'] }));
    expect(labelsOf((await best(event, 3)).body)).toEqual(['A-1', 'A-3', 'A-5']);
  });

  it('are not taken across an aisle while there are neighbours, whatever they are called', async () => {
    const event = await api.event(
      withRows({ numbers: ['1', null, '2', '3'] }, { name: 'B', numbers: ['1', '2', null, '3'] }),
    );
    expect(labelsOf((await best(event, 2)).body)).toEqual(['A-2', 'A-3']);
    expect(labelsOf((await best(event, 2)).body)).toEqual(['B-1', 'B-2']);
    // No neighbours are left: the best single ones.
    expect(labelsOf((await best(event, 2)).body)).toEqual(['A-1', 'B-3']);
  });
});

it('A seat that release 1.0 wrote is called as its place, and sold like any other', async () => {
  const event = await api.event(withRows({ seats: 2 }));
  // As release 1.0 makes the seats of an event, while it runs beside this one.
  const insert = sql(
    'test_insert_seats_1_0',
    `insert into seats (event_id, label, section, row_name, number, category_code)
     select (select id from events where slug = $1), label, section, row_name, number, category
       from unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::text[])
            with ordinality as s (label, section, row_name, number, category, ordinal) order by ordinal`,
  );
  await system.db.run(insert, [
    event,
    ['B-1', 'B-2'],
    ['Stalls', 'Stalls'],
    ['B', 'B'],
    [1, 2],
    ['stalls', 'stalls'],
  ]);
  expect((await api.seats(event)).map(({ label, number }) => [label, number])).toEqual([
    ['A-1', '1'],
    ['A-2', '2'],
    ['B-1', '1'],
    ['B-2', '2'],
  ]);
  await api.held(event, ['A-1']);
  expect(labelsOf((await best(event, 2)).body)).toEqual(['B-1', 'B-2']);
});
