import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import {
  changeWorkflowId,
  refundWorkflowId,
  settlementWorkflowId,
  SIGNALS,
  SUMMARY_BYTES,
  TASK_QUEUES,
  webhookWorkflowId,
  WORKFLOWS,
} from '../../src/contracts/reservation';
import { ApiClient, eventually } from '../support/api';
import { startSmtpDouble, type SmtpDouble } from '../support/smtp-double';
import { startSystem, type TestSystem } from '../support/system';
import { signalPayload, stepsOf, workflowIds } from '../support/temporal-history';

let system: TestSystem;
let api: ApiClient;
let mailServer: SmtpDouble;
const replies = { RCPT: '250 2.1.5 fine' };

beforeAll(async () => {
  mailServer = await startSmtpDouble(replies);
  system = await startSystem({
    childEnv: { SMTP_URL: mailServer.url, WEBHOOK_ALLOW_PRIVATE: 'on' },
    workers: ['reservations,mail,webhooks,relay', 'documents'],
  });
  api = new ApiClient(system.info);
});
afterAll(async () => {
  await system.stop();
  await mailServer.close();
});

const actorOf = (id: string): WorkflowHandle => system.temporal.workflow.getHandle(id);
const heldWithActor = async (overrides = {}) => {
  const held = await api.held(await api.event(overrides), ['A-1']);
  await eventually(() => actorOf(held.id).describe());
  return held;
};
interface Metadata {
  currentDetails?: string;
  definition?: Record<
    'signalDefinitions' | 'queryDefinitions',
    { name: string; description?: string }[]
  >;
}
const metadataOf = (id: string): Promise<Metadata> =>
  actorOf(id).query<Metadata>('__temporal_workflow_metadata');
const detailsOf = async (id: string): Promise<string> =>
  (await metadataOf(id)).currentDetails ?? '';
const untilDetails = (id: string, text: string | RegExp) =>
  eventually(async () => {
    const details = await detailsOf(id);
    expect(details).toMatch(text);
    return details;
  });
/** What each activity and timer says of itself, and what each signal brought. */
async function toldIn(id: string) {
  const { events } = await actorOf(id).fetchHistory();
  const textOf = (payload: { data?: Uint8Array | null } | null | undefined): string[] =>
    payload?.data ? [Buffer.from(payload.data).toString()] : [];
  return {
    summaries: (events ?? []).flatMap(({ userMetadata }) => textOf(userMetadata?.summary)),
    signals: (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: it }) =>
      textOf(it?.input?.payloads?.[0]),
    ),
  };
}

/** A sale whose refund waits, because its payment is disputed. @returns the refund's workflow */
async function waitingRefund(): Promise<string> {
  const held = await heldWithActor();
  const intent = `pi_${randomUUID().replaceAll('-', '')}`;
  await api.stripe('payment_intent.succeeded', {
    id: intent,
    amount_received: held.total.amount,
    currency: 'eur',
    metadata: { reservation_id: held.id },
  });
  await api.until(held.id, 'confirmed');
  await api.stripe('charge.dispute.created', {
    id: `dp_${intent}`,
    object: 'dispute',
    amount: held.total.amount,
    currency: 'eur',
    payment_intent: intent,
    status: 'needs_response',
  });
  const refund = await api.call<{ id: string }>('POST', `/v1/reservations/${held.id}/refunds`, {
    key: system.info.keys.operator,
    headers: { 'idempotency-key': randomUUID() },
    body: { amount: 100, reason: 'while disputed' },
  });
  return refundWorkflowId(refund.body.id);
}
/** The quote of a change to a sale. @returns its workflow */
async function waitingChange(): Promise<string> {
  const sold = await api.sold(await api.event(), ['A-1']);
  const quote = await api.call<{ id: string }>('POST', `/v1/reservations/${sold.id}/changes`, {
    headers: { 'idempotency-key': randomUUID() },
    body: { take: [{ event: sold.event, seats: ['A-2'] }] },
  });
  return changeWorkflowId(quote.body.id);
}
/** An endpoint that nothing is sent to. @returns its workflow */
async function waitingEndpoint(): Promise<string> {
  const endpoint = await api.call<{ id: string }>('POST', '/v1/webhook-endpoints', {
    headers: { 'idempotency-key': randomUUID() },
    body: { url: 'http://127.0.0.1:9/', types: ['event.changed'] },
  });
  return webhookWorkflowId(endpoint.body.id);
}
/** Each of our workflows that waits: how to have one, its signals, and what else it answers. */
const WAITING: Record<string, { make: () => Promise<string>; signals: string[]; state: boolean }> =
  {
    [WORKFLOWS.reservation]: {
      make: async () => (await heldWithActor()).id,
      signals: Object.values(SIGNALS),
      state: true,
    },
    [WORKFLOWS.refundOrder]: { make: waitingRefund, signals: [SIGNALS.ring], state: false },
    [WORKFLOWS.change]: { make: waitingChange, signals: [SIGNALS.ring], state: true },
    [WORKFLOWS.webhookEndpoint]: { make: waitingEndpoint, signals: [SIGNALS.ring], state: true },
  };

describe('A reservation in Temporal reads like a story', () => {
  it('of its payment: the ring says why, each step says what it does, the details who paid', async () => {
    const held = await heldWithActor();
    await api.pay(held, `pay-${held.id}`);
    await api.until(held.id, 'confirmed');
    await actorOf(held.id).result();
    const told = await toldIn(held.id);
    const summaries = told.summaries.join('\n');
    expect(told.signals).toContain(`{"why":"payment pay-${held.id}, €45.00, by standard"}`);
    expect(summaries).toContain(`"Handle: payment pay-${held.id}, €45.00, by standard"`);
    expect(summaries).toContain('"Print 1 ticket"');
    expect(summaries).toContain('"Mail 1 ticket to the buyer"');
    const details = await detailsOf(held.id);
    expect(details).toContain(`payment pay-${held.id}, €45.00, by standard → confirmed`);
    expect(details).toContain(`payment pay-${held.id}, €45.00, proven by standard: captured`);
    const lines = details.split('\n').filter((line) => line.startsWith('- '));
    expect(lines.at(0)).toContain('1 ticket mailed');
    expect(lines.at(-1)).toContain('seats held');
  });

  it('under a summary that stays true and is short enough, however long the names are', async () => {
    const held = await heldWithActor({ name: 'Гамлет, принц датский. '.repeat(8).trim() });
    const { staticSummary } = await actorOf(held.id)
      .describe()
      .then(async (description) => ({
        staticSummary: await description.staticSummary(),
      }));
    expect(staticSummary).toContain('A-1 · as first held');
    expect(staticSummary).not.toContain('until');
    expect(Buffer.byteLength(staticSummary!)).toBeLessThanOrEqual(200);
  });

  it.each(['by hand', 'by webhook'])(
    'in summaries that Temporal takes, however long the reference of a payment %s is',
    async (how) => {
      const held = await heldWithActor();
      const reference = `${how} ${'ж'.repeat(255)}`.slice(0, 255);
      if (how === 'by hand')
        await actorOf(held.id).signal('paymentConfirmed', { reference, ...held.total });
      else await api.pay(held, reference);
      await api.until(held.id, 'confirmed');
      await actorOf(held.id).result();
      const summaries = (await toldIn(held.id)).summaries.map((text) => JSON.parse(text) as string);
      const start =
        how === 'by hand' ? 'Keep payment by hand жжж' : 'Handle: payment by webhook жжж';
      expect(summaries.filter((text) => text.startsWith(start))).toEqual([
        expect.stringMatching(/…$/),
      ]);
      for (const text of summaries)
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(SUMMARY_BYTES);
    },
  );

  it.each(Object.entries(WAITING))(
    'with signals and queries that say what they are for: %s',
    async (_, { make, signals, state }) => {
      const id = await make();
      const { definition } = await eventually(() => metadataOf(id));
      const told = (of: 'signalDefinitions' | 'queryDefinitions') =>
        Object.fromEntries(
          definition![of]
            .filter(({ name }) => name !== '' && !name.startsWith('__'))
            .map(({ name, description }) => [name, description]),
        );
      const words = expect.stringMatching(/\S/) as unknown;
      const each = (names: string[]) => Object.fromEntries(names.map((name) => [name, words]));
      expect(told('signalDefinitions')).toEqual(each(signals));
      if (state) expect(told('queryDefinitions')).toMatchObject(each(['state']));
    },
  );

  it('that names who cancelled it', async () => {
    const held = await heldWithActor();
    await api.cancel(held.id, { key: system.info.keys.client });
    await actorOf(held.id).result();
    const { actor } = (await api.history(held.id)).at(-1)!;
    expect(await detailsOf(held.id)).toContain(`cancelled by ${actor}: seats released`);
  });
});

describe('A signal without effect says why', () => {
  it('when its reference belongs to another reservation', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const held = await heldWithActor();
    const { reference } = sold.payment!;
    await actorOf(held.id).signal('paymentConfirmed', { reference, ...held.total });
    await untilDetails(held.id, `no effect: reference ${reference} belongs to ${sold.id}`);
  });

  it.each([
    ['has an encoding that is none', { metadata: { encoding: Buffer.from('json/other') } }],
    ['is no JSON', { metadata: { encoding: Buffer.from('json/plain') } }],
    ['has no encoding', {}],
  ])('when its payload %s, and the payment after it counts', async (_what, payload) => {
    const held = await heldWithActor();
    const unreadable = { ...payload, data: Buffer.from('{') };
    for (const name of ['paymentConfirmed', 'misspelt', 'ring'])
      await signalPayload(system.temporal, held.id, unreadable, name);
    await untilDetails(held.id, /no effect: a paymentConfirmed signal could not be read \(/);
    await api.pay(held);
    await api.until(held.id, 'confirmed');
    expect(await api.payments(held.id)).toHaveLength(1);
  });

  it.each(Object.entries(WAITING))(
    'when its name is misspelt, on each of our workflows that waits: %s',
    async (_, { make, signals }) => {
      const id = await make();
      await eventually(() => actorOf(id).signal('paymentConfrimed', { reference: 'x' }));
      await untilDetails(
        id,
        `no effect: there is no signal "paymentConfrimed"; it takes ${signals.join(', ')}`,
      );
    },
  );

  /** Signals a cancel to what handles the news of a reservation whose own workflow has closed. */
  const cancelAfterwards = async (id: string) => {
    await actorOf(id).result();
    await system.temporal.workflow.signalWithStart(WORKFLOWS.settlement, {
      workflowId: settlementWorkflowId(id),
      taskQueue: TASK_QUEUES.reservations,
      args: [{ reservationId: id }],
      signal: SIGNALS.cancel,
    });
  };

  it('when it cancels what has ended', async () => {
    const expired = await heldWithActor({ holdTtlSeconds: 1 });
    await cancelAfterwards(expired.id);
    await untilDetails(
      settlementWorkflowId(expired.id),
      'no effect: nothing to cancel: the reservation is expired already',
    );
    const cancelled = await heldWithActor();
    await api.cancel(cancelled.id);
    await cancelAfterwards(cancelled.id);
    await untilDetails(
      settlementWorkflowId(cancelled.id),
      'no effect: nothing to cancel: the reservation is cancelled already',
    );
  });

  it('when it cancels a sale whose buyer has come in', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const [ticket] = await api.tickets(sold.id);
    const entry = await api.call('POST', '/v1/check-ins', {
      key: system.info.keys.scanner,
      body: { code: ticket!.code, event: sold.event },
    });
    expect(entry.status).toBe(201);
    await cancelAfterwards(sold.id);
    await untilDetails(
      settlementWorkflowId(sold.id),
      'no effect: cannot be cancelled: somebody has come in with one of its tickets',
    );
    expect((await api.get(sold.id)).body.status).toBe('confirmed');
  });

  it('when the workflow of a refund is cancelled', async () => {
    const id = await waitingRefund();
    await untilDetails(id, 'payment_disputed');
    await actorOf(id).cancel();
    await untilDetails(id, 'no effect of the cancel: what is owed goes back, or fails');
    expect((await actorOf(id).describe()).status.name).toBe('RUNNING');
  });

  it('when it is a ring by hand and nothing waited', async () => {
    const held = await heldWithActor();
    await actorOf(held.id).signal('ring');
    await untilDetails(held.id, 'a ring by hand: nothing waited in the inbox');
  });

  it('when a payment is told twice', async () => {
    const held = await heldWithActor();
    const payment = { reference: `cash-${held.id}`, amount: 1, currency: 'EUR' };
    await actorOf(held.id).signal('paymentConfirmed', payment);
    await untilDetails(held.id, 'goes back: mismatch, €45.00 was expected');
    await actorOf(held.id).signal('paymentConfirmed', payment);
    await untilDetails(held.id, `no effect: payment cash-${held.id} is known already`);
  });
});

describe('The whole story of a reservation', () => {
  it('is found by one query: its own workflow, refund, resend and what came later', async () => {
    const sold = await api.sold(await api.event(), ['A-1', 'A-2']);
    await actorOf(sold.id).result();
    await api.call('POST', `/v1/reservations/${sold.id}/resend`);
    await api.cancel(sold.id);
    await eventually(async () => {
      const ids = await workflowIds(system.temporal, `ReservationId = '${sold.id}'`);
      const kinds = ids.map((id) => id.split(':')[0]);
      expect(kinds).toEqual(
        expect.arrayContaining([sold.id, 'resend', 'settle', 'refund', 'mail']),
      );
      expect(await workflowIds(system.temporal, `EventSlugs = '${sold.event}'`)).toHaveLength(
        ids.length,
      );
      for (const id of ids) {
        expect(
          await actorOf(id)
            .describe()
            .then((one) => one.staticSummary()),
        ).toMatch(/\S/);
        expect(id.length).toBeLessThanOrEqual(200);
        const [kind, own, ...more] = id.split(':');
        expect(more).toEqual([]);
        if (own !== undefined && kind !== 'settle') expect(own.length).toBeLessThanOrEqual(40);
      }
    });
  });

  it('is found too where an operator began it by hand', async () => {
    const event = await api.event();
    const id = randomUUID();
    await system.temporal.workflow.start('reservation', {
      workflowId: id,
      taskQueue: 'reservations',
      args: [{ event, seats: ['A-1'] }],
    });
    await eventually(async () => {
      const query = `ReservationId = '${id}' AND EventSlugs = '${event}' AND EventSlug = '${event}'`;
      expect(await workflowIds(system.temporal, query)).toEqual([id]);
    });
  });
});

describe('While a workflow is open, it shows what the API shows', () => {
  const shown = async (id: string) => {
    const state = await actorOf(id).query<{ updatedAt: string; refunds: { status: string }[] }>(
      'state',
    );
    const { buyer: _b, reference: _r, metadata: _m, ...body } = (await api.get(id)).body;
    expect(state).toEqual(body);
    return body;
  };

  it('of a refund after a wrong amount', async () => {
    const held = await heldWithActor();
    await api.standard({
      reservation: held.id,
      reference: `w-${held.id}`,
      amount: 1,
      currency: 'EUR',
    });
    await eventually(async () => {
      const { refunds, status } = await shown(held.id);
      expect([status, refunds[0]?.status]).toEqual(['held', 'succeeded']);
    });
    expect(await detailsOf(held.id)).toMatch(/refund of €0.01 of payment w-\S+: succeeded/);
  });

  it('of an extension, a buyer named later, an erased buyer', async () => {
    const held = await heldWithActor();
    const path = `/v1/reservations/${held.id}`;
    await api.call('POST', `${path}/extend`);
    await api.call('PATCH', path, { body: { buyer: { name: 'Ada', email: 'ada@example.org' } } });
    await eventually(async () => expect((await shown(held.id)).revision).toBe(2));
    await api.call('POST', `${path}/erase-buyer`);
    await eventually(() => shown(held.id));
  });
});

describe('The end of a hold', () => {
  it('comes when the label of its timer says, and gives the seats back once', async () => {
    const held = await heldWithActor({ holdTtlSeconds: 3 });
    await actorOf(held.id).result();
    const { events } = await actorOf(held.id).fetchHistory();
    const timers = (events ?? []).filter(({ timerFiredEventAttributes: it }) => it);
    expect(timers).toHaveLength(1);
    const { seconds, nanos } = timers[0]!.eventTime!;
    const firedAt = Number(seconds) * 1000 + Number(nanos) / 1e6;
    expect(firedAt - Date.parse(held.expiresAt)).toBeGreaterThan(-50);
    // A timer has a lag of its own; that of the start and of the first activity is not in it.
    expect(firedAt - Date.parse(held.expiresAt)).toBeLessThan(1000);
    expect(await stepsOf(system.temporal, held.id)).toEqual(['holdSeats', 'releaseSeats']);
  });
});
