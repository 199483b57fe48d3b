import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RefundOrder } from '../../src/db/refunds';
import { createStripeProvider } from '../../src/payments/stripe-provider';

interface Asked {
  path: string | undefined;
  body: string;
  key: IncomingHttpHeaders[string];
  account?: IncomingHttpHeaders[string];
}

/** Stripe's side of the refunds: notes what it is asked, and answers as it is told. */
let asked: Asked[];
let answer: { status: number; body: unknown };
/** Given first, one after another. */
let answers: (typeof answer)[];
let server: Server;

beforeEach(async () => {
  asked = [];
  answers = [];
  answer = { status: 200, body: { id: 're_1', object: 'refund', status: 'succeeded' } };
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      const account = request.headers['stripe-account'];
      asked.push({
        path: request.url,
        body,
        key: request.headers['idempotency-key'],
        ...(account !== undefined && { account }),
      });
      const { status, body: said } = answers.shift() ?? answer;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const ID = '0d1f6c1e-3f0a-4f7e-9a55-7a0a4c3f2b11';
const refund = (
  reference: string,
  money = { amount: 4500, currency: 'EUR' },
  change: Partial<RefundOrder> = {},
  account: string | null = null,
) => {
  const { port } = server.address() as AddressInfo;
  const provider = createStripeProvider('sk_test_holdfast', {
    account,
    baseUrl: new URL(`http://127.0.0.1:${port}`),
  });
  return provider.refund({
    id: ID,
    paymentId: 1,
    reference,
    reservationId: 'r-1',
    ...money,
    by: 'stripe',
    status: 'pending',
    reason: 'cancelled',
    error: null,
    providerRefundId: null,
    providerKey: ID,
    disputed: false,
    ageSeconds: 0,
    ...change,
  });
};
const problem = (status: number, error: Record<string, string>) => ({ status, body: { error } });
const listOf = (...refunds: object[]) => ({
  status: 200,
  body: {
    object: 'list',
    data: refunds.map((one) => ({
      object: 'refund',
      amount: 4500,
      currency: 'eur',
      status: 'succeeded',
      metadata: {},
      ...one,
    })),
  },
});

const given = (answerBody: object) => (answer = { status: 200, body: answerBody });

describe('The Stripe provider', () => {
  it('refunds the amount of each refund under a key of its own, the same at every try', async () => {
    const OTHER = '0d1f6c1e-3f0a-4f7e-9a55-7a0a4c3f2b12';
    for (const id of [ID, OTHER, ID])
      expect(await refund('pi_1', undefined, { id, providerKey: id })).toEqual({
        kind: 'succeeded',
        providerRefundId: 're_1',
      });
    const body = (id: string) =>
      `payment_intent=pi_1&amount=4500&metadata[refund_id]=${id}&metadata[reservation_id]=r-1`;
    const said = asked.map((one) => ({ ...one, body: decodeURIComponent(one.body) }));
    expect(said).toEqual([
      { path: '/v1/refunds', body: body(ID), key: ID },
      { path: '/v1/refunds', body: body(OTHER), key: OTHER },
      { path: '/v1/refunds', body: body(ID), key: ID },
    ]);
  });

  describe('with a connected account', () => {
    const MISSING = problem(404, { type: 'invalid_request_error', code: 'resource_missing' });
    const refundThere = (change: Partial<RefundOrder> = {}) =>
      refund('pi_1', undefined, change, 'acct_shop');
    const accountsAsked = () => asked.map(({ account = null }) => account);

    it('refunds its payments there, looks for them there and asks there what became of them', async () => {
      const done = { kind: 'succeeded', providerRefundId: 're_1' };
      expect(await refundThere()).toEqual(done);
      expect(await refundThere({ providerRefundId: 're_1' })).toEqual(done);
      answers = [listOf({ id: 're_1', metadata: { refund_id: ID } }), MISSING];
      expect(await refundThere({ ageSeconds: 100_000 })).toEqual(done);
      expect(accountsAsked()).toEqual(['acct_shop', 'acct_shop', 'acct_shop', null]);
    });

    it.each([['that it has none'], ['that it has no such payment']])(
      'finds an old order of the key’s own account where the other says %s',
      async (what) => {
        const own = listOf({ id: 're_7', metadata: { refund_id: ID } });
        answers = [what === 'that it has none' ? listOf() : MISSING, own];
        expect(await refundThere({ ageSeconds: 100_000 })).toEqual({
          kind: 'succeeded',
          providerRefundId: 're_7',
        });
      },
    );

    it.each([
      ['has no such payment', MISSING],
      [
        'is none that the key may act for',
        problem(403, { type: 'invalid_request_error', code: 'account_invalid' }),
      ],
    ])('refunds a payment of the key’s own account where the other %s', async (_what, refusal) => {
      answers = [refusal];
      expect(await refundThere()).toEqual({ kind: 'succeeded', providerRefundId: 're_1' });
      expect(accountsAsked()).toEqual(['acct_shop', null]);
    });

    it('says that there is no such payment when neither has it', async () => {
      answers = [MISSING, MISSING];
      expect(await refundThere()).toEqual({ kind: 'refused', reason: 'resource_missing' });
    });
  });

  it.each(['pending', 'requires_action', 'a status of tomorrow'])(
    'does not take a refund that is %s for done',
    async (status) => {
      given({ id: 're_1', object: 'refund', status });
      expect(await refund('pi_1')).toEqual({ kind: 'pending', providerRefundId: 're_1' });
    },
  );

  it('asks for a refund that it knows by its id, and makes no second one', async () => {
    expect(await refund('pi_1', undefined, { providerRefundId: 're_1' })).toMatchObject({
      kind: 'succeeded',
    });
    expect(asked).toMatchObject([{ path: '/v1/refunds/re_1', body: '' }]);
  });

  it('finds its own refund again when the key was forgotten meanwhile', async () => {
    answers = [
      problem(400, { type: 'invalid_request_error', code: 'charge_already_refunded' }),
      listOf(
        { id: 're_2', amount: 100, metadata: {} },
        { id: 're_7', metadata: { refund_id: ID } },
      ),
    ];
    expect(await refund('ch_1')).toEqual({ kind: 'succeeded', providerRefundId: 're_7' });
    expect(asked[1]?.path).toBe('/v1/refunds?charge=ch_1&limit=100');
  });

  it('looks for a refund of yesterday before it asks for it, as its key may be forgotten', async () => {
    answers = [listOf({ id: 're_7', amount: 300, metadata: { refund_id: ID } })];
    expect(await refund('pi_1', { amount: 300, currency: 'EUR' }, { ageSeconds: 86_400 })).toEqual({
      kind: 'succeeded',
      providerRefundId: 're_7',
    });
    expect(asked.map(({ path }) => path)).toEqual(['/v1/refunds?payment_intent=pi_1&limit=100']);
  });

  it('is superseded by what was given back without us', async () => {
    answers = [
      problem(400, { type: 'invalid_request_error', code: 'charge_already_refunded' }),
      listOf({ id: 're_2', amount: 4500 }),
    ];
    expect(await refund('pi_1')).toMatchObject({
      kind: 'superseded',
      made: [{ providerRefundId: 're_2', references: ['pi_1'], amount: 4500, currency: 'EUR' }],
    });
  });

  it('tells what was given back without us, where less is left than is asked for', async () => {
    answers = [
      problem(400, { type: 'invalid_request_error', param: 'amount' }),
      listOf({ id: 're_2', amount: 1000 }),
    ];
    expect(await refund('pi_1')).toMatchObject({
      kind: 'refused',
      reason: 'amount_too_large',
      made: [{ providerRefundId: 're_2', amount: 1000 }],
    });
  });

  it('waits while the payment is disputed', async () => {
    answer = problem(400, { type: 'invalid_request_error', code: 'charge_disputed' });
    expect(await refund('pi_1')).toEqual({ kind: 'refused', reason: 'payment_disputed' });
  });

  it('tells the operator why Stripe refuses a refund', async () => {
    answer = problem(404, { type: 'invalid_request_error', code: 'resource_missing' });
    expect(await refund('pi_1')).toEqual({ kind: 'refused', reason: 'resource_missing' });
  });

  it.each([
    [{ status: 'failed', failure_reason: 'lost_or_stolen_card' }, 'lost_or_stolen_card'],
    [{ status: 'canceled' }, 'canceled'],
  ])('tells that a refund has failed for good: %j', async (state, reason) => {
    given({ id: 're_1', object: 'refund', ...state });
    expect(await refund('pi_1')).toEqual({ kind: 'failed', providerRefundId: 're_1', reason });
  });

  it('throws when Stripe does not know yet, so that the refund is tried again', async () => {
    answer = problem(500, { type: 'api_error', message: 'Later' });
    await expect(refund('pi_1')).rejects.toThrow('Later');
    expect(asked).toHaveLength(1);
  });

  it.each([
    [4500, 'ISK', 450_000],
    [450_000, 'MGA', 4500],
    [5120, 'KWD', 5120],
  ])('refunds %d minor units of %s as %d, as Stripe counts', async (amount, currency, counted) => {
    expect(await refund('pi_1', { amount, currency })).toMatchObject({ kind: 'succeeded' });
    expect(asked[0]?.body).toMatch(new RegExp(`^payment_intent=pi_1&amount=${counted}&`));
  });

  it('does not ask Stripe for an amount that it cannot have taken', async () => {
    expect(await refund('pi_1', { amount: 5124, currency: 'KWD' })).toMatchObject({
      kind: 'refused',
    });
    expect(asked).toEqual([]);
  });
});
