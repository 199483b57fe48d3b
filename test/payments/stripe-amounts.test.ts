import * as fc from 'fast-check';
import { CURRENCY_CODES, minorUnitDigits } from '../../src/domain/currency';
import { fromStripe, toStripe } from '../../src/payments/stripe-amounts';

const anyCode = fc.constantFrom(...CURRENCY_CODES);
const anyAmount = fc.nat({ max: 2_000_000_000 });

test.each([
  [4500, 'EUR', 4500],
  [4500, 'JPY', 4500],
  [450_000, 'HUF', 450_000],
  [450_000, 'TWD', 450_000],
  [4500, 'ISK', 450_000],
  [4500, 'UGX', 450_000],
  [450_000, 'MGA', 4500],
  [5120, 'KWD', 5120],
  [5120, 'IQD', 512],
])('%d minor units of %s are %d to Stripe', (amount, currency, counted) => {
  expect(toStripe({ amount, currency })).toBe(counted);
  expect(fromStripe(counted, currency)).toEqual({ amount, currency });
});

test.each([
  ['a thousandth of a dinar', 5124, 'KWD'],
  ['a part of an ariary', 450_050, 'MGA'],
  ['more than twelve digits', 1_000_000_000_000, 'EUR'],
  ['more than twelve digits once in hundredths', 10_000_000_000, 'ISK'],
])('Stripe cannot take %s', (_what, amount, currency) => {
  expect(toStripe({ amount, currency })).toBeNull();
});

test('a fraction of the minor unit is no amount', () => {
  expect(fromStripe(450_050, 'ISK')).toBeNull();
  expect(fromStripe(1, 'UGX')).toBeNull();
});

test('a currency that ISO does not list is taken as it is counted', () => {
  expect(fromStripe(4500, 'ANG')).toEqual({ amount: 4500, currency: 'ANG' });
  expect(toStripe({ amount: 4500, currency: 'ANG' })).toBe(4500);
});

test('whatever Stripe can take comes back from Stripe as the same money', () => {
  fc.assert(
    fc.property(anyCode, anyAmount, (currency, amount) => {
      const counted = toStripe({ amount, currency });
      if (counted !== null) expect(fromStripe(counted, currency)).toEqual({ amount, currency });
    }),
  );
});

test('whole units can always be taken, and what Stripe tells of them goes back as the same amount', () => {
  fc.assert(
    fc.property(anyCode, fc.nat({ max: 10_000_000 }), (currency, units) => {
      const amount = units * 10 ** minorUnitDigits(currency)!;
      const counted = toStripe({ amount, currency });
      expect(counted).not.toBeNull();
      expect(toStripe(fromStripe(counted!, currency)!)).toBe(counted);
    }),
  );
});
