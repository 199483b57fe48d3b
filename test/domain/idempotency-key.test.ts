import fc from 'fast-check';
import { fingerprintOf, parseIdempotencyKey } from '../../src/domain/idempotency-key';

describe('An idempotency key', () => {
  it.each([
    ['550e8400-e29b-41d4-a716-446655440000', '550e8400-e29b-41d4-a716-446655440000'],
    ['"quoted-key-1"', 'quoted-key-1'],
    ['  spaces-around  ', 'spaces-around'],
    ['a'.repeat(128), 'a'.repeat(128)],
  ])('%s is read as %s', (header, key) => {
    expect(parseIdempotencyKey(header)).toEqual({ kind: 'key', key });
  });

  it.each([
    'short',
    'a'.repeat(129),
    'with:colon',
    'with space',
    '"unclosed-key',
    'ключ-ключ-ключ',
    '"',
    '""',
  ])('%s is refused', (header) => {
    expect(parseIdempotencyKey(header)).toEqual({ kind: 'invalid' });
  });

  it.each([undefined, '', '   '])('that is %p is missing', (header) => {
    expect(parseIdempotencyKey(header)).toEqual({ kind: 'missing' });
  });
});

describe('Two bodies are the same request', () => {
  const print = (body: unknown) => fingerprintOf('some-key', body).toString('hex');

  it('whatever the order of their members', () => {
    expect(print({ a: 1, b: { c: 2, d: 3 } })).toBe(print({ b: { d: 3, c: 2 }, a: 1 }));
  });

  it('but not with another order of an array', () => {
    expect(print(['A-1', 'A-2'])).not.toBe(print(['A-2', 'A-1']));
  });

  it('exactly when they are equal after parsing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(print(one)).toBe(print(JSON.parse(JSON.stringify(one))));
        const [left, right] = [one, other].map(
          (value) => JSON.parse(JSON.stringify(value)) as unknown,
        );
        try {
          expect(left).toEqual(right);
        } catch {
          expect(print(left)).not.toBe(print(right));
        }
      }),
    );
  });

  it('and tell nothing across keys', () => {
    expect(fingerprintOf('key-one-1', {})).not.toEqual(fingerprintOf('key-two-2', {}));
  });
});
