import type { Money } from './money';

/**
 * The currencies of ISO 4217 by the number of digits of their minor unit. Source: "List one" of the maintenance agency
 * (SIX Group), published 2026-01-01; without the codes that have no minor unit (metals, units of account, tests).
 * The display library has a table too, but for 16 codes it differs from ISO, and it changes with each release of Node.
 */
const CODES_BY_DIGITS: readonly (readonly [digits: number, codes: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
     COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
     INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
     MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
     STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

const DIGITS: ReadonlyMap<string, number> = new Map(
  CODES_BY_DIGITS.flatMap(([digits, codes]) =>
    codes.split(/\s+/).map((code) => [code, digits] as const),
  ),
);

/** The codes that a price can be in, in alphabetical order. */
export const CURRENCY_CODES: readonly string[] = [...DIGITS.keys()].sort();

/** How many decimal digits the minor unit of a currency has: 2 for EUR; null for a code that is not in ISO's list. */
export function minorUnitDigits(code: string): number | null {
  return DIGITS.get(code) ?? null;
}

/** Documents, mails and the operator's pages are in one language, whatever the machine's is. */
const LOCALE = 'en-GB';

/**
 * An amount as people write it: `€45.00`, `JP¥4,500`, `HUF 4,500.00`. The locale decides on symbol and grouping, the
 * table above on the digits. A code that is not in the table can only come from a payment: it is written as counted.
 */
export function formatMoney({ amount, currency }: Money, locale: string = LOCALE): string {
  const digits = minorUnitDigits(currency);
  if (digits === null) return `${amount} ${currency} (minor units)`;
  return formatOf(locale, currency, digits).format(decimal(amount, digits));
}

/** By locale and currency: making one takes many times as long as using it. */
const formats = new Map<string, Intl.NumberFormat>();

function formatOf(locale: string, currency: string, digits: number): Intl.NumberFormat {
  const name = `${locale} ${currency}`;
  let format = formats.get(name);
  if (!format) {
    format = new Intl.NumberFormat(locale, {
      style: 'currency',
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    formats.set(name, format);
  }
  return format;
}

/** The amount in major units as a decimal text: exact, unlike a quotient. */
function decimal(amount: number, digits: number): `${number}` {
  const figures = String(amount).padStart(digits + 1, '0');
  const point = figures.length - digits;
  return `${figures.slice(0, point)}.${figures.slice(point)}0` as `${number}`;
}
