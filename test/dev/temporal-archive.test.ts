import { refuseOtherThan } from '../../dev/temporal-binary';

describe('A downloaded Temporal server', () => {
  const sum = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';

  it('is unpacked if it is the one that was published', () => {
    expect(() => refuseOtherThan(sum, Buffer.from('foo'), 'https://example.org/a')).not.toThrow();
  });

  it('is refused if it is another, with both sums', () => {
    expect(() => refuseOtherThan(sum, Buffer.from('fop'), 'https://example.org/a')).toThrow(
      new RegExp(`^https://example.org/a has the SHA-256 [0-9a-f]{64}, expected ${sum}`),
    );
  });
});
