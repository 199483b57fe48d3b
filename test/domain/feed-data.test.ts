import { feedData } from '../../src/domain/feed-data';
import { HISTORY_TYPES } from '../../src/domain/history-types';

/** What may never be in the feed. */
const PERSONAL = 'Ada Lovelace <ada@example.org>';

describe('The data of an entry of the feed', () => {
  it.each(HISTORY_TYPES)('of %s has no buyer, reference, metadata or free text', (type) => {
    const members = [
      ...['buyer', 'name', 'email', 'reference', 'metadata', 'gate', 'note', 'error', 'client'],
      ...['reason', 'holder', 'substituted', 'code', 'seats', 'due', 'changed', 'amount'],
    ];
    const data = Object.fromEntries(members.map((member) => [member, PERSONAL]));
    expect(JSON.stringify(feedData(type, data))).not.toContain('Ada');
  });

  it('has what is listed for its type', () => {
    expect(
      feedData('refund.created', {
        refund: 'f-1',
        reference: 'pay-1',
        amount: 100,
        currency: 'EUR',
        reason: 'cancelled',
        by: 'stripe',
      }),
    ).toEqual({ refund: 'f-1', amount: 100, currency: 'EUR', reason: 'cancelled', by: 'stripe' });
    expect(feedData('reservation.held', { seats: ['A-1', { event: 'x', label: 'B-1' }] })).toEqual({
      seats: ['A-1', { event: 'x', label: 'B-1' }],
    });
  });

  it('is empty for a type that only a later release knows', () => {
    expect(feedData('seat.painted' as never, { seat: 'A-1' })).toEqual({});
  });
});
