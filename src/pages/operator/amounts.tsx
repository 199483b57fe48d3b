import { minorUnitDigits } from '../../domain/currency';
import { t } from '../staff/language';
import { Field } from '../staff/parts';

/** Minor units of an amount as people write it, `12.50` or `12,50`; null when it is none. */
export function minorUnitsOf(text: string, currency: string): number | null {
  const digits = minorUnitDigits(currency) ?? 0;
  const [, whole, part = ''] = /^(\d{1,12})(?:[.,](\d{1,4}))?$/.exec(text) ?? [];
  if (whole === undefined || part.length > digits) return null;
  return Number(whole + part.padEnd(digits, '0'));
}

/** A field for an amount of money, which the browser checks. */
export function AmountField({
  label,
  currency,
  required = true,
}: {
  label: string;
  currency: string;
  required?: boolean;
}) {
  const digits = minorUnitDigits(currency) ?? 0;
  const example = digits === 0 ? '12' : `12.${'50'.padEnd(digits, '0').slice(0, digits)}`;
  return (
    <Field
      label={`${label} (${currency})`}
      name="amount"
      inputMode="decimal"
      required={required}
      pattern={digits === 0 ? '[0-9]{1,12}' : `[0-9]{1,12}([.,][0-9]{1,${digits}})?`}
      title={t('amountForm', { example })}
      hint={t('amountForm', { example })}
    />
  );
}

/** Labels of seats, separated by commas. */
export const labelsOf = (text: string): string[] =>
  text
    .split(/[,;\n]/)
    .map((label) => label.trim())
    .filter((label) => label !== '');
