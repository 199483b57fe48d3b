import { z } from 'zod';
import { SCANNED_CODE, strippedCode } from '../../../domain/scanned-code';
import { isWellFormed } from '../../../domain/text';
import { RESERVATION_ID, TICKET_CODE, TICKET_KEY } from '../../examples';
import { count, line, name, openEnum, timestamp, timestampInput } from '../../schemas';

const code = z
  .string()
  .max(2000)
  .regex(SCANNED_CODE, { message: 'must be one line of text, not blank' })
  .refine(isWellFormed, { message: 'must be valid Unicode' })
  .transform(strippedCode)
  .meta({ description: "What the ticket's QR code carries; white space around it is taken off" });

export const newCheckIn = z
  .strictObject({
    code,
    event: line(100).optional().meta({
      description:
        'The slug or the id of the event at this door. Required, unless the key is for one event',
    }),
    gate: name(60)
      .optional()
      .meta({ description: 'Which door; it is told to whoever comes second' }),
    scanId: z
      .string()
      .regex(/^[!-~]{1,128}$/, { message: 'must be 1 to 128 printable ASCII characters' })
      .optional()
      .meta({
        description:
          "The scanner's own id of this scan, of its key and the code. Asked again, it gets the same answer",
      }),
    scannedAt: timestampInput.optional().meta({
      description:
        'When it was scanned, if it was scanned without a network: at most a day ago. The first scan that arrives wins',
    }),
  })
  .meta({
    id: 'NewCheckIn',
    examples: [
      {
        code: TICKET_CODE,
        event: 'hamlet',
        gate: 'North',
        scanId: '7a1c0f1e-4a7e-4c8b-9a65-0d7c7a4a2f10',
      },
    ],
  });

const EXAMPLE = {
  reservation: RESERVATION_ID,
  event: 'hamlet',
  seat: 'A-1',
  holder: 'Ada Lovelace',
};
const doorTicket = {
  reservation: z.string(),
  event: z.string(),
  seat: z.string(),
  holder: z.string(),
};
const gate = z.string().nullable();

export const checkedIn = z.object({ ...doorTicket, at: timestamp, gate }).meta({
  id: 'CheckIn',
  examples: [{ ...EXAMPLE, at: '2030-03-14T18:31:07.123Z', gate: 'North' }],
});

export const newUndo = z
  .strictObject({ code })
  .meta({ id: 'NewCheckInUndo', examples: [{ code: TICKET_CODE }] });

export const undone = z
  .object({ ...doorTicket, status: openEnum(['valid']) })
  .meta({ id: 'CheckInUndo', examples: [{ ...EXAMPLE, status: 'valid' }] });

const gateEntries = z.object({ gate, entries: count }).meta({ id: 'GateEntries' });

export const summary = z
  .object({
    event: z.string(),
    entries: count,
    expected: count.meta({ description: 'Valid tickets that have not come' }),
    gates: z.array(gateEntries).meta({ description: 'The 200 busiest; null: no gate was named' }),
  })
  .meta({
    id: 'CheckInSummary',
    examples: [
      {
        event: 'hamlet',
        entries: 412,
        expected: 88,
        gates: [
          { gate: 'North', entries: 300 },
          { gate: null, entries: 112 },
        ],
      },
    ],
  });

const voidedTicket = z
  .object({
    code: z.string(),
    seat: z.string(),
    why: openEnum(['cancelled', 'changed']),
    voidedAt: timestamp,
  })
  .meta({ id: 'VoidedTicket' });

export const voidedTickets = z
  .object({
    data: z.array(voidedTicket),
    next: z.string().meta({ description: '`after` of the next call, also when nothing was new' }),
  })
  .meta({
    id: 'VoidedTickets',
    examples: [
      {
        data: [
          {
            code: TICKET_CODE,
            seat: 'A-1',
            why: 'cancelled',
            voidedAt: '2030-03-10T09:15:00.123Z',
          },
        ],
        next: '001899450900123000.3e0d7f6c-58b1-4b0e-9d53-2f5a8d1c7a10',
      },
    ],
  });

export const publicKey = z
  .object({ keyId: z.string(), algorithm: openEnum(['Ed25519']), publicKeyPem: z.string() })
  .meta({
    id: 'TicketKey',
    examples: [TICKET_KEY],
  });
