import { z } from 'zod';
import type { Database } from '../../../db/database';
import { listPayments } from '../../../db/payments';
import { pageOf } from '../../cursor';
import { defineRoute } from '../../route';
import { flag, line, page, pageQuery } from '../../schemas';
import { LISTED_STATUSES, paymentRecord } from './schema';

/**
 * In a cursor, a reference (up to 255 arbitrary characters) is base64url. A made-up cursor can be
 * decoded too, unless it contains NUL.
 */
const REFERENCE_FORM = '[A-Za-z0-9_-]{2,1360}';
const encodeReference = (reference: string): string => Buffer.from(reference).toString('base64url');
const decodeReference = (text: string): string =>
  Buffer.from(text, 'base64url').toString().replaceAll('\0', '');

/**
 * Every recorded payment, for operators, including payments for reservations that never existed.
 */
export function paymentRoutes({ db }: { db: Database }) {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/payments',
      operationId: 'listPayments',
      kind: 'list',
      tag: 'Payments',
      summary: 'Payments, newest first',
      access: ['operator'],
      query: z.strictObject({
        ...pageQuery(REFERENCE_FORM),
        status: z.enum(LISTED_STATUSES).optional(),
        reservation: line(500).optional().meta({ description: 'As the provider named it' }),
        reservationExists: flag
          .optional()
          .meta({ description: 'false: only payments for reservations that never were' }),
      }),
      responses: { 200: { description: 'A page of payments', schema: page(paymentRecord) } },
      problems: [],
      async handle({ query }) {
        const { cursor, limit, ...filter } = query;
        const after = cursor ? { at: cursor.at, id: decodeReference(cursor.id) } : null;
        const rows = await listPayments(db, filter, after, limit + 1);
        const { rows: shown, nextCursor } = pageOf(rows, limit, (row) =>
          encodeReference(row.payment.reference),
        );
        return { status: 200, body: { data: shown.map((row) => row.payment), nextCursor } };
      },
    }),
  ];
}
