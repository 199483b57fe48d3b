import { z } from 'zod';
import { DELIVERY_STATUSES } from '../../../db/webhook-deliveries';
import { HISTORY_TYPES } from '../../../domain/history-types';
import { RESERVATION_ID, WEBHOOK_ENDPOINT } from '../../examples';
import { count, feedCursor, line, openEnum, timestamp } from '../../schemas';

const MAX_URL = 2000;
// What is wrong with it beyond its length is said by the route.
const url = line(MAX_URL).meta({
  description: 'Of a public address; `https://` in production. No redirect is followed',
});
const types = z
  .array(z.enum(HISTORY_TYPES))
  .min(1)
  .max(HISTORY_TYPES.length)
  .refine((named) => new Set(named).size === named.length, { message: 'names a type twice' })
  .meta({ uniqueItems: true, description: 'What it is told of. Absent: everything' });

export const newWebhookEndpoint = z.strictObject({ url, types: types.optional() }).meta({
  id: 'NewWebhookEndpoint',
  examples: [{ url: WEBHOOK_ENDPOINT.url, types: WEBHOOK_ENDPOINT.types }],
});
export const webhookEndpointPatch = z
  .strictObject({ url: url.optional(), types: types.nullable().optional() })
  .meta({ id: 'WebhookEndpointPatch', examples: [{ types: null }] });
export const replay = z
  .strictObject({
    after: feedCursor.meta({ description: 'A place in the feed: a `next` of `GET /v1/feed`' }),
  })
  .meta({ id: 'WebhookReplay', examples: [{ after: '000000000004711.9f86d081' }] });

const endpointFields = {
  id: z.string(),
  client: z.string(),
  url: z.string(),
  types: z.array(z.string()).nullable().meta({ description: 'null: all' }),
  status: openEnum(['enabled', 'disabled']),
  disabledReason: openEnum(
    ['gone', 'no_success'],
    '`gone`: it answered 410; `no_success`: for three days it took nothing',
  ).nullable(),
  disabledAt: timestamp.nullable(),
  lastSuccessAt: timestamp.nullable(),
  failingSince: timestamp.nullable().meta({ description: 'The first failure since then' }),
  createdAt: timestamp,
  updatedAt: timestamp,
};
export const webhookEndpoint = z
  .object(endpointFields)
  .meta({ id: 'WebhookEndpoint', examples: [WEBHOOK_ENDPOINT] });
export const endpointWithSecret = z
  .object({
    ...endpointFields,
    secret: z
      .string()
      .optional()
      .meta({ description: 'Signs by the rules of Standard Webhooks. Shown this once' }),
  })
  .meta({
    id: 'WebhookEndpointWithSecret',
    examples: [
      { ...WEBHOOK_ENDPOINT, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwVRfGJq0Zb3o=' },
    ],
  });

export const delivery = z
  .object({
    id: z.string().meta({ description: 'The header `webhook-id`, the same for each attempt' }),
    sequence: z.int().meta({ description: "Of the feed's entry" }),
    type: openEnum(HISTORY_TYPES),
    reservation: z.string().nullable(),
    event: z
      .string()
      .nullable()
      .meta({ description: 'Where it is about an event, not a reservation' }),
    status: openEnum(DELIVERY_STATUSES),
    attempts: count,
    responseStatus: count.nullable().meta({ description: 'Of the last attempt' }),
    error: z.string().nullable().meta({ description: 'Of the last attempt' }),
    createdAt: timestamp,
    lastAttemptAt: timestamp.nullable(),
    nextAttemptAt: timestamp.nullable().meta({
      description: 'null also while an earlier one about the same reservation waits',
    }),
    finishedAt: timestamp.nullable(),
  })
  .meta({
    id: 'WebhookDelivery',
    examples: [
      {
        id: 'msg_5f0c3a0f2d114c9ea5a19b2f6f0e6a55_4711_9f86d081',
        sequence: 4711,
        type: 'reservation.confirmed',
        reservation: RESERVATION_ID,
        event: null,
        status: 'delivered',
        attempts: 1,
        responseStatus: 204,
        error: null,
        createdAt: '2030-01-12T10:05:00.123Z',
        lastAttemptAt: '2030-01-12T10:05:00.223Z',
        nextAttemptAt: null,
        finishedAt: '2030-01-12T10:05:00.223Z',
      },
    ],
  });
