import { z } from 'zod';
import type { Database } from '../../../db/database';
import { listPayments } from '../../../db/payments';
import { REFUND_REASONS } from '../../../domain/settlement';
import { pageOf } from '../../cursor';
import { HELD_RESERVATION, PAYMENT, RESERVATION_ID } from '../../examples';
import { defineRoute } from '../../route';
import { flag, line, money, openEnum, page, pageQuery, timestamp } from '../../schemas';

const STATUSES = ['captured', 'refunding', 'refunded'] as const;
/**
 * In a cursor, a reference (up to 255 arbitrary characters) is base64url. A made-up cursor can be
 * decoded too, unless it contains NUL.
 */
const REFERENCE_FORM = '[A-Za-z0-9_-]{2,1360}';
const encodeReference = (reference: string): string => Buffer.from(reference).toString('base64url');
const decodeReference = (text: string): string =>
  Buffer.from(text, 'base64url').toString().replaceAll('\0', '');

const paymentRecord = z
  .object({
    reference: z.string(),
    reservation: z.string().meta({ description: 'As the provider named it; it need not exist' }),
    reservationExists: z.boolean(),
    amount: money,
    source: openEnum(['stripe', 'standard', 'client', 'signal'], 'Who told us of it'),
    provenBy: openEnum(
      ['stripe', 'standard'],
      'Whose signed event proves it; null: it is claimed',
    ).nullable(),
    capturedBy: openEnum(
      ['stripe', 'test', 'client'],
      'Who can give it back; `client`: no provider can',
    ),
    status: openEnum(STATUSES),
    refundReason: openEnum(REFUND_REASONS).nullable(),
    refundError: z
      .string()
      .nullable()
      .meta({ description: 'Why the provider refuses the refund; an operator has to look' }),
    receivedAt: timestamp,
    refundedAt: timestamp.nullable(),
  })
  .meta({
    id: 'Payment',
    examples: [
      {
        reference: PAYMENT.reference,
        reservation: RESERVATION_ID,
        reservationExists: true,
        amount: HELD_RESERVATION.total,
        source: 'stripe',
        provenBy: 'stripe',
        capturedBy: 'stripe',
        status: 'captured',
        refundReason: null,
        refundError: null,
        receivedAt: '2030-01-12T10:05:00.123Z',
        refundedAt: null,
      },
    ],
  });

/**
 * Every recorded payment, for operators, including payments for reservations that never existed.
 */
export function paymentRoutes({ db }: { db: Database }) {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/payments',
      operationId: 'listPayments',
      tag: 'Payments',
      summary: 'Payments, newest first',
      access: ['operator'],
      query: z.strictObject({
        ...pageQuery(REFERENCE_FORM),
        status: z.enum(STATUSES).optional(),
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
