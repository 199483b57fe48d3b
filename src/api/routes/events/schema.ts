import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { MAX_LINES, PLAIN, type Pricing } from '../../../domain/pricing';
import { ORPHAN_RULES } from '../../../db/events';
import {
  countSeats,
  faultsOfRow,
  layOutSeats,
  MAX_COORDINATE,
  MAX_NUMBERS_PER_ROW,
  MAX_ROWS_PER_SECTION,
  MAX_SEATS_PER_EVENT,
  MAX_SEATS_PER_ROW,
  seatsInRow,
} from '../../../domain/seat-map';
import { isUuid } from '../../../domain/uuid';
import {
  count,
  currency,
  currencyInput,
  line,
  minorUnits,
  money,
  name,
  openEnum,
  seatLabel,
  timestamp,
  timestampInput,
} from '../../schemas';

const SLUG = /^[a-z0-9][a-z0-9_-]{0,99}$/;
const WEEK = 604_800;

/** Blanks around it would make one seat look like another. */
const seatNumber = name(20).refine((text) => text === text.trim(), {
  message: 'must not have blanks around it',
});

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

const coordinate = z.number().min(-MAX_COORDINATE).max(MAX_COORDINATE);
const coordinates = z
  .union([coordinate, z.array(coordinate.nullable()).min(1).max(MAX_NUMBERS_PER_ROW)])
  .meta({
    id: 'Coordinates',
    description:
      'Of each seat and aisle, or of the whole row, in any unit. Absent: the map is laid out from the rows',
  });
const someNumbers = (description: string) =>
  z.array(seatNumber).max(MAX_SEATS_PER_ROW).optional().meta({ description });

const newRow = z
  .strictObject({
    name: name(20),
    seats: z
      .int()
      .min(1)
      .max(MAX_SEATS_PER_ROW)
      .optional()
      .meta({ description: 'Numbers 1 to this' }),
    numbers: z
      .array(seatNumber.nullable())
      .min(1)
      .max(MAX_NUMBERS_PER_ROW)
      .optional()
      .meta({
        description: `What each seat is called, neighbours in order; null is an aisle. Up to ${MAX_SEATS_PER_ROW} seats`,
      }),
    accessible: someNumbers('Numbers of the places for wheelchairs, sold only when asked for'),
    companion: someNumbers('Numbers of the places for who comes with somebody in a wheelchair'),
    x: coordinates.optional(),
    y: coordinates.optional(),
  })
  .refine((row) => (row.seats === undefined) !== (row.numbers === undefined), {
    message: 'takes either seats or numbers',
  })
  .refine((row) => seatsInRow(row) >= 1 && seatsInRow(row) <= MAX_SEATS_PER_ROW, {
    message: `must have 1 to ${MAX_SEATS_PER_ROW} seats`,
    path: ['numbers'],
  })
  .superRefine((row, ctx) => {
    for (const fault of faultsOfRow(row)) ctx.addIssue({ code: 'custom', ...fault });
  })
  .meta({ id: 'NewRow', description: 'Either `seats` or `numbers`' });
const active = z.boolean().optional().meta({
  description: '`false`: nobody can buy it any more; what is held or sold stays as it is',
});
const newCategory = z
  .strictObject({
    code,
    name: name(60),
    price: minorUnits.meta({ description: 'Minor units, at the first price type' }),
    prices: z
      .record(code, minorUnits)
      .optional()
      .meta({ description: 'Minor units, by price type after the first; one without is not sold' }),
    active,
  })
  .meta({ id: 'NewCategory' });
const newPriceType = z.strictObject({ code, name: name(60), active }).meta({ id: 'NewPriceType' });
export const percent = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,2})(?:\.\d{1,4})?$/, {
    message: 'must be a decimal text with up to four decimals, like "2.5"',
  })
  .refine((text) => Number(text) <= 100, { message: 'must be at most 100' })
  .meta({ description: 'An exact decimal, up to four decimals', examples: ['2.5'] });
const newFee = z
  .strictObject({
    code,
    name: name(60),
    per: z.enum(['ticket', 'reservation']).meta({
      description: '`ticket`: for each seat that costs something; `reservation`: once',
    }),
    amount: minorUnits.optional(),
    percent: percent.optional().meta({ description: 'Of the discounted tickets' }),
    refundable: z.boolean().default(true),
  })
  .refine((fee) => (fee.amount === undefined) !== (fee.percent === undefined), {
    message: 'takes either amount or percent',
    path: ['amount'],
  })
  .meta({ id: 'NewFee', description: 'Either `amount` or `percent`' });
const newTax = z
  .strictObject({
    percent,
    included: z.boolean().meta({ description: 'Whether the prices contain it' }),
  })
  .meta({ id: 'NewTax' });
const newRefundTerm = z
  .strictObject({
    untilSecondsBeforeStart: z
      .int()
      .min(0)
      .max(10 * 52 * WEEK),
    percent,
  })
  .meta({ id: 'NewRefundTerm' });
const MOST = 20;
const MAX_SECTIONS = 500;
const point = z.strictObject({ x: coordinate, y: coordinate }).meta({ id: 'NewPoint' });
const newSection = z
  .strictObject({
    name: name(60),
    category: code.meta({ description: 'The code of one of the categories' }),
    rows: z.array(newRow).min(1).max(MAX_ROWS_PER_SECTION).optional(),
    places: z
      .int()
      .min(1)
      .max(MAX_SEATS_PER_EVENT)
      .optional()
      .meta({ description: 'General admission' }),
  })
  .refine((value) => (value.rows === undefined) !== (value.places === undefined), {
    message: 'takes either rows or places',
  })
  .meta({ id: 'NewSection', description: 'Either `rows` or `places`' });

const EXAMPLE = {
  slug: 'hamlet',
  name: 'Hamlet',
  venue: 'Theatre',
  startsAt: '2030-03-14T19:00:00.000Z',
  timeZone: 'Europe/Prague',
  currency: 'EUR',
  salesOpenAt: '2030-01-10T09:00:00.000Z',
  salesCloseAt: null,
  holdTtlSeconds: 600,
  holdCapSeconds: 1800,
  maxSeatsPerReservation: 10,
  maxSeatsPerBuyer: null,
  priceTypes: [
    { code: 'adult', name: 'Adult' },
    { code: 'child', name: 'Child' },
  ],
  tax: { percent: '21', included: true },
  refundTerms: [
    { untilSecondsBeforeStart: 172_800, percent: '100' },
    { untilSecondsBeforeStart: 0, percent: '50' },
  ],
  orphanRule: 'prefer',
  focalPoint: { x: 10, y: 0 },
};
const FEE = { code: 'booking', name: 'Booking fee', per: 'ticket', refundable: false };

/** What an event says of itself, and may say otherwise later. */
const definition = {
  name: name(200),
  venue: name(200).nullable().default(null),
  startsAt: timestampInput,
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, { message: 'must be an IANA time zone, like Europe/Prague' })
    .default('UTC')
    .meta({
      description: 'An IANA time zone; tickets show the times of this place',
      minLength: 1,
    }),
  salesOpenAt: timestampInput
    .nullable()
    .default(null)
    .meta({ description: 'RFC 3339. Absent: the sale is open' }),
  salesCloseAt: timestampInput.nullable().default(null).meta({
    description:
      'RFC 3339. Absent: the sale closes when the event starts. No sale and no hold outlasts the start',
  }),
  holdTtlSeconds: z.int().min(1).max(WEEK).nullable().default(null).meta({
    description:
      "How long a hold lasts. Absent: the server's default, 600 unless it was set otherwise",
  }),
  holdCapSeconds: z
    .int()
    .min(1)
    .max(4 * WEEK)
    .nullable()
    .default(null)
    .meta({
      description:
        'How long a hold lasts at most, extensions included. Absent: three times the TTL',
    }),
  maxSeatsPerReservation: z.int().min(1).max(100).default(10),
  maxSeatsPerBuyer: z.int().min(1).max(100_000).nullable().default(null).meta({
    description: 'Held and sold together, over all reservations. Absent: any number',
  }),
  priceTypes: z.array(newPriceType).min(1).max(MOST).optional().meta({
    description: 'The first is the default. Absent: one, `standard`',
  }),
  categories: z.array(newCategory).min(1).max(50),
  fees: z.array(newFee).max(MOST).default([]),
  tax: newTax.nullable().default(null),
  refundTerms: z.array(newRefundTerm).min(1).max(MOST).nullable().default(null).meta({
    description:
      'How much a cancel gives back: the percentage of the first step whose time has not come, nothing after the last. Absent: all, at any time',
  }),
  orphanRule: z.enum(ORPHAN_RULES).default('off').meta({
    description:
      'Of a free seat left alone between taken ones, an aisle or the end of the row: `off`, anybody may; `prefer`, `bestAvailable` leaves none while it has another choice; `forbid`, nobody may',
  }),
  focalPoint: point.nullable().default(null).meta({
    description:
      'The best place: `bestAvailable` prefers what is near. In the units of `x` and `y`; a seat without them is at its place in the row and the number of its row, both from 0. Absent: the first row, from its middle',
  }),
};
type Definition = z.output<z.ZodObject<typeof definition>>;
type Refuse = (path: (string | number)[], message: string) => void;

/** What holds of every event. */
function checkDefinition(event: Definition, refuse: Refuse): void {
  const codes = event.categories.map((category) => category.code);
  codes.forEach((one, index) => {
    if (codes.indexOf(one) !== index) refuse(['categories', index, 'code'], 'is used twice');
  });
  const types = (event.priceTypes ?? PLAIN.types).map((type) => type.code);
  if (event.priceTypes?.[0]?.active === false)
    refuse(['priceTypes', 0], 'is not active: the first is the default, so it must be');
  types.forEach((one, index) => {
    if (types.indexOf(one) !== index) refuse(['priceTypes', index, 'code'], 'is used twice');
  });
  event.categories.forEach(({ prices = {} }, index) => {
    for (const type of Object.keys(prices)) {
      if (type === types[0])
        refuse(
          ['categories', index, 'prices', type],
          'is the first price type: its price is `price`',
        );
      else if (!types.includes(type))
        refuse(['categories', index, 'prices', type], 'is not one of the price types');
    }
  });
  const feeCodes = event.fees.map((fee) => fee.code);
  feeCodes.forEach((one, index) => {
    if (feeCodes.indexOf(one) !== index) refuse(['fees', index, 'code'], 'is used twice');
  });
  (event.refundTerms ?? []).forEach(({ untilSecondsBeforeStart: until }, index, terms) => {
    if (index > 0 && until >= terms[index - 1]!.untilSecondsBeforeStart)
      refuse(['refundTerms', index], 'must come later than the step before it');
  });
  const { salesOpenAt: opens, salesCloseAt: closes } = event;
  if (opens !== null && closes !== null && Date.parse(opens) >= Date.parse(closes)) {
    refuse(['salesCloseAt'], 'must be after salesOpenAt');
  }
  if (
    event.holdCapSeconds !== null &&
    event.holdTtlSeconds !== null &&
    event.holdCapSeconds < event.holdTtlSeconds
  ) {
    refuse(['holdCapSeconds'], 'must not be below holdTtlSeconds');
  }
  // With fees and tax on top, each at most as much again; and over the events of an order.
  const prices = event.categories.flatMap((one) => [one.price, ...Object.values(one.prices ?? {})]);
  const fixed = event.fees.reduce((sum, { amount = 0 }) => sum + amount, 0);
  const dearest = Math.max(...prices) * (2 + event.fees.length) + 2 * fixed;
  if (dearest * event.maxSeatsPerReservation > Number.MAX_SAFE_INTEGER / MAX_LINES) {
    refuse(['categories'], 'prices are too high to be added up exactly');
  }
}

export const newEvent = z
  .strictObject({
    slug: z
      .string()
      .regex(SLUG, {
        message:
          'must be up to 100 small letters, digits, _ or -, beginning with a letter or digit',
      })
      .refine((slug) => !isUuid(slug), { message: 'must not look like an id' })
      .meta({
        description: "The event's name in addresses, for good; it must not look like an id",
      }),
    currency: currencyInput,
    ...definition,
    sections: z.array(newSection).min(1).max(MAX_SECTIONS).optional().meta({
      description: 'Needed, unless `sectionsFrom` or `sectionsLater` takes its place',
    }),
    sectionsFrom: line(100).optional().meta({
      description:
        'The slug or id of an event whose seats this one gets too: labels, rows, coordinates and categories, which must be among its own. Without a `focalPoint` its best place too',
    }),
    sectionsLater: z.boolean().optional().meta({
      description: '`true`: all seats come by `POST /v1/events/{event}/sections`, as from a CSV',
    }),
  })
  .refine(
    ({ sections, sectionsFrom, sectionsLater }) => sections ?? sectionsFrom ?? sectionsLater,
    {
      message: 'is required, or `sectionsFrom`, or `sectionsLater`',
      path: ['sections'],
      // Said with whatever else is wrong, as of every field that is needed.
      when: ({ value }) => typeof value === 'object' && value !== null,
    },
  )
  .superRefine((event, ctx) => {
    const refuse: Refuse = (path, message) => ctx.addIssue({ code: 'custom', path, message });
    checkDefinition(event, refuse);
    const { sections, sectionsFrom } = event;
    if (!sections) return;
    if (sectionsFrom !== undefined) refuse(['sectionsFrom'], 'goes without sections');
    const codes = event.categories.map((category) => category.code);
    sections.forEach((one, index) => {
      if (!codes.includes(one.category))
        refuse(['sections', index, 'category'], 'is not one of the categories');
    });
    if (countSeats(sections) > MAX_SEATS_PER_EVENT) {
      refuse(['sections'], `an event has at most ${MAX_SEATS_PER_EVENT} seats`);
      return;
    }
    const { doubled } = layOutSeats(sections);
    if (doubled.length > 0)
      refuse(
        ['sections'],
        `seat labels occur twice: ${doubled.slice(0, 5).join(', ')}; rename a row or section`,
      );
  })
  .meta({
    id: 'NewEvent',
    examples: [
      {
        ...EXAMPLE,
        categories: [
          { code: 'stalls', name: 'Stalls', price: 4500, prices: { child: 2500 } },
          { code: 'floor', name: 'Floor', price: 2000 },
        ],
        fees: [{ ...FEE, amount: 150 }],
        sections: [
          {
            name: 'Stalls',
            category: 'stalls',
            rows: [
              { name: 'A', seats: 20 },
              {
                name: 'B',
                numbers: ['11', '12', null, '12 bis', '15'],
                accessible: ['11'],
                companion: ['12'],
              },
            ],
          },
          { name: 'Floor', category: 'floor', places: 500 },
        ],
      },
    ],
  });

/** An entry of a definition in a merge patch: absent stays, null clears. */
const patchOf = <Shape extends Record<string, z.ZodType>>(shape: Shape) =>
  Object.fromEntries(
    Object.entries(shape).map(([field, entry]) => {
      const inner = entry instanceof z.ZodDefault ? (entry.unwrap() as z.ZodType) : entry;
      const { description } = entry.meta() ?? {};
      const patch = inner.nullable().optional();
      return [field, description === undefined ? patch : patch.meta({ description })];
    }),
  ) as { [Name in keyof Shape]: z.ZodOptional<z.ZodNullable<Shape[Name]>> };

const changeable = {
  ...definition,
  salesPaused: z.boolean().default(false).meta({ description: 'Nobody can hold a seat meanwhile' }),
};
const seatPatch = z
  .strictObject({ active: z.boolean(), label: z.string().optional() })
  .meta({ id: 'SeatPatch', description: '`label` never changes' });
const MAX_SEATS_PER_PATCH = 10_000;

/** A merge patch; what it comes to is checked by `wholeEvent`. */
export const eventPatch = z
  .strictObject({
    ...patchOf(changeable),
    // Objects are merged too.
    tax: newTax.partial().meta({ id: 'TaxPatch' }).nullable().optional(),
    focalPoint: point.partial().meta({ id: 'PointPatch' }).nullable().optional(),
    slug: z.string().optional().meta({ description: 'Never changes' }),
    currency: z.string().optional().meta({ description: 'Never changes' }),
    seats: z
      .record(seatLabel, seatPatch)
      .refine((seats) => Object.keys(seats).length <= MAX_SEATS_PER_PATCH, {
        message: `takes up to ${MAX_SEATS_PER_PATCH} seats`,
      })
      .optional()
      .meta({ description: 'By label: seats that are no longer for sale, or are again' }),
    notify: z.boolean().default(false).meta({
      description: 'Whether ticket holders get a mail with the new time or place',
    }),
  })
  .meta({
    id: 'EventPatch',
    examples: [{ startsAt: '2030-03-14T20:00:00.000Z', salesPaused: null, notify: true }],
  });
export type EventPatch = z.output<typeof eventPatch>;
export const wholeEvent = z.object(changeable).superRefine((event, ctx) => {
  checkDefinition(event, (path, message) => ctx.addIssue({ code: 'custom', path, message }));
});
export type WholeEvent = z.output<typeof wholeEvent>;

export const newSections = z
  .strictObject({ sections: z.array(newSection).min(1).max(MAX_SECTIONS) })
  .superRefine(({ sections }, ctx) => {
    if (countSeats(sections) > MAX_SEATS_PER_EVENT)
      ctx.addIssue({
        code: 'custom',
        path: ['sections'],
        message: `an event has at most ${MAX_SEATS_PER_EVENT} seats`,
      });
  })
  .meta({
    id: 'NewSections',
    examples: [
      {
        sections: [
          { name: 'Balcony', category: 'stalls', rows: [{ name: 'A', seats: 12, x: 0, y: 30 }] },
        ],
      },
    ],
  });

/**
 * What an event charges beside the prices of its categories; null: nothing, so a hold of it is priced where it is
 * taken.
 */
export function pricingOf({
  priceTypes,
  categories,
  fees,
  tax: taxed,
}: Pick<Definition, 'priceTypes' | 'categories' | 'fees' | 'tax'>): Pricing | null {
  const types = (priceTypes ?? PLAIN.types).map(({ active: isActive = true, ...type }) =>
    isActive ? type : { ...type, active: false },
  );
  const isPlain = isDeepStrictEqual(types, PLAIN.types);
  if (isPlain && fees.length === 0 && taxed === null) return null;
  return {
    types,
    prices: Object.fromEntries(categories.map((one) => [one.code, one.prices ?? {}])),
    fees: fees.map(({ amount = null, percent: share = null, ...rest }) => ({
      ...rest,
      amount,
      percent: share,
    })),
    tax: taxed,
  };
}

const isActive = z.boolean().meta({ description: '`false`: nobody can buy it any more' });
const category = z
  .object({
    code: z.string(),
    name: z.string(),
    price: money.meta({ description: 'At the first price type' }),
    prices: z.record(z.string(), money).meta({ description: 'By price type after the first' }),
    active: isActive,
  })
  .meta({ id: 'Category' });
const priceType = z
  .object({ code: z.string(), name: z.string(), active: isActive })
  .meta({ id: 'PriceType' });
const fee = z
  .object({
    code: z.string(),
    name: z.string(),
    per: openEnum(['ticket', 'reservation']),
    amount: money.nullable(),
    percent: z.string().nullable(),
    refundable: z.boolean(),
  })
  .meta({ id: 'Fee', description: 'Either `amount` or `percent`' });
const tax = z.object({ percent: z.string(), included: z.boolean() }).meta({ id: 'Tax' });
const refundTerm = z
  .object({ untilSecondsBeforeStart: count, percent: z.string() })
  .meta({ id: 'RefundTerm' });

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
    holdTtlSeconds: count,
    holdCapSeconds: count,
    maxSeatsPerReservation: count,
    maxSeatsPerBuyer: count.nullable(),
    priceTypes: z.array(priceType).meta({ description: 'The first is the default' }),
    categories: z.array(category),
    fees: z.array(fee),
    tax: tax.nullable(),
    refundTerms: z.array(refundTerm).nullable(),
    orphanRule: openEnum([...ORPHAN_RULES]),
    focalPoint: z.object({ x: z.number(), y: z.number() }).meta({ id: 'Point' }).nullable(),
    salesPaused: z.boolean(),
    revision: count.meta({ description: 'Grows with each change' }),
    createdAt: timestamp,
  })
  .meta({
    id: 'Event',
    examples: [
      {
        id: '3e0d7f6c-58b1-4b0e-9d53-2f5a8d1c7a10',
        ...EXAMPLE,
        priceTypes: EXAMPLE.priceTypes.map((type) => ({ ...type, active: true })),
        categories: [
          {
            code: 'stalls',
            name: 'Stalls',
            price: { amount: 4500, currency: 'EUR' },
            prices: { child: { amount: 2500, currency: 'EUR' } },
            active: true,
          },
          {
            code: 'floor',
            name: 'Floor',
            price: { amount: 2000, currency: 'EUR' },
            prices: {},
            active: true,
          },
        ],
        fees: [{ ...FEE, amount: { amount: 150, currency: 'EUR' }, percent: null }],
        salesPaused: false,
        revision: 1,
        createdAt: '2030-01-02T08:30:00.123Z',
      },
    ],
  });

const SEAT_STATUSES = ['available', 'held', 'sold', 'blocked'] as const;
const seatStatus = openEnum(SEAT_STATUSES);
export const seatFilter = z.strictObject({
  section: name(60).optional().meta({ description: 'The name of a section' }),
  status: z.enum(SEAT_STATUSES).optional(),
});

/** A seat in the live stream. */
export const seatChange = z.object({ label: z.string(), status: seatStatus }).meta({
  id: 'SeatChange',
  examples: [{ label: 'A-1', status: 'held' }],
});

export const seat = z
  .object({
    label: z.string().meta({ description: 'Unique in the event' }),
    section: z.string(),
    row: z.string().nullable().meta({ description: 'null for general admission' }),
    number: z
      .string()
      .nullable()
      .meta({ description: 'What the seat is called; null for general admission' }),
    category: z.string(),
    price: money,
    x: z.number().nullable().meta({ description: 'null: the map is laid out from the rows' }),
    y: z.number().nullable(),
    accessible: z.boolean().meta({ description: 'A place for a wheelchair' }),
    companion: z.boolean().meta({ description: 'A place beside one for a wheelchair' }),
    active: isActive,
    status: seatStatus,
    allotment: z
      .uuid()
      .nullable()
      .optional()
      .meta({ description: 'With the key of who takes its seats alone: the id of the allotment' }),
  })
  .meta({
    id: 'Seat',
    examples: [
      {
        label: 'A-1',
        section: 'Stalls',
        row: 'A',
        number: '1',
        category: 'stalls',
        price: { amount: 4500, currency: 'EUR' },
        x: 0,
        y: 0,
        accessible: false,
        companion: false,
        active: true,
        status: 'available',
      },
    ],
  });

export const eventParams = z.object({
  event: z.string().meta({ description: 'An id or a slug', examples: ['hamlet'] }),
});
export const eventNameForm = SLUG;
