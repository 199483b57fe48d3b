import { z } from 'zod';
import type { Database } from '../../../db/database';
import { closeNote, listNotes, NOTE_KINDS } from '../../../db/notes';
import { pageOf } from '../../cursor';
import { PAYMENT, RESERVATION_ID } from '../../examples';
import { Problem } from '../../problem';
import { defineRoute } from '../../route';
import { flag, openEnum, page, pageQuery, timestamp } from '../../schemas';

const ID_FORM = '[0-9]{1,18}';

const note = z
  .object({
    id: z.string(),
    kind: openEnum(NOTE_KINDS),
    reservation: z
      .string()
      .nullable()
      .meta({ description: 'As it was named; it need not exist. null: it is about none' }),
    reference: z.string().nullable().meta({ description: "The payment's, if it is about one" }),
    data: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What was told, and what was known; by kind' }),
    createdAt: timestamp,
    closedAt: timestamp.nullable(),
    closedBy: z.string().nullable(),
  })
  .meta({
    id: 'Note',
    examples: [
      {
        id: '17',
        kind: 'claim_contradicted',
        reservation: RESERVATION_ID,
        reference: PAYMENT.reference,
        data: {
          claimed: {
            reservation: RESERVATION_ID,
            amount: PAYMENT.amount,
            currency: PAYMENT.currency,
          },
          proven: {
            reservation: 'another-reservation',
            amount: PAYMENT.amount,
            currency: PAYMENT.currency,
          },
        },
        createdAt: '2030-01-12T10:05:00.123Z',
        closedAt: null,
        closedBy: null,
      },
    ],
  });

/** Notes that an operator has to look at: payments and events that contradict what is known. */
export function noteRoutes({ db }: { db: Database }) {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/notes',
      operationId: 'listNotes',
      kind: 'list',
      tag: 'Payments',
      summary: 'Notes for the operator, newest first',
      access: ['operator'],
      query: z.strictObject({
        ...pageQuery(ID_FORM),
        open: flag.optional().meta({ description: 'true: only those that nobody has closed' }),
      }),
      responses: { 200: { description: 'A page of notes', schema: page(note) } },
      problems: [],
      async handle({ query: { cursor, limit, open } }) {
        const rows = await listNotes(db, open, cursor ?? null, limit + 1);
        const { rows: shown, nextCursor } = pageOf(rows, limit, (row) => row.note.id);
        return { status: 200, body: { data: shown.map((row) => row.note), nextCursor } };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/notes/{id}/close',
      operationId: 'closeNote',
      tag: 'Payments',
      summary: 'Close a note that was dealt with',
      access: ['operator'],
      params: z.object({ id: z.string().meta({ examples: ['17'] }) }),
      responses: { 200: { description: 'Closed, now or before', schema: note } },
      problems: ['not_found'],
      async handle({ params: { id }, caller }) {
        const closed = /^[0-9]{1,18}$/.test(id)
          ? await closeNote(db, id, `operator:${caller.client}`)
          : null;
        if (!closed) throw new Problem('not_found', `There is no note ${id.slice(0, 20)}.`);
        return { status: 200, body: closed };
      },
    }),
  ];
}
