import { z } from 'zod';
import { RESERVATION_ID } from '../../examples';
import { count, currencyInput, line, minorUnits, timestamp, timestampInput } from '../../schemas';
import { normaliseCode } from '../../../domain/promo-code';
import { percent } from '../events/schema';

/** A code as it is written, in form NFC. */
export const CODE_FORM = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}_.-]*$/u;

const MAX_CODE = 64;

const codeText = z
  .string()
  .max(MAX_CODE)
  .regex(/^[^\s\u0000-\u001f\u007f]+$/, { message: 'must not be empty, nor have blanks' })
  .refine((text) => CODE_FORM.test(text.normalize('NFC')), {
    message: 'must be letters, digits, _ . or -, beginning with a letter or digit',
  })
  // Some letters are several in upper case, like ß.
  .refine((text) => normaliseCode(text).length <= MAX_CODE, {
    message: `must have at most ${MAX_CODE} characters in upper case`,
  })
  .meta({ description: 'Compared in upper case and Unicode form NFC' });

const MAX_USES = 100_000;
const fields = {
  event: line(100).meta({
    description: 'The slug or the id of the only event. Absent: every event',
  }),
  categories: z
    .array(line(50))
    .min(1)
    .max(50)
    .meta({ description: 'Codes of the categories that it counts for. Absent: every one' }),
  percent: percent
    .refine((text) => Number(text) > 0, { message: 'must be above 0' })
    .meta({ description: 'Off each eligible seat: an exact decimal, up to four decimals' }),
  amount: minorUnits.min(1).meta({
    description: 'Off the eligible seats of an order together, in minor units of `currency`',
  }),
  currency: currencyInput,
  maxUses: z.int().min(1).max(MAX_USES).meta({ description: 'A use is a reservation' }),
  maxUsesPerBuyer: z.int().min(1).max(MAX_USES),
  validFrom: timestampInput,
  validUntil: timestampInput,
  salesOpenAt: timestampInput.meta({
    description: 'With this code the sale of its event and categories opens then',
  }),
};
type Fields = {
  [Name in keyof typeof fields]?: z.output<(typeof fields)[Name]> | null | undefined;
};

/** What holds of every code. */
function check(code: Fields, ctx: z.RefinementCtx): void {
  const refuse = (path: string, message: string) =>
    ctx.addIssue({ code: 'custom', path: [path], message });
  const { percent: share, amount, currency, salesOpenAt, validFrom, validUntil } = code;
  if (share != null && amount != null) refuse('amount', 'goes without percent');
  if (share == null && amount == null && salesOpenAt == null)
    refuse('percent', 'is needed, or amount, or salesOpenAt');
  if ((amount == null) !== (currency == null)) refuse('currency', 'goes with amount');
  if (validFrom != null && validUntil != null && validFrom >= validUntil)
    refuse('validUntil', 'must be after validFrom');
}

const optional = <Shape extends Record<string, z.ZodType>>(shape: Shape) =>
  Object.fromEntries(
    Object.entries(shape).map(([name, one]) => [name, one.nullable().optional()]),
  ) as { [Name in keyof Shape]: z.ZodOptional<z.ZodNullable<Shape[Name]>> };

const EXAMPLE = { code: 'SUMMER', percent: '10', maxUses: 500, maxUsesPerBuyer: 1 };

export const newCode = z
  .strictObject({ code: codeText, ...optional(fields) })
  .superRefine(check)
  .meta({
    id: 'NewCode',
    description: 'With `percent`, or `amount` and `currency`, or `salesOpenAt`',
    examples: [EXAMPLE],
  });

/** A merge patch; what it comes to is checked by `wholeCode`. */
export const codePatch = z
  .strictObject(optional(fields))
  .meta({ id: 'CodePatch', examples: [{ maxUses: 1000, validUntil: null }] });
export const wholeCode = z.object(optional(fields)).superRefine(check);

export const promoCode = z
  .object({
    id: z.uuid(),
    code: z.string(),
    event: z.string().nullable().meta({ description: "The event's slug; null: every event" }),
    categories: z.array(z.string()).nullable(),
    percent: z.string().nullable(),
    amount: minorUnits.nullable(),
    currency: z.string().nullable(),
    maxUses: count.nullable(),
    maxUsesPerBuyer: count.nullable(),
    validFrom: timestamp.nullable(),
    validUntil: timestamp.nullable(),
    salesOpenAt: timestamp.nullable(),
    uses: z
      .object({ held: count, used: count })
      .meta({ id: 'CodeUses', description: 'Reservations with it: held, and sold' }),
    revision: count,
    createdAt: timestamp,
  })
  .meta({
    id: 'PromoCode',
    examples: [
      {
        id: RESERVATION_ID,
        ...EXAMPLE,
        event: null,
        categories: null,
        amount: null,
        currency: null,
        validFrom: null,
        validUntil: null,
        salesOpenAt: null,
        uses: { held: 3, used: 120 },
        revision: 1,
        createdAt: '2030-01-02T08:30:00.123Z',
      },
    ],
  });
