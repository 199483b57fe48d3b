import { z } from 'zod';
import {
  checkIn,
  listVoidedTickets,
  readSettledMoment,
  summarizeCheckIns,
  undoCheckIn,
  type CheckInResult,
  type VoidReason,
} from '../../../db/check-ins';
import type { Database } from '../../../db/database';
import { findEvent, type EventRecord } from '../../../db/events';
import type { Caller } from '../../../db/keys';
import { cursorForm, decodeCursor, encodeCursor } from '../../cursor';
import { Problem } from '../../problem';
import { noteReservation } from '../../request-log';
import { defineRoute } from '../../route';
import { pageQuery } from '../../schemas';
import { UUID_FORM } from '../../../domain/uuid';
import { eventNameForm, eventParams } from '../events/schema';
import {
  checkedIn,
  newCheckIn,
  newUndo,
  publicKey,
  summary,
  undone,
  voidedTickets,
} from './schema';

export interface CheckInRouteDeps {
  db: Database;
  ticketKey: () => Promise<{ keyId: string; publicKeyPem: string }>;
}

/** Before every other id. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

const notATicket = () => new Problem('not_found', 'No ticket has this code.');
const WHY_VOID: Record<VoidReason, string> = {
  cancelled: 'its reservation was cancelled',
  changed: 'its seat was given back by a change of the reservation',
};
const isVoid = (why: VoidReason) =>
  new Problem('ticket_void', `This ticket is void: ${WHY_VOID[why]}.`, { members: { why } });
const badTime = (message: string) =>
  new Problem('validation_failed', `The scan cannot be used: scannedAt ${message}.`, {
    errors: [{ path: 'scannedAt', message }],
  });

/** What a refused scan answers. */
function refusalOf(result: Exclude<CheckInResult, { kind: 'checked_in' }>): Problem {
  switch (result.kind) {
    case 'already_checked_in': {
      const { seat, holder, at, gate } = result;
      const where = gate === null ? '' : ` at ${gate}`;
      return new Problem('already_checked_in', `This ticket was used at ${at}${where}.`, {
        members: { seat, holder, firstCheckInAt: at, gate },
      });
    }
    case 'ticket_void':
      return isVoid(result.why);
    case 'wrong_event':
      return new Problem(
        'wrong_event',
        `This ticket is for the event ${result.event}; it was not used up.`,
      );
    case 'unknown':
      return notATicket();
    case 'scan_id_reused':
      return new Problem(
        'scan_id_reused',
        'This scanId was used for another code: make a new one for each scan.',
      );
    case 'scan_undone':
      return new Problem(
        'scan_undone',
        'The entry of this scan was undone: scan the ticket again, under a new scanId.',
      );
    case 'scan_too_old':
      return badTime('must be at most a day ago');
    case 'scan_in_the_future':
      return badTime('must not lie in the future: set the clock of the scanner');
  }
}

/** The door: each ticket lets in once, at its own event. */
export function checkInRoutes({ db, ticketKey }: CheckInRouteDeps) {
  /** An event whose door the caller may stand at. @throws Problem */
  async function eventFor(caller: Caller, idOrSlug: string): Promise<EventRecord> {
    const event = eventNameForm.test(idOrSlug) ? await findEvent(db, idOrSlug) : null;
    if (caller.eventId !== null && caller.eventId !== event?.id)
      throw new Problem(
        'key_of_another_event',
        'This key lets in to another event: take the key of this event.',
      );
    if (!event) throw new Problem('not_found', `There is no event ${idOrSlug.slice(0, 100)}.`);
    return event;
  }

  /** The id of the event at whose door a scan was made. @throws Problem */
  async function doorOf(caller: Caller, event: string | undefined): Promise<string> {
    if (event !== undefined) return (await eventFor(caller, event)).id;
    if (caller.eventId !== null) return caller.eventId;
    throw new Problem(
      'validation_failed',
      'Name the event at this door, or use a key that is for one event.',
      { errors: [{ path: 'event', message: 'is required: this key is for no one event' }] },
    );
  }

  return [
    defineRoute({
      method: 'post',
      path: '/v1/check-ins',
      operationId: 'checkIn',
      tag: 'Tickets',
      summary: 'Let a ticket in, once, at its own event',
      description:
        'Give each scan a `scanId`, and repeat the same request when an answer is lost: it gets its own first answer.',
      access: ['scanner'],
      kind: 'sale',
      body: newCheckIn,
      responses: { 201: { description: 'Let in', schema: checkedIn } },
      problems: [
        'key_of_another_event',
        'not_found',
        'already_checked_in',
        'ticket_void',
        'wrong_event',
        'scan_undone',
        'scan_id_reused',
      ],
      async handle({ body, caller, ctx }) {
        const { code, gate = null, scanId = null, scannedAt = null } = body;
        const result = await checkIn(db, {
          code,
          eventId: await doorOf(caller, body.event),
          keyId: caller.keyId,
          scanId,
          gate,
          scannedAt,
          actor: `scanner:${caller.client}`,
        });
        if ('reservation' in result) noteReservation(ctx, result.reservation);
        if (result.kind !== 'checked_in') throw refusalOf(result);
        const { kind: _, ...entry } = result;
        return { status: 201, body: entry };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/check-ins/undo',
      operationId: 'undoCheckIn',
      tag: 'Tickets',
      summary: 'Take an entry back: the ticket is valid again',
      description: 'A repetition of the scan that let it in is then 409 `scan_undone`.',
      access: ['operator'],
      body: newUndo,
      responses: { 200: { description: 'Valid again', schema: undone } },
      problems: ['not_found', 'not_checked_in', 'ticket_void'],
      async handle({ body, caller, ctx }) {
        const result = await undoCheckIn(db, body.code, `operator:${caller.client}`);
        if ('reservation' in result) noteReservation(ctx, result.reservation);
        switch (result.kind) {
          case 'undone': {
            const { kind: _, ...ticket } = result;
            return { status: 200, body: { ...ticket, status: 'valid' } };
          }
          case 'not_checked_in':
            throw new Problem('not_checked_in', 'Nobody has come in with this ticket.');
          case 'ticket_void':
            throw isVoid(result.why);
          case 'unknown':
            throw notATicket();
        }
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/events/{event}/check-ins/summary',
      operationId: 'summarizeCheckIns',
      tag: 'Tickets',
      summary: 'How many have come in, by gate',
      access: ['scanner'],
      params: eventParams,
      responses: { 200: { description: 'As of now', schema: summary } },
      problems: ['not_found', 'key_of_another_event'],
      async handle({ params, caller }) {
        const { id, slug } = await eventFor(caller, params.event);
        return { status: 200, body: { event: slug, ...(await summarizeCheckIns(db, id)) } };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/events/{event}/voided-tickets',
      operationId: 'listVoidedTickets',
      kind: 'list',
      tag: 'Tickets',
      summary: 'Codes that no longer count, for scanners without a network',
      description:
        'Oldest first. Ask again with `next` as `after`, on and on; a code may come twice within a minute.',
      access: ['scanner'],
      params: eventParams,
      query: z.strictObject({
        limit: pageQuery(UUID_FORM).limit,
        after: z
          .string()
          .regex(cursorForm(UUID_FORM), {
            message: 'is no place in this list: use `next` of the call before',
          })
          .transform(decodeCursor)
          .optional()
          .meta({ description: '`next` of the call before; none: from the beginning' }),
      }),
      responses: { 200: { description: 'What is void since `after`', schema: voidedTickets } },
      problems: ['not_found', 'key_of_another_event'],
      async handle({ params, query, caller }) {
        const { id } = await eventFor(caller, params.event);
        const settled = await readSettledMoment(db);
        const tickets = await listVoidedTickets(db, id, query.after ?? null, query.limit);
        const last = tickets.at(-1) ?? query.after;
        const full = tickets.length === query.limit;
        // At the end of the list the last minute is looked at again: what commits now may be dated
        // before what was seen.
        const next = last && (full || last.at < settled) ? last : { at: settled, id: FIRST_ID };
        return {
          status: 200,
          body: {
            data: tickets.map(({ code, seat, why, voidedAt }) => ({ code, seat, why, voidedAt })),
            next: encodeCursor(next),
          },
        };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/ticket-key',
      operationId: 'getTicketKey',
      tag: 'Tickets',
      summary: 'The public key of the ticket codes',
      description:
        'A code is `HF1.PAYLOAD.SIGNATURE` (base64url; Ed25519 over `HF1.PAYLOAD`), so a scanner without a network can tell a real ticket from a forged one. Whether it was used or is void only `POST /v1/check-ins` knows.',
      access: 'public',
      responses: {
        200: { description: 'An Ed25519 key', schema: publicKey },
      },
      problems: [],
      async handle() {
        const { keyId, publicKeyPem } = await ticketKey();
        return { status: 200, body: { keyId, algorithm: 'Ed25519', publicKeyPem } };
      },
    }),
  ];
}
