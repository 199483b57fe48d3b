import { COSTS, type UnitCosts } from '../../proof/capacity/costs';
import {
  estimateDeployment,
  estimateLoad,
  estimateStorage,
  MILLION,
  type Sale,
} from '../../proof/capacity/estimate';
import { readOptions, UsageError } from '../../proof/capacity/options';

/** Every step costs 1, so that a result can be told by counting. */
const ONES = Object.fromEntries(Object.keys(COSTS).map((name) => [name, 1])) as UnitCosts;
const SALE: Sale = {
  ...MILLION,
  buyers: 60_000,
  seats: 12_000,
  minutes: 10,
  openingShare: 0.5,
  openingSeconds: 30,
  triesPerBuyer: 2,
  holdingSeconds: 10,
  seatsPerReservation: 2,
  paidShare: 0.5,
  payingSeconds: 90,
  confirmSeconds: 10,
  ticketMinutes: 1,
  plannedUse: 0.5,
  plannedShardUse: 0.25,
  databasePool: 10,
};

describe('the load of a sale', () => {
  test('is the number of buyers and seats, over the time that they have', () => {
    expect(estimateLoad(SALE)).toEqual({
      reservations: 6_000,
      paid: 3_000,
      arrivalsPerSecond: 1_050,
      triesPerSecond: 2_100,
      holdsPerSecond: 600,
      refusedPerSecond: 1_500,
      mapsPerSecond: 3_150,
      adoptedPerSecond: 60,
      paidPerSecond: 30,
      ticketsPerSecond: 20,
    });
  });

  test('has no refusals when the seats outlast the requests', () => {
    const { holdsPerSecond, triesPerSecond, refusedPerSecond } = estimateLoad({
      ...SALE,
      seats: 100_000_000,
    });
    expect(holdsPerSecond).toBe(triesPerSecond);
    expect(refusedPerSecond).toBe(0);
  });
});

describe('the deployment', () => {
  const deploymentOf = (sale: Sale, costs = ONES) =>
    estimateDeployment(sale, estimateLoad(sale), costs);
  const part = (sale: Sale, name: string, costs = ONES) =>
    deploymentOf(sale, costs).parts.find((one) => one.name === name)!;

  test('has the processors that the unit costs of the load take, at the planned use', () => {
    // 600 holds, 1,500 refusals and 30 payments of 1 ms each, on processors of which half is used.
    expect(part(SALE, 'API').processors).toBe(5);
    // And 60 adoptions, 30 settlements, 30 deliveries on top.
    expect(part(SALE, 'PostgreSQL', { ...ONES, 'postgres.settle': 20 }).processors).toBe(6);
    expect(part(SALE, 'Temporal', { ...ONES, 'temporal.adopt': 20 }).processors).toBe(3);
    expect(part(SALE, 'documents worker', { ...ONES, 'documents.print': 100 }).processors).toBe(4);
  });

  test('keeps two relays, so that one may die, and counts the connections that each part opens', () => {
    expect(part(SALE, 'relay')).toMatchObject({ processes: 2, connections: 22 });
    expect(part({ ...SALE, databasePool: 3 }, 'API').connections).toBe(15);
    expect(part(SALE, 'PostgreSQL', { ...ONES, 'memory.connection.mb': 10 }).memoryGb).toBeCloseTo(
      1.02,
    );
  });

  test('has a power of two of shards, each idle for the planned time', () => {
    // 120 writes a second of 10 ms each, a quarter of the time of each shard: 4.8 shards.
    expect(deploymentOf(SALE, { ...ONES, 'temporal.write.ms': 10 }).shards).toBe(8);
  });

  test('grows with the sale', () => {
    const large = { ...SALE, buyers: 10 * SALE.buyers, seats: 10 * SALE.seats };
    expect(part(large, 'API').processors).toBe(43);
  });
});

test('the storage is what each reservation leaves', () => {
  const costs = {
    ...ONES,
    'disk.reservation.bytes': 1e6,
    'disk.pdf.bytes': 2e6,
    'history.actions': 8,
  };
  expect(estimateStorage(estimateLoad(SALE), costs)).toMatchObject({
    postgresGb: 6,
    pdfGb: 6,
    actions: 48_000,
  });
});

describe('the command line', () => {
  test('sets the sale and every assumption', () => {
    const options = readOptions([
      '--buyers',
      '5',
      '--set',
      'databasePool=20',
      '--set',
      'paidShare=0.9',
    ]);
    expect(options).toEqual({
      mode: 'estimate',
      sale: { ...MILLION, buyers: 5, databasePool: 20, paidShare: 0.9 },
    });
    expect(readOptions(['--measure'])?.mode).toBe('measure');
    expect(readOptions(['--help'])).toBeNull();
  });

  test.each([
    [['--set', 'nothing=1'], 'nothing'],
    [['--set', 'toString=1'], 'toString'],
    [['--buyers', 'many'], 'buyers must be a number above 0'],
    [['--set', 'seats'], 'seats must be a number above 0'],
    [['--set', 'plannedUse=1.5'], 'at most 1'],
    [['--measure', '--document'], 'first'],
    [['--no-such'], 'no-such'],
  ])('refuses %j in one line', (args, word) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(word);
  });
});
