import { z } from 'zod';
import type { Database } from '../../../db/database';
import { listUndeliveredMails } from '../../../db/mails';
import { pageOf } from '../../cursor';
import { RESERVATION_ID } from '../../examples';
import { defineRoute } from '../../route';
import { openEnum, page, pageQuery, timestamp } from '../../schemas';

const undeliveredMail = z
  .object({
    id: z.string(),
    kind: openEnum(['tickets', 'cancelled', 'refund', 'late_payment_refund']),
    reservation: z.string(),
    requestedAt: timestamp,
    attemptedAt: timestamp.nullable(),
    error: z.string().meta({ description: "The mail server's words" }),
    refused: z.boolean().meta({ description: 'For good; false: it is tried again' }),
  })
  .meta({
    id: 'UndeliveredMail',
    examples: [
      {
        id: '4711',
        kind: 'tickets',
        reservation: RESERVATION_ID,
        requestedAt: '2030-01-12T10:05:00.123Z',
        attemptedAt: '2030-01-12T10:05:02.456Z',
        error: '550 no such mailbox',
        refused: true,
      },
    ],
  });

/** Mail that does not reach its buyers. */
export function mailRoutes({ db }: { db: Database }) {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/mails/undelivered',
      operationId: 'listUndeliveredMails',
      kind: 'list',
      tag: 'Tickets',
      summary: 'Mails that are refused or fail, newest first',
      description:
        'Correct the buyer (`PATCH /v1/reservations/{id}`), and the tickets are mailed anew: then the ' +
        'refusal is listed no more. Tickets of a cancelled sale, and mails of an erased buyer, are not listed.',
      access: ['operator'],
      query: z.strictObject(pageQuery('[0-9]{1,18}')),
      responses: { 200: { description: 'A page of mails', schema: page(undeliveredMail) } },
      problems: [],
      async handle({ query: { cursor, limit } }) {
        const rows = await listUndeliveredMails(db, cursor ?? null, limit + 1);
        const { rows: shown, nextCursor } = pageOf(rows, limit, (row) => row.mail.id);
        return { status: 200, body: { data: shown.map((row) => row.mail), nextCursor } };
      },
    }),
  ];
}
