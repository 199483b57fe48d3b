import { z } from 'zod';
import {
  createAllotment,
  deleteAllotment,
  findAllotment,
  listAllotments,
  updateAllotment,
  type AllotmentRecord,
  type AllotmentRefusal,
  type SeatSelection,
} from '../../../db/allotments';
import type { Database } from '../../../db/database';
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
import { defineRoute, LARGE_BODY, type Reply } from '../../route';
import { page, pageQuery } from '../../schemas';
import { loadEvent } from '../events/load';
import { eventParams } from '../events/schema';
import { allotment, allotmentParams, allotmentPatch, newAllotment } from './schema';

const CALL = 'createAllotment';
const MOST_NAMED = 10;

type SeatsOfBody = Pick<z.output<typeof allotmentPatch>, 'seats' | 'section' | 'rows'>;

/** The seats that a body names; null: none. */
function selectionOf({ seats, section, rows }: SeatsOfBody): SeatSelection | null {
  if (seats) return { labels: seats };
  return section === undefined && rows === undefined
    ? null
    : { section: section ?? null, rows: rows ?? null };
}

const inWords = (names: readonly string[]): string =>
  names.length > MOST_NAMED
    ? `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`
    : names.join(', ');

function problemOf(refusal: AllotmentRefusal, { seats = [], rows = [] }: SeatsOfBody): Problem {
  const invalid = (detail: string, paths: readonly string[], message: string) =>
    new Problem('validation_failed', detail, { errors: paths.map((path) => ({ path, message })) });
  const pathsOf = (field: string, all: readonly string[], names: readonly string[]) => {
    const meant = new Set(names);
    return all.flatMap((one, at) => (meant.has(one) ? [`${field}.${at}`] : [])).slice(0, 50);
  };
  switch (refusal.kind) {
    case 'until_is_past':
      return invalid(
        'until is over already: delete the allotment to end it now.',
        ['until'],
        'must be ahead',
      );
    case 'unknown_client':
      return invalid(
        'No client of this name has a key.',
        ['client'],
        'is not the name of a client that has a key',
      );
    case 'unknown_seats':
      return invalid(
        `There are no such seats: ${inWords(refusal.labels)}.`,
        pathsOf('seats', seats, refusal.labels),
        'is not a seat of this event',
      );
    case 'unknown_section':
      return invalid(
        'The event has no such section.',
        ['section'],
        'is not a section of this event',
      );
    case 'unknown_rows':
      return invalid(
        `There are no such rows: ${inWords(refusal.rows)}.`,
        pathsOf('rows', rows, refusal.rows),
        'is not a row of this event, or of the section',
      );
    case 'ambiguous_rows':
      return invalid(
        `Several sections have these rows: ${inWords(refusal.rows)}. Name the section.`,
        pathsOf('rows', rows, refusal.rows),
        'is in several sections: name the section too',
      );
    case 'taken':
      return new Problem(
        'seats_unavailable',
        `These seats are not free: ${inWords(refusal.seats.map(({ label }) => label))}. Nothing was changed.`,
        { members: { seats: refusal.seats.map(({ label }) => label), unavailable: refusal.seats } },
      );
  }
}

/** Allotments: seats kept for one client or for operators. For operators. */
export function allotmentRoutes({ db }: { db: Database }) {
  async function load({ event, id }: { event: string; id: string }): Promise<AllotmentRecord> {
    const { id: eventId, slug } = await loadEvent(db, event);
    const found = isUuid(id) ? await findAllotment(db, eventId, id) : null;
    if (!found)
      throw new Problem('not_found', `There is no allotment ${id.slice(0, 100)} of ${slug}.`);
    return found;
  }
  const shown = (status: number, record: AllotmentRecord, headers = {}): Reply => ({
    status,
    body: record,
    headers: { etag: etagOf(record.revision), ...headers },
  });

  return [
    defineRoute({
      method: 'post',
      path: '/v1/events/{event}/allotments',
      operationId: CALL,
      tag: 'Events',
      summary: 'Keep seats for a client or for operators',
      description:
        'All of the seats or none; each has to be free and in no other allotment. A hold takes one by naming the allotment in its line. With `until` they are for everyone from then on: what is held then goes to the open sale when its hold ends, what is sold stays sold.',
      access: ['operator'],
      params: eventParams,
      headers: {
        'Idempotency-Key': keyParameter(
          'With the same key again the first allotment is shown. A UUID is best; it may be quoted.',
          RESEND_KEY,
        ),
      },
      body: newAllotment,
      bodyLimit: LARGE_BODY,
      responses: {
        201: {
          description: 'The allotment',
          schema: allotment,
          headers: {
            Location: locationHeader('the allotment', '/v1/events/hamlet/allotments/5f0c8f4e-…'),
            ETag: revisionHeader,
            'Idempotency-Replayed': replayedHeader,
          },
        },
      },
      problems: ['not_found', 'seats_unavailable', ...KEY_PROBLEMS],
      async onInvalid({ params, caller, ctx }) {
        const { id: resource } = await loadEvent(db, params.event);
        await refuseKnownKey(db, requiredKey(ctx), { caller, call: CALL, resource });
      },
      async handle({ params, body, caller, ctx, rawBody }) {
        const key = requiredKey(ctx);
        const { id: eventId, slug } = await loadEvent(db, params.event);
        const made = await createAllotment(
          db,
          eventId,
          {
            name: body.name,
            client: body.client ?? null,
            until: body.until ?? null,
            seats: selectionOf(body)!,
          },
          {
            request: keyedRequest(key, { caller, call: CALL, resource: eventId }, rawBody)!,
            actor: `operator:${caller.client}`,
          },
        );
        if (made.kind === 'reused') throw keyReused();
        if (made.kind !== 'created' && made.kind !== 'replayed') throw problemOf(made, body);
        const isReplay = made.kind === 'replayed';
        const record = await load({ event: slug, id: isReplay ? made.answer : made.id });
        return shown(201, record, {
          location: `/v1/events/${slug}/allotments/${record.id}`,
          ...(isReplay && { 'idempotency-replayed': 'true' }),
        });
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/events/{event}/allotments',
      operationId: 'listAllotments',
      kind: 'list',
      tag: 'Events',
      summary: 'Allotments of an event, newest first, ended ones too',
      access: ['operator'],
      params: eventParams,
      query: z.strictObject(pageQuery(UUID_FORM)),
      responses: { 200: { description: 'A page of allotments', schema: page(allotment) } },
      problems: ['not_found'],
      async handle({ params, query: { cursor, limit } }) {
        const { id } = await loadEvent(db, params.event);
        const rows = await listAllotments(db, id, cursor ?? null, limit + 1);
        const { rows: listed, nextCursor } = pageOf(rows, limit, (row) => row.allotment.id);
        return { status: 200, body: { data: listed.map((row) => row.allotment), nextCursor } };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/events/{event}/allotments/{id}',
      operationId: 'getAllotment',
      tag: 'Events',
      summary: 'One allotment',
      access: ['operator'],
      params: allotmentParams,
      responses: {
        200: { description: 'The allotment', schema: allotment, headers: { ETag: revisionHeader } },
      },
      problems: ['not_found'],
      async handle({ params }) {
        return shown(200, await load(params));
      },
    }),

    defineRoute({
      method: 'patch',
      path: '/v1/events/{event}/allotments/{id}',
      operationId: 'updateAllotment',
      tag: 'Events',
      summary: 'Change an allotment',
      description:
        'A JSON Merge Patch (RFC 7396): what is absent stays, `null` clears. `seats`, or `section` and `rows`, replace all its seats; those that are new have to be free.',
      access: ['operator'],
      params: allotmentParams,
      headers: { 'If-Match': ifMatchParameter },
      body: allotmentPatch,
      bodyLimit: LARGE_BODY,
      responses: {
        200: { description: 'Changed', schema: allotment, headers: { ETag: revisionHeader } },
      },
      problems: [
        'not_found',
        'allotment_ended',
        'seats_unavailable',
        'precondition_failed',
        'precondition_required',
      ],
      async handle({ params, body, ctx }) {
        const before = await load(params);
        requireMatch(ctx, etagOf(before.revision));
        const { name, client, until } = { ...before, ...body };
        const done = await updateAllotment(db, before.id, before.revision, {
          name,
          client,
          until,
          seats: selectionOf(body),
        });
        if (done.kind === 'changed_since') throw changedSince();
        if (done.kind === 'ended')
          throw new Problem(
            'allotment_ended',
            'The allotment has ended, and its seats are for everyone: make a new one.',
          );
        if (done.kind === 'updated') return shown(200, await load(params));
        throw problemOf(done, body);
      },
    }),

    defineRoute({
      method: 'delete',
      path: '/v1/events/{event}/allotments/{id}',
      operationId: 'deleteAllotment',
      tag: 'Events',
      summary: 'End an allotment now',
      description:
        'Its free seats are for everyone; what is held stays held, what is sold stays sold. Safe to repeat.',
      access: ['operator'],
      params: allotmentParams,
      responses: { 204: { description: 'It has ended' } },
      problems: ['not_found'],
      async handle({ params, caller }) {
        const { id } = await load(params);
        await deleteAllotment(db, id, `operator:${caller.client}`);
        return { status: 204 };
      },
    }),
  ];
}
