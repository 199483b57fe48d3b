import type { Database } from '../../../db/database';
import { readPrint } from '../../../db/tickets';
import type { Role } from '../../../db/keys';
import { findReservation, type ReservationRecord } from '../../../db/reservations';
import { IDEMPOTENCY_KEY } from '../../../domain/idempotency-key';
import type { ApiCaller } from '../../caller';
import { Problem } from '../../problem';
import type { ReservationTokens } from '../../reservation-tokens';

/** How soon it is worth to look at the reservation again. */
export const LOOK_AGAIN_SECONDS = '2';

/** Who may make calls that a page too may make, of the reservation that it holds. */
export const FOR_PAGES = ['client', 'publishable'] as const satisfies readonly Role[];

/** Who did something, for the history. */
export const actorOf = ({ role, client }: Pick<ApiCaller, 'role' | 'client'>): string =>
  `${role === 'publishable' ? role : 'client'}:${client}`;

export interface Access {
  /**
   * The reservation, if it exists and the caller may see it. @throws Problem `not_found`, the same
   * in both cases
   */
  load(id: string, caller: ApiCaller): Promise<ReservationRecord>;
  missing(id: string): Problem;
  /** Why there are no tickets to be had: to wait for only where they are on their way. */
  withoutTickets(record: ReservationRecord): Promise<Problem>;
}

/**
 * The one place that decides who may see and change a reservation: its client, operators, and the
 * page that made it, by its token. What a page may do with it is said by the `access` of each route.
 */
export function createAccess(db: Database, tokens: ReservationTokens): Access {
  const missing = (id: string) =>
    new Problem('not_found', `You have no reservation ${id.slice(0, 128)}.`);
  return {
    missing,
    async load(id, caller) {
      const { role, client, reservationToken } = caller;
      const record = IDEMPOTENCY_KEY.test(id) ? await findReservation(db, id) : null;
      if (!record || (role !== 'operator' && record.client !== client)) throw missing(id);
      if (role === 'publishable' && !(await tokens.fits(reservationToken, client, id)))
        throw missing(id);
      return record;
    },
    async withoutTickets({ id, status, cancelRequestedAt }) {
      if (status === 'held')
        return new Problem(
          'reservation_not_confirmed',
          'The reservation is held: there are tickets once it is paid for.',
        );
      if (status === 'expired')
        return new Problem('reservation_expired', 'The hold has ended: there are no tickets.');
      if (status === 'cancelled' || cancelRequestedAt !== null)
        return new Problem(
          'reservation_cancelled',
          'The reservation is cancelled: its tickets are void.',
        );
      if ((await readPrint(db, id)).erased)
        return new Problem(
          'buyer_erased',
          'The buyer was erased, and with him what was printed; the codes are in the list of tickets.',
        );
      return new Problem(
        'tickets_not_ready',
        'The tickets are being printed: ask again in a moment.',
        { headers: { 'retry-after': LOOK_AGAIN_SECONDS } },
      );
    },
  };
}
