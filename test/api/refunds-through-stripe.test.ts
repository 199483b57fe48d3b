import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

interface Asked {
  path: string;
  form: URLSearchParams;
  key: unknown;
}

/**
 * Stripe's side of refunds: keeps what it is asked, gives each key one refund, and answers with the
 * status it is told.
 */
let asked: Asked[];
let status: string;
let refusals: { status: number; code: string }[];
let server: Server;
let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  const byKey = new Map<unknown, { id: string }>();
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      const answer = (code: number, value: object) =>
        response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      const form = new URLSearchParams(body);
      const key = request.headers['idempotency-key'];
      asked.push({ path: `${request.method} ${request.url}`, form, key });
      const refusal = refusals.shift();
      if (refusal) {
        const { code } = refusal;
        return answer(refusal.status, { error: { type: 'invalid_request_error', code } });
      }
      const id = `re_${byKey.size}`;
      const known = request.method === 'GET' ? request.url!.split('/').at(-1) : key;
      const refund = byKey.get(known) ?? {
        id,
        object: 'refund',
        status,
        amount: form.get('amount'),
      };
      byKey.set(key, refund);
      byKey.set(refund.id, refund);
      return answer(200, refund);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  system = await startSystem({
    childEnv: {
      STRIPE_API_KEY: 'sk_test_holdfast',
      STRIPE_ACCOUNT: 'acct_holdfast',
      STRIPE_API_URL: `http://127.0.0.1:${port}`,
    },
  });
  api = new ApiClient(system.info);
});
beforeEach(() => {
  asked = [];
  refusals = [];
  status = 'succeeded';
});
afterAll(async () => {
  await system.stop();
  server.closeAllConnections();
  server.close();
});

interface Refund {
  id: string;
  status: string;
  by: string;
  error: string | null;
}
const operator = () => ({ key: system.info.keys.operator });
const newIntent = () => `pi_${randomUUID().replaceAll('-', '')}`;
const refundsOf = async ({ id }: Reservation) => (await api.get(id)).body.refunds;
const held = async () => api.held(await api.event(), ['A-1']);
async function soldThroughStripe(intent: string): Promise<Reservation> {
  const mine = await held();
  await api.stripe('payment_intent.succeeded', {
    id: intent,
    amount_received: mine.total.amount,
    currency: 'eur',
    metadata: { reservation_id: mine.id },
  });
  return api.until(mine.id, 'confirmed');
}
/** A payment as an event of Stripe tells it. @param more of the event itself, not of its object */
const sendPaid = ({ id, total }: Reservation, intent: string, more: object) =>
  api.stripe(
    'payment_intent.succeeded',
    {
      id: intent,
      amount_received: total.amount,
      currency: 'eur',
      metadata: { reservation_id: id },
    },
    { more },
  );
const cancel = ({ id }: Reservation) => api.cancel(id);

describe('With the key of Stripe', () => {
  it('what Stripe captured goes back through Stripe, with its amount', async () => {
    const intent = newIntent();
    const mine = await soldThroughStripe(intent);
    await cancel(mine);
    await eventually(async () =>
      expect(await refundsOf(mine)).toMatchObject([{ status: 'succeeded', by: 'stripe' }]),
    );
    const [refund] = await refundsOf(mine);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.key).toBe(refund!.id);
    expect(Object.fromEntries(asked[0]!.form)).toEqual({
      payment_intent: intent,
      amount: '4500',
      'metadata[refund_id]': refund!.id,
      'metadata[reservation_id]': mine.id,
    });
  });

  it('what a client claimed is never asked of Stripe, whatever its reference looks like', async () => {
    const mine = await held();
    await api.confirm(mine, newIntent());
    await api.until(mine.id, 'confirmed');
    await cancel(mine);
    await api.until(mine.id, 'cancelled');
    expect(await refundsOf(mine)).toMatchObject([
      { status: 'pending', by: 'client', error: 'not_through_a_provider' },
    ]);
    const [{ id } = { id: '' }] = await refundsOf(mine);
    const mark = (options: object) =>
      api.call<Refund>('POST', `/v1/refunds/${id}/mark-succeeded`, options);
    expect(refusal(await mark({ ...operator(), body: {} }))).toEqual([422, 'validation_failed']);
    const note = { note: 'in cash, 28 November' };
    for (const key of [system.info.keys.client, system.info.keys.operator])
      expect((await mark({ key, body: note })).body).toMatchObject({ status: 'succeeded' });
    expect((await api.get(mine.id)).body.payment).toMatchObject({ status: 'refunded' });
    expect(asked).toEqual([]);
    expect(JSON.stringify(await api.history(mine.id))).not.toContain('in cash');
  });

  it('a refund is not done until Stripe says so', async () => {
    status = 'pending';
    const intent = newIntent();
    const mine = await soldThroughStripe(intent);
    await cancel(mine);
    await eventually(() => expect(asked).toHaveLength(1));
    await eventually(async () =>
      expect(await refundsOf(mine)).toMatchObject([{ status: 'pending', error: null }]),
    );
    const [{ id } = { id: '' }] = await refundsOf(mine);
    await api.stripe('refund.updated', {
      id: 're_of_ours',
      object: 'refund',
      amount: 4500,
      currency: 'eur',
      payment_intent: intent,
      status: 'succeeded',
      metadata: { refund_id: id },
    });
    await eventually(async () =>
      expect(await refundsOf(mine)).toMatchObject([{ id, status: 'succeeded' }]),
    );
    await eventually(async () => {
      const described = await system.temporal.workflow.getHandle(`refund:${id}`).describe();
      expect(described.status.name).toBe('COMPLETED');
    });
    expect(
      refusal(
        await api.call('POST', `/v1/refunds/${id}/mark-succeeded`, {
          ...operator(),
          body: { note: 'x' },
        }),
      ),
    ).toEqual([409, 'refund_not_by_hand']);
  });

  it('a refund that Stripe refuses waits with the reason, in the API and in the workflow', async () => {
    refusals = Array.from({ length: 9 }, () => ({ status: 400, code: 'insufficient_funds' }));
    const mine = await soldThroughStripe(newIntent());
    await cancel(mine);
    await eventually(async () =>
      expect(await refundsOf(mine)).toMatchObject([
        { status: 'pending', error: 'insufficient_funds' },
      ]),
    );
    const [{ id } = { id: '' }] = await refundsOf(mine);
    const workflow = system.temporal.workflow.getHandle(`refund:${id}`);
    // The workflow learns it after the database.
    await eventually(async () => {
      const said = await workflow.query<object>('__temporal_workflow_metadata');
      expect(JSON.stringify(said)).toContain('insufficient_funds');
    });
    refusals = [];
    // An operator who has filled the balance does not wait for the next quarter of an hour.
    await workflow.signal('ring');
    await eventually(async () =>
      expect(await refundsOf(mine)).toMatchObject([{ status: 'succeeded', error: null }]),
    );
  });

  it('the reservation, while its workflow runs, shows why a refund waits, and each new reason', async () => {
    refusals = [{ status: 400, code: 'insufficient_funds' }];
    const mine = await held();
    const intent = newIntent();
    await api.stripe('payment_intent.succeeded', {
      id: intent,
      amount_received: mine.total.amount - 1,
      currency: 'eur',
      metadata: { reservation_id: mine.id },
    });
    const details = async () =>
      JSON.stringify(
        await system.temporal.workflow
          .getHandle(mine.id)
          .query<object>('__temporal_workflow_metadata'),
      );
    await eventually(async () => expect(await details()).toContain('insufficient_funds'));
    const [{ id } = { id: '' }] = await refundsOf(mine);
    refusals = [{ status: 400, code: 'charge_disputed' }];
    await system.temporal.workflow.getHandle(`refund:${id}`).signal('ring');
    await eventually(async () => expect(await details()).toContain('payment_disputed'));
    expect((await api.get(mine.id)).body.status).toBe('held');
  });

  it.each([
    ['in live mode', 'livemode true', { livemode: true }],
    ['of another account', 'account acct_another', { account: 'acct_another' }],
  ])('an event %s does not confirm', async (_which, came, more) => {
    const mine = await held();
    const intent = newIntent();
    expect((await sendPaid(mine, intent, more)).status).toBe(200);
    expect((await api.get(mine.id)).body).toMatchObject({
      status: 'held',
      payment: null,
      payments: [{ reference: intent, status: 'unmatched' }],
    });
    const notes = (await api.notes(true)).filter(({ reservation }) => reservation === mine.id);
    expect(notes).toMatchObject([{ kind: 'payment_unmatched', reference: intent, data: { came } }]);
    expect(asked).toEqual([]);
  });

  it.each([
    ['of the account of the settings', { account: 'acct_holdfast' }],
    ['that names no account', {}],
    ['in test mode', { livemode: false }],
  ])('an event %s confirms', async (_which, more) => {
    const mine = await held();
    expect((await sendPaid(mine, newIntent(), more)).body).toMatchObject({ ignored: false });
    await api.until(mine.id, 'confirmed');
  });
});
