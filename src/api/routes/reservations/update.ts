import type { Database } from '../../../db/database';
import type { Notify } from '../../../db/outbox-notifier';
import { findReservation } from '../../../db/reservations';
import { updateReservation, type UpdateResult } from '../../../db/reservation-updates';
import { MAX_METADATA } from '../../../domain/metadata';
import { HELD_RESERVATION } from '../../examples';
import { Problem } from '../../problem';
import { defineRoute } from '../../route';
import { FOR_PAGES, type Access } from './access';
import { presentReservation } from './presenter';
import { refusalOf } from './refusals';
import { reservation, reservationParams, reservationPatch } from './schema';

export interface UpdateRouteDeps {
  db: Database;
  /** Notifies the relays that a queue of the outbox has entries. */
  notify: Notify;
  /** Open holds of one buyer at most; null: any number. */
  buyerCap: number | null;
}

function problemOf(result: Exclude<UpdateResult, { kind: 'updated' | 'unknown' }>): Problem {
  switch (result.kind) {
    case 'incomplete_buyer':
      return new Problem('validation_failed', 'A buyer needs a name and an e-mail address.', {
        errors: [{ path: 'buyer', message: 'needs name and email' }],
      });
    case 'too_many_members':
      return new Problem(
        'validation_failed',
        `The reservation would have more than ${MAX_METADATA} members of metadata: remove some by null.`,
        { errors: [{ path: 'metadata', message: `has at most ${MAX_METADATA} members in all` }] },
      );
    case 'erased':
      return new Problem('buyer_erased', 'The buyer was erased: there is none any more.');
    case 'confirmed':
      return new Problem(
        'reservation_confirmed',
        'The reservation is confirmed: its buyer is changed by an operator.',
      );
    case 'expired':
      return new Problem('reservation_expired', 'The hold has ended: reserve again.');
    case 'cancelled':
      return new Problem('reservation_cancelled', 'The reservation is cancelled.');
    case 'buyer_limit':
    case 'code_limit':
    case 'too_many_holds':
      return refusalOf(result, {});
  }
}

/** `PATCH /v1/reservations/{id}`: who buys, and the client's own words. */
export function updateRoute({
  db,
  notify,
  buyerCap,
  access,
}: UpdateRouteDeps & { access: Access }) {
  return defineRoute({
    method: 'patch',
    path: '/v1/reservations/{id}',
    operationId: 'updateReservation',
    tag: 'Reservations',
    summary: "Name the buyer, or change the client's own words",
    description:
      'A JSON Merge Patch (RFC 7396): what is absent stays, `null` clears. A client names or changes the buyer while the reservation is held, or while there is none; a page (a publishable key) sets nothing else; an operator at any time, also when the reservation has ended: then the tickets of a sale are printed anew, with the same codes, and mailed, and mails that the old address refused are sent again.',
    access: FOR_PAGES,
    kind: 'sale',
    params: reservationParams,
    body: reservationPatch,
    responses: {
      200: { description: 'Changed', schema: reservation, example: HELD_RESERVATION },
    },
    problems: [
      'not_found',
      'limit_exceeded',
      'buyer_erased',
      'reservation_confirmed',
      'reservation_expired',
      'reservation_cancelled',
    ],
    async handle({ params: { id }, body, caller }) {
      await access.load(id, caller);
      if (caller.role === 'publishable' && Object.keys(body).some((field) => field !== 'buyer'))
        throw new Problem(
          'forbidden',
          "A page names the buyer alone; reference and metadata are the shop's own.",
        );
      const byOperator = caller.role === 'operator';
      const actor = `${caller.role}:${caller.client}`;
      const result = await updateReservation({ db, id, actor, byOperator, buyerCap }, body);
      if (result.kind === 'unknown') throw access.missing(id);
      if (result.kind !== 'updated') throw problemOf(result);
      notify('commands');
      return { status: 200, body: presentReservation((await findReservation(db, id))!) };
    },
  });
}
