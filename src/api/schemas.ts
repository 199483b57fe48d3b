import { z } from 'zod';
import { CURRENCY_CODES } from '../domain/currency';
import { cursorForm, decodeCursor, decodeFeedCursor, FEED_CURSOR } from './cursor';
import { isWellFormed, VISIBLE } from '../domain/text';
import { PROBLEMS } from './problem';

const bounded = (text: z.ZodString, max: number, form: RegExp) =>
  text
    .min(1)
    .max(max)
    .regex(form, { message: 'must be one line of text, not blank, without control characters' })
    .refine(isWellFormed, { message: 'must be valid Unicode' });

const ONE_LINE = /^[^\u0000-\u001f\u007f]*[^\u0000-\u0020\u007f][^\u0000-\u001f\u007f]*$/;

/** One line of text that is not blank, kept as it is given; no control characters. */
export const line = (max: number) => bounded(z.string(), max, ONE_LINE);

/**
 * The visible-character rule, as far as a pattern without Unicode properties can express it:
 * something other than blanks, fillers and accents.
 */
const NAME = new RegExp(
  String.raw`^[^\u0000-\u001f\u007f]*` +
    String.raw`[^\u0300-\u036f\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\u0000-\u0020\u007f-\u00a0\u00ad\u061c\u115f\u1160\u1680` +
    String.raw`\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufeff\uffa0\ufff0-\ufff8]` +
    String.raw`[^\u0000-\u001f\u007f]*$`,
);

/**
 * A name or a label: one line with a visible character, in Unicode normal form NFC, so that equal
 * names are equal texts.
 */
export const name = (max: number) =>
  bounded(z.string().normalize('NFC'), max, NAME).refine((text) => VISIBLE.test(text), {
    message: 'must have a visible character',
  });

/**
 * A currency in an answer. For a payment it is what the provider reported, which may be missing
 * from ISO's list.
 */
export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, { message: 'must be three capital letters (ISO 4217)' })
  .meta({ description: 'ISO 4217', examples: ['EUR'] });
/** A currency of a request: one whose minor unit is known. */
export const currencyInput = z
  .string()
  .regex(new RegExp(`^(?:${CURRENCY_CODES.join('|')})$`), {
    message: 'must be a currency of ISO 4217, like EUR',
  })
  .meta({ description: 'A currency of ISO 4217', examples: ['EUR'] });
export const minorUnits = z
  .int()
  .min(0)
  .meta({ description: 'Minor units: cents for EUR, whole yen for JPY' });
export const money = z
  .object({ amount: minorUnits, currency })
  .meta({ id: 'Money', examples: [{ amount: 4500, currency: 'EUR' }] });
export const balance = money
  .extend({ amount: z.int() })
  .meta({ id: 'Balance', description: 'Minor units; may be negative' });
export const timestamp = z.iso.datetime({ offset: true }).meta({ description: 'RFC 3339, UTC' });
export const seatLabel = name(200);

/** A whole number in an answer that fits 32 bits. */
export const count = z.int().min(0).max(2_147_483_647);

/**
 * A text in an answer with known values. Values may be added within this version, so the document
 * lists them without closing the type.
 */
export const openEnum = (values: readonly string[], description?: string) => {
  const known = `Known values: ${values.map((value) => `\`${value}\``).join(', ')}; more may be added.`;
  return z.string().meta({
    description: [description, known].filter(Boolean).join('. '),
    'x-extensible-enum': [...values],
  });
};

const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
const outOfRange = { message: 'must lie between 1970 and 9999' };

/**
 * A timestamp in a request. It is converted to UTC here, because PostgreSQL does not accept every
 * offset and fraction.
 */
export const timestampInput = timestamp
  .regex(/^(?:19[7-9]\d|[2-9]\d{3})-/, outOfRange)
  // An offset may move the time out of the range.
  .refine((text) => Date.parse(text) >= 0 && Date.parse(text) <= LAST_MS, outOfRange)
  .transform((text) => new Date(text).toISOString())
  .meta({ format: 'date-time' });

const fieldError = z
  .object({
    path: z.string().meta({ description: 'As in `buyer.email` or `seats.0`' }),
    message: z.string(),
  })
  .meta({ id: 'FieldError' });

/** A seat where several events are meant. */
const seatName = z.object({ event: z.string(), label: z.string() }).meta({ id: 'SeatName' });

export const problem = z
  .object({
    type: z.string().meta({ description: 'A URN that ends in the `code`' }),
    title: z.string(),
    status: count,
    code: openEnum(Object.keys(PROBLEMS)),
    detail: z.string().meta({ description: 'What was wrong and what to do' }),
    instance: z.string().meta({ description: 'A URN that ends in the id of the request' }),
    errors: z
      .array(fieldError)
      .optional()
      .meta({ description: 'With `validation_failed`: each bad field' }),
    seats: z.array(z.string()).optional().meta({
      description:
        'With `seats_unavailable`: labels of the seats that are not free; with `orphan_seat`: of those that would be left alone',
    }),
    unavailable: z
      .array(seatName)
      .optional()
      .meta({ description: 'The same seats with their events' }),
    left: z
      .int()
      .min(0)
      .optional()
      .meta({ description: 'With `refund_exceeds_payment`: how much is left, in minor units' }),
    seat: z.string().optional().meta({ description: 'With `already_checked_in` at the door' }),
    holder: z.string().optional().meta({ description: 'With `already_checked_in` at the door' }),
    firstCheckInAt: timestamp
      .optional()
      .meta({ description: 'With `already_checked_in` at the door' }),
    gate: z
      .string()
      .nullable()
      .optional()
      .meta({ description: 'With `already_checked_in` at the door: where they came in' }),
    why: openEnum(['cancelled', 'changed']).optional().meta({ description: 'With `ticket_void`' }),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457. Decide by `code`; titles and details may change.',
  });

/** A number in digits only: no `0x10`, no `1e1`, no blanks. */
export const wholeNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^[1-9]\d{0,9}$/.test(value) ? Number(value) : value;

/** A query parameter that is `true` or `false`. */
export const flag = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean({ error: 'must be true or false' }),
);

/** The query of a paged list. @param idForm the pattern of its ids, as they are in a cursor */
export const pageQuery = (idForm: string) => ({
  limit: z
    .preprocess(wholeNumber, z.int().min(1).max(200))
    .default(50)
    .meta({ description: 'Entries of a page at most' }),
  cursor: z
    .string()
    .regex(cursorForm(idForm), {
      message: 'is not a cursor of this list: use `nextCursor` of the page before',
    })
    .transform(decodeCursor)
    .optional()
    .meta({ description: '`nextCursor` of the page before; none for the first page' }),
});

const noFeedCursor = { message: 'is not a place in the feed: use `next` of a call before' };

/** A place in the feed. */
export const feedCursor = z.string().regex(FEED_CURSOR, noFeedCursor).transform(decodeFeedCursor);

/** A place in the feed, or its end. */
export const feedCursorOrNow = z
  .string()
  .regex(new RegExp(`^now$|${FEED_CURSOR.source}`), noFeedCursor)
  .transform((text) => (text === 'now' ? text : decodeFeedCursor(text)));

type NamedMeta = { id: string; examples?: unknown[] };

/** The name and the example of a schema that an answer lists. */
function nameOf(item: z.ZodType): NamedMeta {
  const { id, examples } = item.meta() ?? {};
  if (id === undefined) throw new Error('A schema that is listed needs an id');
  return { id, ...(Array.isArray(examples) && { examples }) };
}

/** A page of a list: `SeatPage` of `Seat`. */
export function page<Item extends z.ZodType>(item: Item) {
  const { id, examples = [] } = nameOf(item);
  return z
    .object({
      data: z.array(item),
      nextCursor: z
        .string()
        .nullable()
        .meta({ description: '`cursor` of the next page; null on the last one' }),
    })
    .meta({ id: `${id}Page`, examples: [{ data: examples, nextCursor: null }] });
}

/** A whole list, unpaged: `SeatList` of `Seat`. */
export function list<Item extends z.ZodType>(item: Item) {
  const { id, examples = [] } = nameOf(item);
  return z
    .object({ data: z.array(item) })
    .meta({ id: `${id}List`, examples: [{ data: examples }] });
}
