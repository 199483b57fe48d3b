import { z } from 'zod';
import { cursorForm, decodeCursor } from './cursor';
import { PROBLEMS, type ProblemCode } from './problem';

/** Half of a character (a surrogate alone) cannot be stored, nor told from another half once it is replaced. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** One line of text with something in it: no control characters, not only blanks. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f]*[^\u0000-\u0020\u007f][^\u0000-\u001f\u007f]*$/, {
      message: 'must be one line of text, without control characters',
    })
    .refine(isWellFormed, { message: 'must be valid Unicode' });

export const currency = z.string().regex(/^[A-Z]{3}$/, { message: 'must be three capital letters (ISO 4217)' });
export const minorUnits = z.int().min(0).meta({ description: 'Minor units: cents for EUR, whole yen for JPY' });
export const money = z.object({ amount: minorUnits, currency }).meta({ id: 'Money' });
export const timestamp = z.iso.datetime({ offset: true }).meta({ description: 'RFC 3339' });
export const seatLabel = line(200);

const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
const outOfRange = { message: 'must lie between 1970 and 9999' };

/** A timestamp in a request; read as UTC here, since the database takes neither every offset nor every fraction. */
export const timestampInput = timestamp
  .regex(/^(?:19[7-9]\d|[2-9]\d{3})-/, outOfRange)
  // What an offset shifts over either end.
  .refine((text) => Date.parse(text) >= 0 && Date.parse(text) <= LAST_MS, outOfRange)
  .transform((text) => new Date(text).toISOString())
  .meta({ format: 'date-time' });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string(),
    instance: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    seats: z.array(z.string()).optional().meta({ description: 'With seats_unavailable: which' }),
    firstCheckInAt: timestamp.optional().meta({ description: 'With already_checked_in' }),
  })
  .loose()
  .meta({ id: 'Problem', description: 'RFC 9457. `code` is stable; `detail` says what was wrong and what to do.' });

/** A number as it is written, digits alone: neither `0x10` nor `1e1` nor blanks around it. */
const wholeNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^[1-9]\d{0,9}$/.test(value) ? Number(value) : value;

/** The query of a paged list. @param idForm the pattern of its ids, as they are in a cursor */
export const pageQuery = (idForm: string) => ({
  limit: z.preprocess(wholeNumber, z.int().min(1).max(200)).default(50).meta({ default: 50 }),
  cursor: z
    .string()
    .regex(cursorForm(idForm), { message: 'is not a cursor of this list: use `nextCursor` of the page before' })
    .transform(decodeCursor)
    .optional()
    .meta({ description: '`nextCursor` of the page before' }),
});

export const page = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable() });
