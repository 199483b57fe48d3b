import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createStripeProvider } from '../../src/payments/stripe-provider';

interface Asked {
  path: string | undefined;
  body: string;
  key: IncomingHttpHeaders[string];
}

/** Stripe's side of the refunds: notes what it is asked, and answers as it is told. */
let asked: Asked[];
let answer: { status: number; body: unknown };
let server: Server;

beforeEach(async () => {
  asked = [];
  answer = { status: 200, body: { id: 're_1', object: 'refund', status: 'succeeded' } };
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      asked.push({ path: request.url, body, key: request.headers['idempotency-key'] });
      response
        .writeHead(answer.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const refund = (reference: string, money = { amount: 4500, currency: 'EUR' }) => {
  const { port } = server.address() as AddressInfo;
  const provider = createStripeProvider('sk_test_holdfast', new URL(`http://127.0.0.1:${port}`));
  return provider.refund({ paymentId: 1, reference, ...money });
};
const problem = (status: number, error: Record<string, string>) => ({ status, body: { error } });

describe('The Stripe provider', () => {
  it('refunds the amount of each payment under a key of its own, the same at every try', async () => {
    for (const reference of ['pi_1', 'pi_2', 'pi_1'])
      expect(await refund(reference)).toEqual({ kind: 'refunded' });
    const [path, one, two] = [
      '/v1/refunds',
      'payment_intent=pi_1&amount=4500',
      'payment_intent=pi_2&amount=4500',
    ];
    expect(asked).toEqual([
      { path, body: one, key: 'refund:pi_1:4500' },
      { path, body: two, key: 'refund:pi_2:4500' },
      { path, body: one, key: 'refund:pi_1:4500' },
    ]);
  });

  it('takes a charge that was refunded before for refunded', async () => {
    answer = problem(400, {
      type: 'invalid_request_error',
      code: 'charge_already_refunded',
      message: 'Again?',
    });
    expect(await refund('ch_1')).toEqual({ kind: 'refunded' });
    expect(asked).toEqual([
      { path: '/v1/refunds', body: 'charge=ch_1&amount=4500', key: 'refund:ch_1:4500' },
    ]);
  });

  it.each([
    [
      'that Stripe refuses',
      problem(404, { type: 'invalid_request_error', code: 'resource_missing', message: 'No' }),
    ],
    [
      'that failed',
      {
        status: 200,
        body: { object: 'refund', status: 'failed', failure_reason: 'resource_missing' },
      },
    ],
  ])('tells the operator the reason of a refund %s', async (_what, refusal) => {
    answer = refusal;
    expect(await refund('pi_1')).toEqual({ kind: 'refused', reason: 'resource_missing' });
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
    expect(await refund('pi_1', { amount, currency })).toEqual({ kind: 'refunded' });
    expect(asked.map(({ body }) => body)).toEqual([`payment_intent=pi_1&amount=${counted}`]);
  });

  it('does not ask Stripe for an amount that it cannot have taken', async () => {
    expect(await refund('pi_1', { amount: 5124, currency: 'KWD' })).toMatchObject({
      kind: 'refused',
    });
    expect(asked).toEqual([]);
  });
});
