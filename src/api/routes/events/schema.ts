import { z } from 'zod';
import {
  countSeats,
  layOutSeats,
  MAX_ROWS_PER_SECTION,
  MAX_SEATS_PER_EVENT,
  MAX_SEATS_PER_ROW,
} from '../../../domain/seat-map';
import { currency, line, minorUnits, money, timestamp, timestampInput } from '../../schemas';

const SLUG = /^[a-z0-9][a-z0-9_-]{0,99}$/;
export const eventIdForm = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const UUID = new RegExp(`^${eventIdForm}$`);
const WEEK = 604_800;

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

const code = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/, {
  message: 'must be 1 to 50 letters, digits, _ or -, beginning with a letter or digit',
});

const section = z
  .strictObject({
    name: line(60),
    category: code,
    rows: z
      .array(z.strictObject({ name: line(20), seats: z.int().min(1).max(MAX_SEATS_PER_ROW) }))
      .min(1)
      .max(MAX_ROWS_PER_SECTION)
      .optional(),
    places: z.int().min(1).max(MAX_SEATS_PER_EVENT).optional().meta({ description: 'General admission' }),
  })
  .refine((value) => (value.rows === undefined) !== (value.places === undefined), {
    message: 'takes either rows or places',
  })
  .meta({ oneOf: [{ required: ['rows'] }, { required: ['places'] }] });

export const newEvent = z
  .strictObject({
    slug: z
      .string()
      .regex(SLUG, { message: 'must be up to 100 small letters, digits, _ or -, beginning with a letter or digit' })
      .refine((slug) => !UUID.test(slug), { message: 'must not look like an id' }),
    name: line(200),
    venue: line(200).nullable().default(null),
    startsAt: timestampInput,
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, { message: 'must be an IANA time zone, like Europe/Prague' })
      .default('UTC'),
    currency,
    salesOpenAt: timestampInput.nullable().default(null),
    salesCloseAt: timestampInput.nullable().default(null),
    holdTtlSeconds: z.int().min(1).max(WEEK).nullable().default(null),
    holdCapSeconds: z
      .int()
      .min(1)
      .max(4 * WEEK)
      .nullable()
      .default(null),
    maxSeatsPerReservation: z.int().min(1).max(100).default(10),
    categories: z
      .array(z.strictObject({ code, name: line(60), price: minorUnits }))
      .min(1)
      .max(50),
    sections: z.array(section).min(1).max(500),
  })
  .superRefine((event, ctx) => {
    const refuse = (path: (string | number)[], message: string) => ctx.addIssue({ code: 'custom', path, message });
    const codes = event.categories.map((category) => category.code);
    codes.forEach((one, index) => {
      if (codes.indexOf(one) !== index) refuse(['categories', index, 'code'], 'is there twice');
    });
    event.sections.forEach((one, index) => {
      if (!codes.includes(one.category)) refuse(['sections', index, 'category'], 'is not one of the categories');
    });
    const { salesOpenAt: opens, salesCloseAt: closes } = event;
    if (opens !== null && closes !== null && Date.parse(opens) >= Date.parse(closes)) {
      refuse(['salesCloseAt'], 'must be after salesOpenAt');
    }
    if (event.holdCapSeconds !== null && event.holdTtlSeconds !== null && event.holdCapSeconds < event.holdTtlSeconds) {
      refuse(['holdCapSeconds'], 'must not be below holdTtlSeconds');
    }
    const dearest = Math.max(...event.categories.map((category) => category.price));
    if (dearest * event.maxSeatsPerReservation > Number.MAX_SAFE_INTEGER) {
      refuse(['categories'], 'prices are too high to be added up exactly');
    }
    if (countSeats(event.sections) > MAX_SEATS_PER_EVENT) {
      refuse(['sections'], `an event has at most ${MAX_SEATS_PER_EVENT} seats`);
      return;
    }
    const { doubled } = layOutSeats(event.sections);
    if (doubled.length > 0)
      refuse(['sections'], `seat labels occur twice: ${doubled.slice(0, 5).join(', ')}; rename a row or section`);
  })
  .meta({ id: 'NewEvent' });

export const event = z
  .object({
    id: z.uuid(),
    slug: z.string(),
    name: z.string(),
    venue: z.string().nullable(),
    startsAt: timestamp,
    timeZone: z.string(),
    currency,
    salesOpenAt: timestamp.nullable(),
    salesCloseAt: timestamp.nullable(),
    holdTtlSeconds: z.int(),
    holdCapSeconds: z.int(),
    maxSeatsPerReservation: z.int(),
    categories: z.array(z.object({ code: z.string(), name: z.string(), price: money })),
    createdAt: timestamp,
  })
  .meta({ id: 'Event' });

export const seat = z
  .object({
    label: z.string(),
    section: z.string(),
    row: z.string().nullable(),
    number: z.int().nullable(),
    category: z.string(),
    price: money,
    status: z.enum(['available', 'held', 'sold', 'blocked']),
  })
  .meta({ id: 'Seat' });

export const eventParams = z.object({ event: z.string().meta({ description: 'An id or a slug' }) });
export const eventNameForm = SLUG;
