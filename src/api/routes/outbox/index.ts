import { z } from 'zod';
import type { Database } from '../../../db/database';
import { listOutbox, retryEntry } from '../../../db/outbox';
import { OUTBOX_KINDS, outboxKind } from '../../../db/outbox-kinds';
import type { Notify } from '../../../db/outbox-notifier';
import { pageOf } from '../../cursor';
import { RESERVATION_ID } from '../../examples';
import { Problem } from '../../problem';
import { defineRoute } from '../../route';
import { count, flag, openEnum, page, pageQuery, timestamp } from '../../schemas';

const ID_FORM = '[0-9]{1,18}';
const isId = new RegExp(`^${ID_FORM}$`);

const entry = z
  .object({
    id: z.string(),
    kind: openEnum(Object.keys(OUTBOX_KINDS)),
    subject: z.string().meta({ description: 'The id of what it is about, by kind' }),
    createdAt: timestamp,
    attempts: count,
    nextTryAt: timestamp.nullable().meta({ description: 'null: it was given up' }),
    lastError: z.string().nullable().meta({ description: "Temporal's own words" }),
    givenUpAt: timestamp.nullable(),
  })
  .meta({
    id: 'OutboxEntry',
    examples: [
      {
        id: '4711',
        kind: 'start',
        subject: RESERVATION_ID,
        createdAt: '2030-01-12T10:05:00.123Z',
        attempts: 68,
        nextTryAt: null,
        lastError: 'Namespace default has no mapping defined for search attribute EventSlug',
        givenUpAt: '2030-01-12T11:05:12.456Z',
      },
    ],
  });

/** What Temporal has not been notified of yet; of interest when it refuses an entry. */
export function outboxRoutes({ db, notify }: { db: Database; notify: Notify }) {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/outbox',
      operationId: 'listOutbox',
      kind: 'list',
      tag: 'Outbox',
      summary: 'What Temporal has not taken yet, newest first',
      access: ['operator'],
      query: z.strictObject({
        ...pageQuery(ID_FORM),
        givenUp: flag.optional().meta({ description: 'true: only what is no longer tried' }),
      }),
      responses: { 200: { description: 'A page of entries', schema: page(entry) } },
      problems: [],
      async handle({ query: { cursor, limit, givenUp } }) {
        const rows = await listOutbox(db, givenUp, cursor ?? null, limit + 1);
        const { rows: shown, nextCursor } = pageOf(rows, limit, (row) => row.entry.id);
        return { status: 200, body: { data: shown.map((row) => row.entry), nextCursor } };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/outbox/{id}/retry',
      operationId: 'retryOutboxEntry',
      tag: 'Outbox',
      summary: 'Try an entry again, now',
      description: 'Once what Temporal refused is put right. It is then tried for an hour again.',
      access: ['operator'],
      params: z.object({ id: z.string().meta({ examples: ['4711'] }) }),
      responses: { 200: { description: 'It is due now', schema: entry } },
      problems: ['not_found'],
      async handle({ params: { id } }) {
        const due = isId.test(id) ? await retryEntry(db, id) : null;
        if (!due) {
          throw new Problem(
            'not_found',
            `There is no entry ${id.slice(0, 20)} in the outbox: Temporal may have taken it.`,
          );
        }
        notify(outboxKind(due.kind).queue);
        return { status: 200, body: due };
      },
    }),
  ];
}
