import fc from 'fast-check';
import {
  percentOf,
  PLAIN,
  priceOrder,
  shareOut,
  type Discount,
  type Pricing,
  type SeatToPrice,
} from '../../src/domain/pricing';

const percent = fc
  .tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 9999 }))
  .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(4, '0')}`);
const amount = fc.integer({ min: 0, max: 1_000_000 });
const fee = fc
  .record({
    per: fc.constantFrom('ticket' as const, 'reservation' as const),
    rule: fc.oneof(
      amount.map((fixed) => ({ amount: fixed, percent: null })),
      percent.map((share) => ({ amount: null, percent: share })),
    ),
    refundable: fc.boolean(),
  })
  .map(({ per, rule, refundable }) => ({ per, ...rule, refundable, name: 'Fee' }));
const pricing: fc.Arbitrary<Pricing> = fc
  .record({
    child: amount,
    fees: fc.array(fee, { maxLength: 3 }),
    tax: fc.option(fc.record({ percent, included: fc.boolean() })),
  })
  .map(({ child, fees, tax }) => ({
    types: [
      { code: 'adult', name: 'Adult' },
      { code: 'child', name: 'Child' },
    ],
    prices: { stalls: { child } },
    fees: fees.map((one, index) => ({ ...one, code: `fee-${index}` })),
    tax,
  }));
const EVENTS = ['hamlet', 'gala'];
const rules = fc
  .tuple(pricing, pricing)
  .map((both) => new Map(EVENTS.map((event, at) => [event, both[at]!])));
const seats: fc.Arbitrary<SeatToPrice[]> = fc
  .array(
    fc.record({
      event: fc.constantFrom(...EVENTS),
      type: fc.constantFrom('adult', 'child'),
      categoryPrice: amount,
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((wanted) =>
    wanted.map((seat, id) => ({ ...seat, id, label: `A-${id}`, category: 'stalls' })),
  );
const discount: fc.Arbitrary<Discount | null> = fc.oneof(
  fc.constant(null),
  percent.map((share) => ({ percent: share, amount: null, covers: () => true })),
  amount.map((off) => ({
    percent: null,
    amount: off,
    covers: (event: string) => event === 'gala',
  })),
);
const sum = (amounts: readonly number[]) => amounts.reduce((total, one) => total + one, 0);

describe('The price of an order', () => {
  it('adds up to the unit: tickets, fees, and the tax that is not included', () => {
    fc.assert(
      fc.property(seats, rules, discount, (wanted, by, off) => {
        const order = priceOrder(wanted, by, off);
        const added = order.taxes.filter(({ included }) => !included);
        expect(order.total).toBe(
          sum(order.seats.map(({ price }) => price)) +
            sum(order.fees.map((one) => one.amount)) +
            sum(added.map((one) => one.amount)),
        );
      }),
    );
  });

  it('is never negative, and no discount is above what it is taken from', () => {
    fc.assert(
      fc.property(seats, rules, discount, (wanted, by, off) => {
        const order = priceOrder(wanted, by, off);
        for (const seat of order.seats) {
          expect(seat.discount).toBeGreaterThanOrEqual(0);
          expect(seat.price).toBeGreaterThanOrEqual(0);
          expect(seat.listPrice - seat.discount).toBe(seat.price);
        }
        const amounts = [...order.fees, ...order.taxes].map((one) => one.amount);
        for (const one of amounts) expect(one).toBeGreaterThanOrEqual(0);
        if (off?.amount != null)
          expect(sum(order.seats.map((seat) => seat.discount))).toBe(
            Math.min(
              off.amount,
              sum(
                order.seats.filter(({ event }) => event === 'gala').map((seat) => seat.listPrice),
              ),
            ),
          );
      }),
    );
  });

  it('is the same in whatever order the seats are named', () => {
    fc.assert(
      fc.property(
        seats.chain((wanted) =>
          fc.tuple(fc.constant(wanted), fc.shuffledSubarray(wanted, { minLength: wanted.length })),
        ),
        rules,
        discount,
        ([wanted, shuffled], by, off) => {
          const one = priceOrder(wanted, by, off);
          const other = priceOrder(shuffled, by, off);
          expect(other.total).toBe(one.total);
          expect([...other.seats].sort((a, b) => a.id - b.id)).toEqual(one.seats);
          expect(other.fees).toEqual(one.fees);
          expect(other.taxes).toEqual(one.taxes);
        },
      ),
    );
  });

  it('rounds each percentage half up, once', () => {
    expect(percentOf(50, '1')).toBe(1);
    expect(percentOf(49, '1')).toBe(0);
    expect(percentOf(4500, '2.5')).toBe(113);
    expect(percentOf(9_007_199_254_740_000, '100')).toBe(9_007_199_254_740_000);
  });

  it('shares an amount by the largest remainder, of equal ones to the first seat of the map', () => {
    expect(shareOut(100, [50, 50, 50])).toEqual([34, 33, 33]);
    expect(shareOut(10, [3, 3, 1])).toEqual([3, 3, 1]);
    expect(shareOut(5, [3, 3, 1])).toEqual([2, 2, 1]);
    expect(shareOut(0, [0, 0])).toEqual([0, 0]);
  });

  describe('of an order that is changed and has an amount off', () => {
    const taxed: Pricing = { ...PLAIN, tax: { percent: '20', included: false } };
    const by = new Map([
      ['hamlet', PLAIN],
      ['gala', taxed],
    ]);
    const seat = (id: number, event: string, categoryPrice: number, discount?: number) => ({
      ...{ id, event, label: `A-${id}`, category: 'stalls', type: 'standard', categoryPrice },
      ...(discount !== undefined && { fixed: { listPrice: categoryPrice, discount } }),
    });
    const off = { percent: null, amount: 3000, covers: () => true, isFixed: true };
    const unchanged = {
      events: new Set(['gala']),
      fees: [],
      taxes: [{ event: 'gala', percent: '20', included: false, amount: 1700 }],
    };

    it('shares it anew while it is held, and taxes what another event costs by then', () => {
      const kept = seat(2, 'gala', 10_000, 1500);
      const dearer = priceOrder([seat(1, 'hamlet', 30_000), kept], by, off, unchanged);
      expect(dearer.seats.map(({ price }) => price)).toEqual([27_750, 9250]);
      expect([dearer.taxes[0]!.amount, dearer.total]).toEqual([1850, 38_850]);
      const alone = priceOrder([kept], new Map([['gala', taxed]]), off, unchanged);
      expect([alone.taxes[0]!.amount, alone.total]).toEqual([1400, 8400]);
    });

    it('leaves what was paid for each seat once it is sold, and gives the rest to what is taken', () => {
      const paid = { ...off, isPaid: true };
      const kept = seat(2, 'gala', 10_000, 1500);
      const alone = priceOrder([kept], new Map([['gala', taxed]]), paid, unchanged);
      expect([alone.taxes[0]!.amount, alone.total]).toEqual([1700, 10_200]);
      const swapped = priceOrder([seat(1, 'hamlet', 30_000), kept], by, paid, unchanged);
      expect(swapped.seats.map(({ discount }) => discount)).toEqual([1500, 1500]);
      expect(swapped.total).toBe(28_500 + 10_200);
    });
  });

  it('charges a fee for what costs something alone, and tax on tickets and fees', () => {
    const by = new Map<string, Pricing>([
      [
        'hamlet',
        {
          ...PLAIN,
          types: [
            { code: 'adult', name: 'Adult' },
            { code: 'child', name: 'Child' },
          ],
          prices: { stalls: { child: 0 } },
          fees: [
            {
              code: 'booking',
              name: '',
              per: 'ticket',
              amount: 150,
              percent: null,
              refundable: false,
            },
            {
              code: 'service',
              name: '',
              per: 'reservation',
              amount: null,
              percent: '2.5',
              refundable: true,
            },
          ],
          tax: { percent: '21', included: true },
        },
      ],
    ]);
    const seat = { event: 'hamlet', category: 'stalls', categoryPrice: 4500 };
    const order = priceOrder(
      [
        { ...seat, id: 1, label: 'A-1', type: 'adult' },
        { ...seat, id: 2, label: 'A-2', type: 'child' },
      ],
      by,
      null,
    );
    expect(order.fees.map((one) => one.amount)).toEqual([150, 113]);
    expect(order.total).toBe(4763);
    expect(order.taxes).toEqual([{ event: 'hamlet', percent: '21', included: true, amount: 827 }]);
    const free = priceOrder([{ ...seat, id: 2, label: 'A-2', type: 'child' }], by, null);
    expect([free.total, free.fees]).toEqual([0, []]);
  });
});
