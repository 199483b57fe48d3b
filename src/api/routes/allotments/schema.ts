import { z } from 'zod';
import { MAX_SEATS_PER_EVENT } from '../../../domain/seat-map';
import { RESERVATION_ID } from '../../examples';
import { count, name, seatLabel, timestamp, timestampInput } from '../../schemas';
import { eventParams } from '../events/schema';

const MOST_ROWS = 500;
const unique = (kind: string) => ({ message: `names a ${kind} twice` });
const isUnique = (names: readonly string[]) => new Set(names).size === names.length;

const fields = {
  name: name(200),
  seats: z
    .array(seatLabel)
    .min(1)
    .max(MAX_SEATS_PER_EVENT)
    .refine(isUnique, unique('seat'))
    .meta({ description: 'By label' }),
  section: name(100).meta({ description: 'A whole section; with `rows`, those of it' }),
  rows: z
    .array(name(100))
    .min(1)
    .max(MOST_ROWS)
    .refine(isUnique, unique('row'))
    .meta({ description: 'Whole rows, by name; with `section` where several sections have one' }),
  client: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { message: 'must be the name of a client' })
    .meta({ description: 'Whose keys take its seats too. Absent: operators alone' }),
  until: timestampInput.meta({
    description: 'When its seats are for everyone. Absent: when it is deleted',
  }),
};

type Seats = { seats?: unknown; section?: unknown; rows?: unknown };
const namesNoSeats = ({ seats, section, rows }: Seats) => (seats ?? section ?? rows) == null;
const namesBoth = ({ seats, section, rows }: Seats) => seats != null && (section ?? rows) != null;
const BOTH = { message: 'takes either seats, or section and rows', path: ['seats'] };

const EXAMPLE = {
  name: 'Sponsors',
  seats: ['A-11', 'A-12'],
  client: 'box-office',
  until: '2030-03-01T12:00:00.000Z',
};

export const newAllotment = z
  .strictObject({
    name: fields.name,
    seats: fields.seats.optional(),
    section: fields.section.optional(),
    rows: fields.rows.optional(),
    client: fields.client.optional(),
    until: fields.until.optional(),
  })
  .refine((body) => !namesNoSeats(body), {
    message: 'is needed, or section or rows',
    path: ['seats'],
  })
  .refine((body) => !namesBoth(body), BOTH)
  .meta({
    id: 'NewAllotment',
    description: 'Seats by label, or a whole section, or whole rows',
    examples: [EXAMPLE],
  });

/** A merge patch; `seats`, `section` and `rows` replace all its seats. */
export const allotmentPatch = z
  .strictObject({
    name: fields.name.optional(),
    seats: fields.seats.optional(),
    section: fields.section.optional(),
    rows: fields.rows.optional(),
    client: fields.client.nullable().optional(),
    until: fields.until.nullable().optional(),
  })
  .refine((body) => !namesBoth(body), BOTH)
  .meta({ id: 'AllotmentPatch', examples: [{ until: null }] });

export const allotment = z
  .object({
    id: z.uuid(),
    event: z.string().meta({ description: "The event's slug" }),
    name: z.string(),
    client: z.string().nullable().meta({ description: 'null: operators alone' }),
    until: timestamp.nullable(),
    seats: z
      .array(z.string())
      .meta({ description: 'Labels, free, held and sold; none once it has ended' }),
    revision: count,
    createdAt: timestamp,
    endedAt: timestamp.nullable().meta({ description: 'null: it is in force' }),
  })
  .meta({
    id: 'Allotment',
    examples: [
      {
        id: RESERVATION_ID,
        event: 'hamlet',
        ...EXAMPLE,
        revision: 1,
        createdAt: '2030-01-02T08:30:00.123Z',
        endedAt: null,
      },
    ],
  });

export const allotmentParams = eventParams.extend({
  id: z.string().meta({ description: 'The id of an allotment', examples: [RESERVATION_ID] }),
});
