import { z } from 'zod';
import {
  createCode,
  findCode,
  listCodes,
  updateCode,
  type CodeRecord,
  type NewCode,
} from '../../../db/codes';
import type { Database } from '../../../db/database';
import { findEvent } from '../../../db/events';
import { normaliseCode } from '../../../domain/promo-code';
import { isUuid, UUID_FORM } from '../../../domain/uuid';
import { pageOf } from '../../cursor';
import { RESEND_KEY } from '../../examples';
import { locationHeader, revisionHeader } from '../../headers';
import {
  keyedRequest,
  keyParameter,
  KEY_PROBLEMS,
  keyReused,
  refuseKnownKey,
  replayedHeader,
  requiredKey,
} from '../../idempotency';
import { changedSince, etagOf, ifMatchParameter, requireMatch } from '../../preconditions';
import { Problem } from '../../problem';
import { defineRoute, type Reply } from '../../route';
import { page, pageQuery } from '../../schemas';
import { CODE_FORM, codePatch, newCode, promoCode, wholeCode } from './schema';

const CALL = 'createCode';
const codeParams = z.object({
  code: z.string().meta({ description: 'The code, in any case, or its id', examples: ['SUMMER'] }),
});
type Definition = z.output<typeof wholeCode>;

/** Promo codes, for operators. */
export function codeRoutes({ db }: { db: Database }) {
  async function load(name: string): Promise<CodeRecord> {
    const isName = name.length <= 128 && CODE_FORM.test(name.normalize('NFC'));
    const found = isName ? await findCode(db, nameOf(name)) : null;
    if (!found) throw new Problem('not_found', `There is no code ${name.slice(0, 64)}.`);
    return found;
  }
  const nameOf = (name: string) => (isUuid(name) ? name : normaliseCode(name));

  /** @throws Problem `validation_failed` for an event or a category that there is not */
  async function definitionOf(code: string, body: Definition): Promise<NewCode> {
    const refuse = (path: string, message: string) =>
      new Problem('validation_failed', `${path} ${message}.`, { errors: [{ path, message }] });
    const event = body.event == null ? null : await findEvent(db, body.event);
    if (body.event != null && !event) throw refuse('event', 'is not an event');
    const known = event?.categories.map((category) => category.code);
    const unknown = known && body.categories?.find((category) => !known.includes(category));
    if (unknown !== undefined)
      throw refuse('categories', `has ${unknown}, which the event has not`);
    if (event && body.currency != null && body.currency !== event.currency)
      throw refuse('currency', `must be the event's, ${event.currency}`);
    return {
      code,
      eventId: event?.id ?? null,
      categories: body.categories ?? null,
      percent: body.percent ?? null,
      amount: body.amount ?? null,
      currency: body.currency ?? null,
      maxUses: body.maxUses ?? null,
      maxUsesPerBuyer: body.maxUsesPerBuyer ?? null,
      validFrom: body.validFrom ?? null,
      validUntil: body.validUntil ?? null,
      salesOpenAt: body.salesOpenAt ?? null,
    };
  }

  const shown = (status: number, record: CodeRecord, headers = {}): Reply => ({
    status,
    body: record,
    headers: { etag: etagOf(record.revision), ...headers },
  });

  return [
    defineRoute({
      method: 'post',
      path: '/v1/codes',
      operationId: CALL,
      tag: 'Events',
      summary: 'Make a promo code',
      description:
        'A use is a reservation: taken with its seats, given back with them. With `salesOpenAt` the sale opens then for who has the code.',
      access: ['operator'],
      headers: {
        'Idempotency-Key': keyParameter(
          'With the same key again the first code is shown. A UUID is best; it may be quoted.',
          RESEND_KEY,
        ),
      },
      body: newCode,
      responses: {
        201: {
          description: 'The code',
          schema: promoCode,
          headers: {
            Location: locationHeader('the code', '/v1/codes/SUMMER'),
            ETag: revisionHeader,
            'Idempotency-Replayed': replayedHeader,
          },
        },
      },
      problems: ['code_taken', ...KEY_PROBLEMS],
      async onInvalid({ caller, ctx }) {
        await refuseKnownKey(db, requiredKey(ctx), { caller, call: CALL, resource: '' });
      },
      async handle({ body, caller, ctx, rawBody }) {
        const request = keyedRequest(
          requiredKey(ctx),
          { caller, call: CALL, resource: '' },
          rawBody,
        );
        const definition = await definitionOf(normaliseCode(body.code), body);
        const made = await createCode(db, definition, request);
        if (made.kind === 'reused') throw keyReused();
        if (made.kind === 'code_taken')
          throw new Problem('code_taken', `There is a code ${definition.code} already.`);
        const isReplay = made.kind === 'replayed';
        const record = await load(isReplay ? made.answer : made.id);
        return shown(201, record, {
          location: `/v1/codes/${encodeURIComponent(record.code)}`,
          ...(isReplay && { 'idempotency-replayed': 'true' }),
        });
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/codes',
      operationId: 'listCodes',
      kind: 'list',
      tag: 'Events',
      summary: 'Promo codes, newest first',
      access: ['operator'],
      query: z.strictObject(pageQuery(UUID_FORM)),
      responses: { 200: { description: 'A page of codes', schema: page(promoCode) } },
      problems: [],
      async handle({ query: { cursor, limit } }) {
        const rows = await listCodes(db, cursor ?? null, limit + 1);
        const { rows: listed, nextCursor } = pageOf(rows, limit, (row) => row.code.id);
        return { status: 200, body: { data: listed.map((row) => row.code), nextCursor } };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/codes/{code}',
      operationId: 'getCode',
      tag: 'Events',
      summary: 'One promo code',
      access: ['operator'],
      params: codeParams,
      responses: {
        200: { description: 'The code', schema: promoCode, headers: { ETag: revisionHeader } },
      },
      problems: ['not_found'],
      async handle({ params }) {
        return shown(200, await load(params.code));
      },
    }),

    defineRoute({
      method: 'patch',
      path: '/v1/codes/{code}',
      operationId: 'updateCode',
      tag: 'Events',
      summary: 'Change a promo code',
      description:
        'A JSON Merge Patch (RFC 7396): what is absent stays, `null` clears. Binds holds that begin afterwards.',
      access: ['operator'],
      params: codeParams,
      headers: { 'If-Match': ifMatchParameter },
      body: codePatch,
      responses: {
        200: { description: 'Changed', schema: promoCode, headers: { ETag: revisionHeader } },
      },
      problems: ['not_found', 'code_in_use', 'precondition_failed', 'precondition_required'],
      async handle({ params, body, ctx }) {
        const before = await load(params.code);
        requireMatch(ctx, etagOf(before.revision));
        const whole = wholeCode.safeParse({ ...before, ...body });
        if (!whole.success) {
          const errors = whole.error.issues.map(({ path, message }) => ({
            path: path.join('.'),
            message,
          }));
          throw new Problem('validation_failed', 'The code would not be valid.', { errors });
        }
        const definition = await definitionOf(before.code, whole.data);
        const done = await updateCode(db, before.id, before.revision, definition);
        if (done === 'changed_since') throw changedSince();
        if (done === 'in_use')
          throw new Problem('code_in_use', 'More reservations than maxUses have this code.');
        return shown(200, await load(before.id));
      },
    }),
  ];
}
