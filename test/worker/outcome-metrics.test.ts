import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { createReservationActivities } from '../../src/activities/settle-reservation';
import { sql, type Database } from '../../src/db/database';
import { sweep } from '../../src/db/sweep';
import { countSwept, registerOutcomes } from '../../src/outcome-metrics';
import { endHold } from '../support/hold-ttl';
import { createPlainEvent, recordPlainPayment, takePlainSeat } from '../support/plain-event';
import { openTestDatabase } from '../support/system';

const SEATS = 20;

let db: Database;
let event: string;
let seat = 0;
const registry = new Registry();
registerOutcomes(registry);

const activities = () =>
  createReservationActivities({
    db,
    sign: ({ ticketId }) => `code-${ticketId}`,
    defaultTtlSeconds: 600,
  });

beforeAll(async () => {
  db = await openTestDatabase({ pool: 4 });
  event = `play-${randomUUID().slice(0, 13)}`;
  await createPlainEvent(db, event, SEATS);
});
afterAll(() => db.close());
beforeEach(() => {
  registry.resetMetrics();
});

/** A hold whose time is over, and whose end nobody has written yet. */
async function overdue(): Promise<{ id: string; label: string }> {
  const id = `order-${randomUUID().slice(0, 13)}`;
  const label = `S-${(seat += 1)}`;
  await takePlainSeat(db, { id, event, label });
  await endHold(db, id);
  return { id, label };
}

const payLate = (id: string) => recordPlainPayment(db, { id });

const LONG_AGO = {
  hold: sql(
    'test_overdue_for_long',
    `update reservations set created_at = now() - interval '1 hour', hold_ends_at = now() - interval '1 minute'
      where id = $1`,
  ),
  payment: sql(
    'test_paid_long_ago',
    `update payments set received_at = now() - interval '1 hour' where reference = $1`,
  ),
};

const valuesOf = async (name: string) =>
  (await registry.getSingleMetric(name)!.get()).values.map(({ labels, value }) => ({
    ...labels,
    value,
  }));
const counted = () => valuesOf('holdfast_holds_expired_total');
const ONE_BY_THE_WORKFLOW = [{ by: 'workflow', value: 1 }];

describe('The end of an unpaid hold is counted', () => {
  it('when the timer of its workflow ends it', async () => {
    const { id } = await overdue();
    await activities().releaseSeats(id);
    await activities().releaseSeats(id);
    expect(await counted()).toEqual(ONE_BY_THE_WORKFLOW);
  });

  it('when its workflow begins after the end', async () => {
    const { id, label } = await overdue();
    await activities().holdSeats(id, { event, seats: [label] });
    await activities().holdSeats(id, { event, seats: [label] });
    await activities().releaseSeats(id);
    expect(await counted()).toEqual(ONE_BY_THE_WORKFLOW);
  });

  it('when a late payment is the first to find it', async () => {
    const { id } = await overdue();
    await payLate(id);
    await activities().settleInbox(id);
    await activities().settleInbox(id);
    expect(await counted()).toEqual(ONE_BY_THE_WORKFLOW);
    expect(await valuesOf('holdfast_settled_total')).toEqual([
      { outcome: 'confirmed', late: 'true', value: 1 },
    ]);
  });

  it('once, whoever comes first', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      registry.resetMetrics();
      const { id, label } = await overdue();
      await payLate(id);
      const actor = activities();
      await Promise.all([
        actor.holdSeats(id, { event, seats: [label] }),
        actor.releaseSeats(id),
        actor.settleInbox(id),
        actor.releaseSeats(id),
      ]);
      expect(await counted()).toEqual(ONE_BY_THE_WORKFLOW);
    }
  });

  it('not again by a payment after it', async () => {
    const { id, label } = await overdue();
    await activities().releaseSeats(id);
    registry.resetMetrics();
    await payLate(id);
    await activities().settleInbox(id);
    await activities().holdSeats(id, { event, seats: [label] });
    expect(await counted()).toEqual([]);
  });
});

describe('A sweep', () => {
  it('counts the ends that it wrote, and the payments that no reservation is there for', async () => {
    const { id } = await overdue();
    const unknown = `never-${randomUUID().slice(0, 13)}`;
    await payLate(unknown);
    // Both for longer than the sweep leaves them to others.
    await db.run(LONG_AGO.hold, [id]);
    await db.run(LONG_AGO.payment, [unknown]);
    const sweepNow = () =>
      sweep(db, {
        budgetMs: 60_000,
        onFault: (_what, error) => {
          throw error;
        },
      });
    countSwept(await sweepNow());
    countSwept(await sweepNow());
    expect(await counted()).toEqual([{ by: 'sweep', value: 1 }]);
    expect(await valuesOf('holdfast_settled_total')).toEqual([
      { outcome: 'refund_unknown_reservation', late: 'false', value: 1 },
    ]);
  });
});
