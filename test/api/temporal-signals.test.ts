import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { createSignalActivities } from '../../src/activities/keep-signalled';
import type { Database } from '../../src/db/database';
import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { chargesOf, refundsOf } from '../support/ledger';
import { startSystem, type TestSystem } from '../support/system';
import { stepsOf, workflowIds } from '../support/temporal-history';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const actorOf = (id: string): WorkflowHandle => system.temporal.workflow.getHandle(id);
/** A hold whose actor runs, so that signals reach it. */
const heldWithActor = async (event?: string, seats = ['A-1']) => {
  const held = await api.held(event ?? (await api.event()), seats);
  await eventually(() => actorOf(held.id).describe());
  return held;
};
const stateOf = (id: string) => actorOf(id).query<Omit<Reservation, 'buyer'> | null>('state');
/** Nor the words of clients, which may name one. */
const withoutBuyer = ({
  buyer: _buyer,
  reference: _reference,
  metadata: _metadata,
  ...rest
}: Reservation) => rest;
/** Starts a reservation as an operator would, in the Temporal UI: by type, id and input. */
const startByHand = (input: unknown, id: string = randomUUID()) =>
  system.temporal.workflow.start('reservation', {
    workflowId: id,
    taskQueue: 'reservations',
    args: [input],
  });

describe('An operator in Temporal', () => {
  it('finds the reservation under its id, as a workflow of the type reservation', async () => {
    const held = await heldWithActor();
    const { type, workflowId, status } = await actorOf(held.id).describe();
    expect([type, workflowId, status.name]).toEqual(['reservation', held.id, 'RUNNING']);
  });

  it('asks for the state and gets the reservation as in the API, without the buyer', async () => {
    const held = await heldWithActor();
    await eventually(async () => {
      expect(await stateOf(held.id)).toEqual(withoutBuyer(held));
    });
  });

  it('sees the state at closing when the workflow has closed', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await actorOf(sold.id).result();
    expect(await stateOf(sold.id)).toEqual(withoutBuyer((await api.get(sold.id)).body));
  });

  it('finds reservations by status and event', async () => {
    const event = await api.event();
    const held = await heldWithActor(event, ['A-1']);
    const sold = await api.sold(event, ['A-2']);
    const cancelled = await heldWithActor(event, ['A-3']);
    await api.cancel(cancelled.id);
    await eventually(async () => {
      const found = (status: string) =>
        workflowIds(
          system.temporal,
          `WorkflowType = 'reservation' AND EventSlug = '${event}' AND ReservationStatus = '${status}'`,
        );
      expect(await found('held')).toEqual([held.id]);
      expect(await found('confirmed')).toEqual([sold.id]);
      expect(await found('cancelled')).toEqual([cancelled.id]);
    });
  });

  it('sees a hold that has ended as expired', async () => {
    const held = await api.held(await api.event({ holdTtlSeconds: 1 }), ['A-1']);
    await eventually(async () => {
      expect((await actorOf(held.id).describe()).status.name).toBe('COMPLETED');
    });
    expect(await stateOf(held.id)).toMatchObject({ status: 'expired' });
    await eventually(async () => {
      const query = `WorkflowId = '${held.id}' AND ReservationStatus = 'expired'`;
      expect(await workflowIds(system.temporal, query)).toEqual([held.id]);
    });
  });

  it('sees workflows that are no reservation only under ids with a colon', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await api.cancel(sold.id);
    await eventually(async () => {
      const others = await workflowIds(system.temporal, `WorkflowType != 'reservation'`);
      expect(others.length).toBeGreaterThan(0);
      for (const id of others) expect(id).toContain(':');
    });
  });
});

describe('The signal paymentConfirmed', () => {
  const signal = (id: string, payment: unknown) => actorOf(id).signal('paymentConfirmed', payment);
  const paymentOf = ({ id, total }: Reservation, reference = `hand-${id}`) => ({
    reference,
    ...total,
  });

  it('does what a payment does: the reservation is confirmed and its tickets come', async () => {
    const held = await heldWithActor();
    await signal(held.id, paymentOf(held));
    const { payment } = await api.until(held.id, 'confirmed');
    expect(payment).toEqual({
      reference: `hand-${held.id}`,
      amount: 4500,
      currency: 'EUR',
      status: 'captured',
    });
    expect(await api.tickets(held.id)).toHaveLength(1);
    const confirmed = (await api.history(held.id)).find(
      ({ type }) => type === 'reservation.confirmed',
    );
    expect(confirmed!.actor).toMatch(/operator/);
    expect(await chargesOf(system.db, `hand-${held.id}`)).toHaveLength(1);
  });

  it('has its effect once per reference, together with webhooks and confirm', async () => {
    const held = await heldWithActor();
    const payment = paymentOf(held);
    await Promise.all([
      signal(held.id, payment),
      signal(held.id, payment),
      api.pay(held, payment.reference),
      api.confirm(held, payment.reference),
    ]);
    await api.until(held.id, 'confirmed');
    await actorOf(held.id).result();
    expect(await api.payments(held.id)).toMatchObject([
      { reference: payment.reference, status: 'captured' },
    ]);
    expect(await refundsOf(system.db, payment.reference)).toEqual([]);
  });

  it('with a wrong amount is refunded; the reservation stays held', async () => {
    const held = await heldWithActor();
    await signal(held.id, { ...paymentOf(held), amount: 1 });
    await eventually(async () => {
      expect(await api.payments(held.id)).toMatchObject([
        { status: 'refunded', refundReason: 'mismatch' },
      ]);
    });
    expect((await api.get(held.id)).body.status).toBe('held');
  });

  it.each([
    undefined,
    null,
    'paid',
    17,
    [],
    {},
    { reference: 'x' },
    { reference: '', amount: 4500, currency: 'EUR' },
    { reference: 'x', amount: '4500', currency: 'EUR' },
    { reference: 'x', amount: -1, currency: 'EUR' },
    { reference: 'x', amount: 4500.5, currency: 'EUR' },
    { reference: 'x', amount: 4500, currency: 'euros' },
    { reference: 'a\u0000b', amount: 4500, currency: 'EUR' },
    { reference: 'x'.repeat(256), amount: 4500, currency: 'EUR' },
  ])('with the payload %j does no harm', async (payload) => {
    const held = await heldWithActor();
    await signal(held.id, payload);
    await signal(held.id, paymentOf(held));
    await api.until(held.id, 'confirmed');
    expect(await api.payments(held.id)).toMatchObject([{ reference: `hand-${held.id}` }]);
  });
});

describe('The signal cancel', () => {
  it('releases a hold', async () => {
    const held = await heldWithActor();
    await actorOf(held.id).signal('cancel');
    await api.until(held.id, 'cancelled');
    expect(await api.seatStatus(held.event, 'A-1')).toBe('available');
    const { status } = await eventually(async () => {
      const description = await actorOf(held.id).describe();
      expect(description.status.name).not.toBe('RUNNING');
      return description;
    });
    expect(status.name).toBe('COMPLETED');
    expect((await api.history(held.id)).at(-1)).toMatchObject({
      type: 'reservation.cancelled',
      actor: expect.stringMatching(/operator/) as string,
    });
  });

  it('with something in it, or several times, is one cancel', async () => {
    const held = await heldWithActor();
    await Promise.all(
      [1, 2, 3].map(() => actorOf(held.id).signal('cancel', { why: 'the buyer called' })),
    );
    await api.until(held.id, 'cancelled');
    expect(
      (await api.history(held.id)).filter(({ type }) => type === 'reservation.cancelled').length,
    ).toBe(1);
  });

  it('after a payment in the same breath undoes it: the money goes back', async () => {
    const held = await heldWithActor();
    const reference = `hand-${held.id}`;
    await actorOf(held.id).signal('paymentConfirmed', { reference, ...held.total });
    await actorOf(held.id).signal('cancel');
    await api.until(held.id, 'cancelled');
    await eventually(async () => {
      expect(await refundsOf(system.db, reference)).toHaveLength(1);
    });
    expect(await api.seatStatus(held.event, 'A-1')).toBe('available');
  });

  it('is what a request to cancel the workflow does, too', async () => {
    const held = await heldWithActor();
    await actorOf(held.id).cancel();
    await api.until(held.id, 'cancelled');
    expect(await api.seatStatus(held.event, 'A-1')).toBe('available');
  });
});

describe('A signal that is none of ours', () => {
  it('does no harm', async () => {
    const held = await heldWithActor();
    await actorOf(held.id).signal('selfDestruct', { now: true });
    await actorOf(held.id).signal('ring');
    expect((await api.confirm(held)).body.status).toBe('confirmed');
    await actorOf(held.id).result();
  });
});

describe('A reservation that an operator starts by hand', () => {
  it('takes the seats itself, and can be paid like any other', async () => {
    const event = await api.event();
    const { workflowId: id } = await startByHand({ event, seats: ['A-1', 'A-2'] });
    const held = await eventually(async () => {
      const { status, body } = await api.get(id);
      expect(status).toBe(200);
      return body;
    });
    expect(held).toMatchObject({ id, status: 'held', event, total: { amount: 9000 }, buyer: null });
    expect([await api.seatStatus(event, 'A-1'), await api.seatStatus(event, 'A-2')]).toEqual([
      'held',
      'held',
    ]);
    await api.pay(held);
    await api.until(id, 'confirmed');
    expect((await api.tickets(id)).map(({ seat }) => seat)).toEqual(['A-1', 'A-2']);
  });

  it('belongs to no client', async () => {
    const event = await api.event();
    const { workflowId: id } = await startByHand({ event, seats: ['A-1'] });
    await eventually(async () => {
      expect((await api.get(id)).status).toBe(200);
    });
    expect(refusal(await api.get(id, system.info.keys.client))).toEqual([404, 'not_found']);
    expect(refusal(await api.hold(event, ['A-1'], { id }))).toEqual([
      422,
      'idempotency_key_reused',
    ]);
  });

  it('ends without a seat when one is not free', async () => {
    const event = await api.event();
    await api.held(event, ['A-2']);
    const handle = await startByHand({ event, seats: ['A-1', 'A-2'] });
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('FAILED');
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
  });

  it('with an input or an id that makes no sense fails at once instead of trying for ever', async () => {
    const event = await api.event();
    const senseless: [what: string, input: unknown, id?: string][] = [
      ['an event that is none', { event: 'there-is-none', seats: ['A-1'] }],
      ['a seat that is none', { event, seats: ['Z-1'] }],
      ['no seats', { event, seats: [] }],
      ['a seat twice', { event, seats: ['A-1', 'A-1'] }],
      ['no input', undefined],
      ['nonsense', { event: 5, seats: 'A-1' }],
      ['an id that no reservation can have', { event, seats: ['A-1'] }, 'short'],
    ];
    const started = await Promise.all(
      senseless.map(async ([what, input, id]) => ({ what, handle: await startByHand(input, id) })),
    );
    try {
      await eventually(async () => {
        const open = await Promise.all(
          started.map(async ({ what, handle }) => [what, (await handle.describe()).status.name]),
        );
        expect(open.filter(([, status]) => status !== 'FAILED')).toEqual([]);
      });
    } finally {
      for (const { handle } of started) await handle.terminate().catch(() => undefined);
    }
    expect(await api.seatStatus(event, 'A-1')).toBe('available');
  });

  it('under the id of a reservation that is there already changes nothing about it', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await actorOf(sold.id).result();
    await startByHand({ event: sold.event, seats: ['A-2'] }, sold.id);
    await actorOf(sold.id).result();
    expect((await api.get(sold.id)).body).toEqual(sold);
    expect(await api.seatStatus(sold.event, 'A-2')).toBe('available');
  });
});

describe('A workflow that was terminated', () => {
  it('leaves its seats free after the end of the hold', async () => {
    const event = await api.event({ holdTtlSeconds: 15 });
    const held = await heldWithActor(event);
    await actorOf(held.id).terminate('by mistake');
    expect(await api.seatStatus(event, 'A-1')).toBe('held');
    await api.until(held.id, 'expired');
    expect((await api.hold(event, ['A-1'])).status).toBe(201);
    await eventually(async () => {
      expect((await api.history(held.id)).map(({ type }) => type)).toContain('reservation.expired');
    });
  });

  it('does not keep a payment, a confirm or a cancel from having its effect', async () => {
    const [paid, confirmed, cancelled] = await Promise.all([
      heldWithActor(),
      heldWithActor(),
      heldWithActor(),
    ]);
    for (const { id } of [paid, confirmed, cancelled]) await actorOf(id).terminate('by mistake');
    await api.pay(paid);
    await api.confirm(confirmed);
    await api.cancel(cancelled.id);
    await api.until(paid.id, 'confirmed');
    await api.until(confirmed.id, 'confirmed');
    await api.until(cancelled.id, 'cancelled');
    for (const { id } of [paid, confirmed]) expect(await api.tickets(id)).toHaveLength(1);
  });
});

/** The system's database, until it has answered so many times. */
function failingAfter(answers: number): Database {
  let left = answers;
  const rows: Database['rows'] = (...args) =>
    left-- > 0 ? system.db.rows(...args) : Promise.reject(new Error('the connection is lost'));
  return { ...system.db, rows };
}

describe('What comes by hand', () => {
  it('goes on after the last that was kept when the database fails in between', async () => {
    const held = await heldWithActor();
    const activities = createSignalActivities({ db: failingAfter(2), testProvider: true });
    const messages = ['one', 'two', 'three'].map((name) => ({
      kind: 'payment' as const,
      payment: { reference: `${held.id}-${name}`, ...held.total },
    }));
    expect(await activities.keepSignalled(held.id, messages)).toEqual([
      { kind: 'recorded' },
      { kind: 'recorded' },
    ]);
    await expect(activities.keepSignalled(held.id, messages.slice(2))).rejects.toThrow(
      'the connection is lost',
    );
    const { body } = await api.get(held.id);
    expect(body).toMatchObject({ payments: [{}, {}] });
  });

  it('in hundreds at once is kept to the last: one payment confirms, the others go back', async () => {
    const held = await heldWithActor();
    await Promise.all(
      Array.from({ length: 250 }, (_, n) =>
        actorOf(held.id).signal('paymentConfirmed', {
          reference: `${held.id}-${n}`,
          ...held.total,
        }),
      ),
    );
    await eventually(async () => {
      const { body } = await api.call<{ payments: { reference: string }[]; refunds: unknown[] }>(
        'GET',
        `/v1/reservations/${held.id}`,
      );
      expect([body.payments.length, body.refunds.length]).toEqual([250, 249]);
    });
    const steps = await stepsOf(system.temporal, held.id);
    const kept = steps.filter((type) => type === 'keepSignalled');
    // Not one for each: the history of a workflow has a limit.
    expect(kept.length).toBeLessThan(125);
  });

  it.each(['refund', 'refundOrder', 'resend', 'mail', 'settlement'])(
    'a %s without its input fails once, and says what it needs',
    async (type) => {
      const handle = await system.temporal.workflow.start(type, {
        workflowId: `by-hand:${randomUUID()}`,
        taskQueue: 'reservations',
        args: [],
      });
      const failure = await handle.result().then(
        () => null,
        (error: unknown) => (error as { cause: { message: string; nonRetryable: boolean } }).cause,
      );
      expect(failure!.message).toMatch(/^Nothing was done: the input needs { "/);
      expect(failure!.nonRetryable).toBe(true);
    },
  );
});
