import { minorUnitDigits } from '../domain/currency';
import type { Money } from '../domain/money';

/**
 * Stripe's own decimals (docs.stripe.com/currencies). Two, unless a currency is in one of these
 * lists. ISK and UGX have none by ISO 4217, but Stripe goes on counting them in hundredths; MGA it
 * counts whole, while ISO gives it two. HUF and TWD are special in payouts only, which do not matter here.
 */
const NO_DECIMALS = new Set([
  'BIF',
  'CLP',
  'DJF',
  'GNF',
  'JPY',
  'KMF',
  'KRW',
  'MGA',
  'PYG',
  'RWF',
  'VND',
  'VUV',
  'XAF',
  'XOF',
  'XPF',
]);
/** Their last digit must be 0. */
const THREE_DECIMALS = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);
/** Twelve digits, the most that Stripe takes for a card. */
const MAX_STRIPE_AMOUNT = 999_999_999_999;

/**
 * By which power of ten Stripe counts finer than ISO 4217; a currency that is not in ISO's list is
 * taken as counted.
 */
function shiftOf(currency: string): number {
  const ours = minorUnitDigits(currency);
  if (ours === null) return 0;
  return (NO_DECIMALS.has(currency) ? 0 : THREE_DECIMALS.has(currency) ? 3 : 2) - ours;
}

function shifted(amount: number, shift: number): number | null {
  const result = shift < 0 ? amount / 10 ** -shift : amount * 10 ** shift;
  return Number.isSafeInteger(result) ? result : null;
}

/**
 * The `amount` by which Stripe knows this money.
 * @returns null for an amount that Stripe cannot charge: a fraction of what it counts in, or too many digits
 */
export function toStripe({ amount, currency }: Money): number | null {
  const result = shifted(amount, shiftOf(currency));
  if (result === null || result > MAX_STRIPE_AMOUNT) return null;
  return THREE_DECIMALS.has(currency) && result % 10 !== 0 ? null : result;
}

/**
 * What an `amount` of Stripe is in minor units of ISO 4217.
 * @param currency in capitals
 * @returns null when it is a fraction of the minor unit, which no charge is
 */
export function fromStripe(amount: number, currency: string): Money | null {
  const result = shifted(amount, -shiftOf(currency));
  return result === null ? null : { amount: result, currency };
}
