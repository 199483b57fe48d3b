import type { Database } from '../../../db/database';
import type { Caller } from '../../../db/keys';
import { findReservation, type ReservationRecord } from '../../../db/reservations';
import { IDEMPOTENCY_KEY } from '../../../domain/idempotency-key';
import { Problem } from '../../problem';

export interface Access {
  /**
   * The reservation, if it exists and the caller may see it. @throws Problem `not_found`, the same
   * in both cases
   */
  load(id: string, caller: Caller): Promise<ReservationRecord>;
  missing(id: string): Problem;
}

/** The one place that decides who may see and change a reservation: its client, and operators. */
export function createAccess(db: Database): Access {
  const missing = (id: string) =>
    new Problem('not_found', `You have no reservation ${id.slice(0, 128)}.`);
  return {
    missing,
    async load(id, caller) {
      const record = IDEMPOTENCY_KEY.test(id) ? await findReservation(db, id) : null;
      if (!record || (caller.role !== 'operator' && record.client !== caller.client))
        throw missing(id);
      return record;
    },
  };
}
