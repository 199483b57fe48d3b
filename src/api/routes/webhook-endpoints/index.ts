import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Database } from '../../../db/database';
import type { Caller } from '../../../db/keys';
import type { Notify } from '../../../db/outbox-notifier';
import {
  createEndpoint,
  deleteEndpoint,
  enableEndpoint,
  findEndpoint,
  listEndpoints,
  replayEndpoint,
  rotateSecret,
  updateEndpoint,
  type EndpointOwner,
  type WebhookEndpoint,
} from '../../../db/webhook-endpoints';
import { DELIVERY_STATUSES, listDeliveries } from '../../../db/webhook-deliveries';
import { isUuid, UUID_FORM } from '../../../domain/uuid';
import { webhookMessageId } from '../../../webhooks/message-id';
import { newWebhookSecret, type SecretBox } from '../../../webhooks/secrets';
import { faultOfUrl, type WebhookRules } from '../../../webhooks/url';
import { encodeCursor, pageOf } from '../../cursor';
import { RESEND_KEY, WEBHOOK_ENDPOINT } from '../../examples';
import { locationHeader } from '../../headers';
import {
  keyedRequest,
  keyParameter,
  KEY_PROBLEMS,
  keyReused,
  optionalKey,
  refuseKnownKey,
  replayedHeader,
  requiredKey,
} from '../../idempotency';
import { Problem } from '../../problem';
import { defineRoute } from '../../route';
import { page, pageQuery } from '../../schemas';
import { lostPlace, PLACE_PROBLEMS } from '../feed';
import {
  delivery,
  endpointWithSecret,
  newWebhookEndpoint,
  replay,
  webhookEndpoint,
  webhookEndpointPatch,
} from './schema';

const CREATE = 'createWebhookEndpoint';
const ROTATE = 'rotateWebhookSecret';
const SEQUENCE_FORM = '[0-9]{1,15}';
const EPOCH = '1970-01-01T00:00:00.000000Z';
const endpointParams = z.object({
  id: z.string().meta({ examples: [WEBHOOK_ENDPOINT.id] }),
});

export interface WebhookEndpointRouteDeps {
  db: Database;
  notify: Notify;
  webhooks: {
    /** null: this system has no key for secrets, so it can have no endpoints. */
    secrets: SecretBox | null;
    rules: WebhookRules;
  };
}

const ownerOf = ({ role, client }: Caller): EndpointOwner => (role === 'operator' ? null : client);
const replayed = { 'idempotency-replayed': 'true' };

/** Where a client, or an operator, wants the feed to be sent to. */
export function webhookEndpointRoutes({ db, notify, webhooks }: WebhookEndpointRouteDeps) {
  const missing = (id: string) =>
    new Problem('not_found', `There is no webhook endpoint ${id.slice(0, 40)} of yours.`);

  /** @throws Problem `not_found` if there is none that the caller may have */
  async function load(id: string, caller: Caller): Promise<WebhookEndpoint> {
    const found = isUuid(id) ? await findEndpoint(db, id, ownerOf(caller)) : null;
    if (!found) throw missing(id);
    return found;
  }

  function checkUrl(url: string): void {
    const message = faultOfUrl(url, webhooks.rules);
    if (message !== null)
      throw new Problem('validation_failed', `The body cannot be used. url: ${message}.`, {
        errors: [{ path: 'url', message }],
      });
  }

  function newSecret(endpointId: string): { secret: string; sealed: Buffer } {
    if (!webhooks.secrets)
      throw new Problem(
        'webhooks_not_set_up',
        'This system has no WEBHOOK_SECRETS_KEY to encrypt secrets with: tell its operator.',
      );
    const secret = newWebhookSecret();
    return { secret, sealed: webhooks.secrets.seal(endpointId, secret) };
  }

  return [
    defineRoute({
      method: 'post',
      path: '/v1/webhook-endpoints',
      operationId: CREATE,
      tag: 'Webhooks',
      summary: 'Have the feed sent to a URL',
      description:
        "A client's endpoint is told what the client sees in the feed, an operator's all; from now on. Twenty a client.",
      access: ['client'],
      headers: {
        'Idempotency-Key': keyParameter(
          'With the same key again the first endpoint is shown, without its secret. A UUID is best; it may be quoted.',
          RESEND_KEY,
        ),
      },
      body: newWebhookEndpoint,
      responses: {
        201: {
          description: 'The endpoint, with its secret',
          schema: endpointWithSecret,
          headers: {
            Location: locationHeader(
              'the endpoint',
              `/v1/webhook-endpoints/${WEBHOOK_ENDPOINT.id}`,
            ),
            'Idempotency-Replayed': replayedHeader,
          },
        },
      },
      // A repetition finds that what it made was deleted since.
      problems: ['not_found', 'limit_exceeded', 'webhooks_not_set_up', ...KEY_PROBLEMS],
      async onInvalid({ caller, ctx }) {
        await refuseKnownKey(db, requiredKey(ctx), { caller, call: CREATE, resource: '' });
      },
      async handle({ body, caller, ctx, rawBody }) {
        const call = { caller, call: CREATE, resource: '' };
        const key = requiredKey(ctx);
        const request = keyedRequest(key, call, rawBody);
        try {
          checkUrl(body.url);
        } catch (error) {
          await refuseKnownKey(db, key, call);
          throw error;
        }
        const id = randomUUID();
        const { secret, sealed } = newSecret(id);
        const endpoint = {
          id,
          client: caller.client,
          seesAll: caller.role === 'operator',
          url: body.url,
          types: body.types ?? null,
          sealed,
        };
        const made = await createEndpoint(db, endpoint, request);
        if (made.kind === 'reused') throw keyReused();
        if (made.kind === 'too_many')
          throw new Problem(
            'limit_exceeded',
            `You have ${made.limit} webhook endpoints: delete one first.`,
          );
        notify('commands');
        const shown = await load(made.kind === 'replayed' ? made.answer : id, caller);
        return {
          status: 201,
          body: made.kind === 'made' ? { ...shown, secret } : shown,
          headers: {
            location: `/v1/webhook-endpoints/${shown.id}`,
            ...(made.kind === 'replayed' && replayed),
          },
        };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/webhook-endpoints',
      operationId: 'listWebhookEndpoints',
      kind: 'list',
      tag: 'Webhooks',
      summary: 'Webhook endpoints, newest first',
      description: "A client's own; an operator's all.",
      access: ['client'],
      query: z.strictObject(pageQuery(UUID_FORM)),
      responses: { 200: { description: 'A page of endpoints', schema: page(webhookEndpoint) } },
      problems: [],
      async handle({ query: { cursor, limit }, caller }) {
        const rows = await listEndpoints(db, ownerOf(caller), cursor ?? null, limit + 1);
        const { rows: shown, nextCursor } = pageOf(rows, limit, (row) => row.endpoint.id);
        return { status: 200, body: { data: shown.map((row) => row.endpoint), nextCursor } };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/webhook-endpoints/{id}',
      operationId: 'getWebhookEndpoint',
      tag: 'Webhooks',
      summary: 'One webhook endpoint',
      access: ['client'],
      params: endpointParams,
      responses: { 200: { description: 'The endpoint', schema: webhookEndpoint } },
      problems: ['not_found'],
      async handle({ params, caller }) {
        return { status: 200, body: await load(params.id, caller) };
      },
    }),

    defineRoute({
      method: 'patch',
      path: '/v1/webhook-endpoints/{id}',
      operationId: 'updateWebhookEndpoint',
      tag: 'Webhooks',
      summary: 'Change where an endpoint is, or what it is told',
      description:
        'A JSON Merge Patch (RFC 7396): what is absent stays, `null` clears. What waits goes to the new URL, now.',
      access: ['client'],
      params: endpointParams,
      body: webhookEndpointPatch,
      responses: { 200: { description: 'Changed', schema: webhookEndpoint } },
      problems: ['not_found'],
      async handle({ params, body, caller }) {
        const before = await load(params.id, caller);
        const url = body.url ?? before.url;
        checkUrl(url);
        const types = body.types === undefined ? before.types : body.types;
        await updateEndpoint(db, before.id, { url, types });
        notify('commands');
        return { status: 200, body: await load(params.id, caller) };
      },
    }),

    defineRoute({
      method: 'delete',
      path: '/v1/webhook-endpoints/{id}',
      operationId: 'deleteWebhookEndpoint',
      tag: 'Webhooks',
      summary: 'Delete an endpoint: nothing more is sent to it',
      access: ['client'],
      params: endpointParams,
      responses: { 204: { description: 'Deleted' } },
      problems: ['not_found'],
      async handle({ params, caller }) {
        const { id } = await load(params.id, caller);
        await deleteEndpoint(db, id);
        notify('commands');
        return { status: 204 };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/webhook-endpoints/{id}/rotate-secret',
      operationId: ROTATE,
      tag: 'Webhooks',
      summary: 'Give an endpoint a new secret',
      description: 'For a day each message is signed with the secret before too.',
      access: ['client'],
      params: endpointParams,
      headers: {
        'Idempotency-Key': keyParameter(
          'Optional. With the same key again the endpoint is shown, without its secret.',
          RESEND_KEY,
        ).optional(),
      },
      responses: {
        200: {
          description: 'The endpoint, with its new secret',
          schema: endpointWithSecret,
          headers: { 'Idempotency-Replayed': replayedHeader },
        },
      },
      problems: [
        'not_found',
        'webhooks_not_set_up',
        'idempotency_key_invalid',
        'idempotency_key_reused',
      ],
      async handle({ params, caller, ctx, rawBody }) {
        const { id } = await load(params.id, caller);
        const call = { caller, call: ROTATE, resource: id };
        const { secret, sealed } = newSecret(id);
        const made = await rotateSecret(
          db,
          id,
          sealed,
          keyedRequest(optionalKey(ctx), call, rawBody),
        );
        if (made.kind === 'reused') throw keyReused();
        if (made.kind === 'unknown') throw missing(id);
        const shown = await load(id, caller);
        return made.kind === 'made'
          ? { status: 200, body: { ...shown, secret } }
          : { status: 200, body: shown, headers: replayed };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/webhook-endpoints/{id}/replay',
      operationId: 'replayWebhookEndpoint',
      tag: 'Webhooks',
      summary: 'Send again what happened behind a place in the feed',
      description: 'Each with the `webhook-id` that it had, in order for one reservation.',
      access: ['client'],
      params: endpointParams,
      body: replay,
      responses: { 200: { description: 'It is being sent', schema: webhookEndpoint } },
      problems: ['not_found', ...PLACE_PROBLEMS],
      async handle({ params, body, caller }) {
        const { id } = await load(params.id, caller);
        const done = await replayEndpoint(db, id, body.after);
        if (done === 'unknown') throw missing(id);
        if (done !== 'replayed') throw lostPlace(done);
        notify('commands');
        return { status: 200, body: await load(id, caller) };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/webhook-endpoints/{id}/enable',
      operationId: 'enableWebhookEndpoint',
      tag: 'Webhooks',
      summary: 'Enable an endpoint that was disabled',
      description: 'It goes on where it stopped, at most 30 days back.',
      access: ['client'],
      params: endpointParams,
      responses: { 200: { description: 'Enabled', schema: webhookEndpoint } },
      problems: ['not_found'],
      async handle({ params, caller }) {
        const { id } = await load(params.id, caller);
        if ((await enableEndpoint(db, id)) === 'unknown') throw missing(id);
        notify('commands');
        return { status: 200, body: await load(id, caller) };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/webhook-endpoints/{id}/deliveries',
      operationId: 'listWebhookDeliveries',
      kind: 'list',
      tag: 'Webhooks',
      summary: 'What was sent to an endpoint, and what waits; the latest entry first',
      description: 'Kept for 30 days after its end.',
      access: ['client'],
      params: endpointParams,
      query: z.strictObject({
        ...pageQuery(SEQUENCE_FORM),
        status: z.enum(DELIVERY_STATUSES).optional(),
      }),
      responses: { 200: { description: 'A page of deliveries', schema: page(delivery) } },
      problems: ['not_found'],
      async handle({ params, query: { cursor, limit, status }, caller }) {
        const { id } = await load(params.id, caller);
        const before = cursor && Number(cursor.id);
        const rows = await listDeliveries(db, id, status, before, limit + 1);
        const data = rows.slice(0, limit).map(({ mark, ...shown }) => ({
          id: webhookMessageId(id, { ...shown, mark }),
          ...shown,
        }));
        const last = data.at(-1);
        const nextCursor =
          rows.length > limit && last
            ? encodeCursor({ at: EPOCH, id: String(last.sequence) })
            : null;
        return { status: 200, body: { data, nextCursor } };
      },
    }),
  ];
}
