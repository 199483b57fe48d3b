import * as fc from 'fast-check';
import { CURRENCY_CODES, formatMoney, minorUnitDigits } from '../../src/domain/currency';

const anyCode = fc.constantFrom(...CURRENCY_CODES);
/** The display library parts a code from the figures by a space that does not break. */
const printed = (amount: number, currency: string) =>
  formatMoney({ amount, currency }).replaceAll('\u00a0', ' ');

test.each([
  [4500, 'EUR', '€45.00'],
  [0, 'GBP', '£0.00'],
  [4500, 'JPY', 'JP¥4,500'],
  [1500, 'KWD', 'KWD 1.500'],
  [4500, 'ISK', 'ISK 4,500'],
  [450_000, 'HUF', 'HUF 4,500.00'],
  [15_000_000, 'IDR', 'IDR 150,000.00'],
  [120_050, 'ALL', 'ALL 1,200.50'],
  [5, 'MGA', 'MGA 0.05'],
  [12_345, 'CLF', 'CLF 1.2345'],
  [Number.MAX_SAFE_INTEGER, 'USD', 'US$90,071,992,547,409.91'],
])('%d minor units of %s are printed as %s', (amount, currency, text) => {
  expect(printed(amount, currency)).toBe(text);
});

test('what is printed has the digits of the amount, and as many behind the point as the currency', () => {
  fc.assert(
    fc.property(anyCode, fc.maxSafeNat(), (currency, amount) => {
      const text = formatMoney({ amount, currency });
      expect(text.replace(/\D/g, '').replace(/^0+(?=.)/, '')).toBe(String(amount));
      expect(/\.(\d+)$/.exec(text)?.[1]?.length ?? 0).toBe(minorUnitDigits(currency));
    }),
  );
});

test('a locale changes how an amount is written, not how much it is', () => {
  expect(formatMoney({ amount: 450_000, currency: 'HUF' }, 'de-DE')).toMatch(/^4\.500,00\sHUF$/);
});

test('a code that is not in the list of ISO 4217 has no known minor unit', () => {
  for (const code of ['XXX', 'XAU', 'XTS', 'DEM', 'EURO', 'eur', ''])
    expect(minorUnitDigits(code)).toBeNull();
  expect(printed(4500, 'DEM')).toBe('4500 DEM (minor units)');
});
