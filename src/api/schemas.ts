import { z } from 'zod';
import { IDEMPOTENCY_KEY } from '../domain/idempotency-key';
import { PROBLEMS, type ProblemCode } from './problem';

/** One line of text with something in it: no control characters, not only blanks. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f]*[^\u0000-\u0020\u007f][^\u0000-\u001f\u007f]*$/, {
      message: 'must be one line of text, without control characters',
    });

export const currency = z.string().regex(/^[A-Z]{3}$/, { message: 'must be three capital letters (ISO 4217)' });
export const minorUnits = z.int().min(0).meta({ description: 'Minor units: cents for EUR, whole yen for JPY' });
export const money = z.object({ amount: minorUnits, currency }).meta({ id: 'Money' });
export const timestamp = z.iso.datetime({ offset: true }).meta({ description: 'RFC 3339' });
export const reservationId = z.string().regex(IDEMPOTENCY_KEY, {
  message: 'must be 8 to 128 characters of A-Z a-z 0-9 _ . -',
});
export const seatLabel = line(200);

/** A timestamp in a request: also within what the database can hold. */
export const timestampInput = timestamp.refine((text) => /^(19[7-9]\d|[2-9]\d{3})/.test(text), {
  message: 'must lie between 1970 and 9999',
});

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

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(1000).optional().meta({ description: '`nextCursor` of the page before' }),
};

export const page = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable() });
