import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countChanges, keptOf } from '../../proof/chaos/count-changes';
import { Findings, type DirectAccess } from '../../proof/chaos/direct-access';
import { Journal, type Change, type Claim, type Reservation } from '../../proof/chaos/journal';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-count-'));
let journal: Journal;
let claim: Claim;
beforeEach(() => {
  journal = new Journal(join(folder, 'journal.jsonl'), new Map());
  claim = journal.recordHold(HELD, 'client');
});
afterEach(() => journal.close());
afterAll(() => rmSync(folder, { recursive: true }));

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const seat = (label: string) => ({ event: 'hamlet', label });
const HELD = {
  id: 'r',
  seats: ['A-1', 'A-2'].map((label) => ({ ...seat(label), listPrice: eur(100), price: eur(100) })),
  total: eur(200),
  expiresAt: '2035-01-01T00:00:00Z',
  createdAt: '2035-01-01T00:00:00Z',
  code: null,
  buyer: null,
} as unknown as Reservation;

/** A quote that gives back one seat of two, of an event whose terms give back 60 of 100. */
const quote = (more: Partial<Change> = {}): Change => {
  claim.termsPercent = 60;
  return journal.recordChange(claim, {
    id: 'c',
    status: 'quoted',
    release: [seat('A-1')],
    take: [],
    before: { total: eur(200) },
    after: { total: eur(100) },
    due: null,
    refund: eur(60),
    expiresAt: '2035-01-01T00:00:00Z',
    asked: false,
    answered: null,
    paidInTime: false,
    ...more,
  });
};
const ROW = {
  id: 'c',
  reservation_id: 'r',
  status: 'applied',
  before: 200,
  after: 100,
  due: 0,
  refund: 60,
};

async function countOf(rows: readonly object[]) {
  const findings = new Findings();
  const direct = { rows: () => Promise.resolve(rows) } as unknown as DirectAccess;
  const outcomes = await countChanges(journal, direct, findings);
  return { broken: findings.violations.map(({ rule }) => rule), outcome: outcomes.get('r')! };
}

describe('The count of changes', () => {
  it('says what a reservation has and costs, and what the terms leave', async () => {
    quote().asked = true;
    const { broken, outcome } = await countOf([ROW]);
    expect(broken).toEqual([]);
    expect(outcome).toEqual({
      seats: [seat('A-2')],
      total: 100,
      retained: 40,
      isChangedSale: true,
    });
    expect(keptOf(claim, 100)).toBe(40);
  });

  it('leaves a reservation as it was whose quote was not applied', async () => {
    quote();
    const { broken, outcome } = await countOf([{ ...ROW, status: 'expired' }]);
    expect(broken).toEqual([]);
    expect(outcome).toMatchObject({ total: 200, retained: 0, isChangedSale: false });
    expect(outcome.seats).toHaveLength(2);
  });

  it.each<[string, () => void, object[]]>([
    ['a quote that nobody confirmed is not applied', () => void quote(), [ROW]],
    [
      'a change stays as it was answered',
      () => journal.recordApplied(claim, Object.assign(quote(), { asked: true })),
      [{ ...ROW, status: 'expired' }],
    ],
    [
      'a quote that is paid in time is applied',
      () => void Object.assign(quote(), { asked: true, paidInTime: true }),
      [{ ...ROW, status: 'expired' }],
    ],
    [
      'what a change costs and gives back is the difference, by the terms',
      () => void Object.assign(quote({ refund: eur(100) }), { asked: true }),
      [{ ...ROW, refund: 100 }],
    ],
    [
      'a change that was answered 201 exists',
      () => void quote(),
      [{ ...ROW, status: 'expired', refund: 0 }],
    ],
    ['a change that was answered 201 exists', () => void quote(), []],
    ['every change was answered 201', () => undefined, [ROW]],
  ])('notices where it is false: %s', async (rule, arrange, rows) => {
    arrange();
    expect((await countOf(rows)).broken).toEqual([rule]);
  });
});
