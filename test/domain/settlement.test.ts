import fc from 'fast-check';
import {
  decideCancel,
  decideChange,
  decidePayment,
  RESERVATION_STATUSES,
  type ChangeFacts,
  type ReservationFacts,
} from '../../src/domain/settlement';

const total = { amount: 9000, currency: 'EUR' };
const facts = (overrides: Partial<ReservationFacts> = {}): ReservationFacts => ({
  status: 'held',
  total,
  cancelRequested: false,
  eventStarted: false,
  seatsObtainable: true,
  ...overrides,
});

const anyFacts = fc.record({
  status: fc.constantFrom(...RESERVATION_STATUSES),
  total: fc.record({ amount: fc.nat(), currency: fc.constantFrom('EUR', 'JPY') }),
  cancelRequested: fc.boolean(),
  eventStarted: fc.boolean(),
  seatsObtainable: fc.boolean(),
});
const anyPayment = fc.record({ amount: fc.nat(), currency: fc.constantFrom('EUR', 'JPY') });

describe('A payment', () => {
  it('of the right amount confirms a held reservation', () => {
    expect(decidePayment(facts(), total)).toEqual({ kind: 'confirm' });
  });

  it('that comes late takes the seats again if they are all obtainable', () => {
    expect(decidePayment(facts({ status: 'expired' }), total)).toEqual({ kind: 'confirm' });
  });

  it('that comes late and finds a seat gone goes back', () => {
    const late = facts({ status: 'expired', seatsObtainable: false });
    expect(decidePayment(late, total)).toEqual({ kind: 'refund', reason: 'expired' });
  });

  it('that comes late does not outlast the start of the event', () => {
    const late = facts({ status: 'expired', eventStarted: true });
    expect(decidePayment(late, total)).toEqual({ kind: 'refund', reason: 'event_started' });
  });

  it('kept in time confirms also when it is decided after the start', () => {
    expect(decidePayment(facts({ eventStarted: true }), total)).toEqual({ kind: 'confirm' });
  });

  it('that comes late, after a cancel was accepted, goes back as cancelled', () => {
    const late = facts({ status: 'expired', cancelRequested: true });
    expect(decidePayment(late, total)).toEqual({ kind: 'refund', reason: 'cancelled' });
  });

  it('for a reservation that is paid already goes back as a duplicate', () => {
    expect(decidePayment(facts({ status: 'confirmed' }), total)).toEqual({
      kind: 'refund',
      reason: 'duplicate',
    });
  });

  it('after a cancel goes back', () => {
    expect(decidePayment(facts({ status: 'cancelled' }), total)).toEqual({
      kind: 'refund',
      reason: 'cancelled',
    });
  });

  it.each([
    ['less', { amount: 8999, currency: 'EUR' }],
    ['more', { amount: 9001, currency: 'EUR' }],
    ['another currency', { amount: 9000, currency: 'USD' }],
  ])('of %s goes back', (_what, payment) => {
    expect(decidePayment(facts(), payment)).toEqual({ kind: 'refund', reason: 'mismatch' });
  });

  it('either confirms or goes back, and confirms only what it pays for exactly', () => {
    fc.assert(
      fc.property(anyFacts, anyPayment, (about, payment) => {
        const decision = decidePayment(about, payment);
        if (decision.kind === 'refund') return;
        expect(payment).toEqual(about.total);
        expect(['held', 'expired']).toContain(about.status);
        expect(about.seatsObtainable).toBe(true);
      }),
    );
  });
});

describe('A payment for a change', () => {
  const due = { amount: 100, currency: 'EUR' };
  const change = (overrides: Partial<ChangeFacts> = {}): ChangeFacts => ({
    change: 'quoted',
    inTime: false,
    due,
    reservation: 'confirmed',
    cancelRequested: false,
    eventStarted: false,
    takesObtainable: true,
    releasesUnused: true,
    overtaken: false,
    ...overrides,
  });

  it('applies it, kept in time also when it is decided after the start', () => {
    expect(decideChange(change(), due)).toEqual({ kind: 'apply' });
    const begun = change({ inTime: true, eventStarted: true });
    expect(decideChange(begun, due)).toEqual({ kind: 'apply' });
    expect(decideChange(begun, null)).toEqual({ kind: 'apply' });
  });

  it('is not applied by a payment of which nothing is left, though nothing is due', () => {
    const [free, nothing] = [change({ due: { ...due, amount: 0 } }), { ...due, amount: 0 }];
    const mismatch = { kind: 'refund', reason: 'mismatch' };
    expect(decideChange(free, { ...nothing, isGivenBack: true })).toEqual(mismatch);
    const freeOrder = facts({ total: nothing });
    expect(decidePayment(freeOrder, { ...nothing, isGivenBack: true })).toEqual(mismatch);
    // A payment of nothing, as of a checkout that needs none.
    expect(decideChange(free, nothing)).toEqual({ kind: 'apply' });
    expect(decideChange(free, null)).toEqual({ kind: 'apply' });
    expect(decidePayment(freeOrder, nothing)).toEqual({ kind: 'confirm' });
  });

  it('that comes late does not outlast the start of the event', () => {
    for (const status of ['quoted', 'expired'] as const)
      expect(decideChange(change({ change: status, eventStarted: true }), due)).toEqual({
        kind: 'refund',
        reason: 'event_started',
      });
  });
});

describe('A cancel', () => {
  it.each([
    ['held', 'release'],
    ['confirmed', 'void'],
    ['expired', 'nothing'],
    ['cancelled', 'nothing'],
  ] as const)('of a %s reservation means: %s', (status, kind) => {
    expect(decideCancel({ status })).toEqual({ kind });
  });
});
