import type { Database } from '../../src/db/database';
import { createEvent, NO_RULES } from '../../src/db/events';
import { NOTHING_MORE, takeSeats } from '../../src/db/holds';
import { recordPayment } from '../../src/db/payments';
import { layOutSeats } from '../../src/domain/seat-map';

/** An event without rules, for tests that talk to the database alone; they add slug, name, categories and seats. */
export const PLAIN_EVENT = {
  ...NO_RULES,
  venue: null,
  startsAt: '2030-01-01T00:00:00.000Z',
  timeZone: 'UTC',
  currency: 'EUR',
};

/** What a seat of a plain event costs, in cents. */
export const PLAIN_PRICE = 9000;

/** Creates an event with the seats S-1, S-2 …, of which a reservation may have one. */
export async function createPlainEvent(db: Database, slug: string, places: number): Promise<void> {
  await createEvent(db, {
    ...PLAIN_EVENT,
    slug,
    name: 'Hamlet',
    maxSeatsPerReservation: 1,
    categories: [{ code: 'a', name: 'A', price: PLAIN_PRICE }],
    seats: layOutSeats([{ name: 'S', category: 'a', places }]).seats,
  });
}

/** Takes one seat for ten minutes, by the function that the API calls. */
export const takePlainSeat = (
  db: Database,
  { id, event, label }: { id: string; event: string; label: string },
) =>
  takeSeats(db, {
    ...NOTHING_MORE,
    id,
    client: 'shop',
    fingerprint: Buffer.from(id),
    seats: [{ event, label, priceType: null }],
    buyer: { name: 'Ada', email: `${id}@example.org` },
    defaultTtlSeconds: 600,
    buyerCap: null,
    actor: 'test',
  });

/** Records a payment that Stripe tells of. @param amount in cents */
export const recordPlainPayment = (
  db: Database,
  { id, reference = id, amount = PLAIN_PRICE }: { id: string; reference?: string; amount?: number },
) =>
  recordPayment(
    db,
    { reference, reservationId: id, amount, currency: 'EUR', source: 'stripe', actor: 'test' },
    { strict: false, testProvider: false },
  );
