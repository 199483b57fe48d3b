import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { keptPrograms } from '../../dev/fetched-programs';
import { paymentSetupOf } from '../../src/payments/setup';
import { readStripeEvent } from '../../src/payments/stripe-events';
import { createStripeProvider } from '../../src/payments/stripe-provider';
import { eventually } from '../support/api';
import { freePort } from '../support/free-port';

const VERSION = '0.197.0';
const MODULE = `github.com/stripe/stripe-mock@v${VERSION}`;
const KEY = 'sk_test_holdfast';

/**
 * Stripe's own stand-in, built with Go once: it checks each request against Stripe's OpenAPI document.
 * @returns its file, or why there is none
 */
function findStripeMock(): string | { reason: string } {
  const kept = join(keptPrograms(process.env), `stripe-mock-${VERSION}`);
  if (existsSync(kept)) return kept;
  const aside = mkdtempSync(join(tmpdir(), 'holdfast-stripe-mock-'));
  try {
    const env = { ...process.env, GOBIN: aside, CGO_ENABLED: '0' };
    execFileSync('go', ['install', MODULE], { env, stdio: 'pipe', timeout: 240_000 });
    mkdirSync(dirname(kept), { recursive: true });
    copyFileSync(join(aside, 'stripe-mock'), `${kept}.${process.pid}`);
    renameSync(`${kept}.${process.pid}`, kept);
    return kept;
  } catch (error) {
    return { reason: `stripe-mock could not be built: ${(error as Error).message.split('\n')[0]}` };
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
const stripeMock = findStripeMock();

describe('Beside stripe-mock', () => {
  if (typeof stripeMock !== 'string') {
    it.skip(stripeMock.reason, () => undefined);
    return;
  }
  let mock: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    mock = spawn(stripeMock, ['-http-addr', `127.0.0.1:${port}`], { stdio: 'ignore' });
    await eventually(() => fetch(url), 60_000);
  });
  afterAll(() => mock.kill());

  const call = async (path: string, body?: string) => {
    const answer = await fetch(`${url}${path}`, {
      headers: {
        authorization: `Bearer ${KEY}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      ...(body !== undefined && { method: 'POST', body }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const refund = (reference: string, providerRefundId: string | null) =>
    createStripeProvider(KEY, { baseUrl: new URL(url) }).refund({
      id: '0d1f6c1e-3f0a-4f7e-9a55-7a0a4c3f2b11',
      paymentId: 1,
      reference,
      reservationId: 'r-1',
      amount: 4500,
      currency: 'EUR',
      by: 'stripe',
      status: 'pending',
      reason: 'cancelled',
      error: null,
      providerRefundId,
      providerKey: '0d1f6c1e-3f0a-4f7e-9a55-7a0a4c3f2b11',
      disputed: false,
      ageSeconds: 0,
    });

  it.each(['pi_1', 'ch_1', 'py_1'])(
    'a refund of %s is a request that Stripe takes',
    async (reference) => {
      expect(await refund(reference, null)).toMatchObject({ kind: 'succeeded' });
    },
  );

  it('a refund that was made is asked for by its id', async () => {
    expect(await refund('pi_1', 're_1')).toEqual({ kind: 'succeeded', providerRefundId: 're_1' });
  });

  it('a request that is none of Stripe’s is refused: the tests above can fail', async () => {
    expect((await call('/v1/refunds', 'payment_intent=pi_1&amount=much')).status).toBe(400);
    expect((await call('/v1/refunds', 'payment=pi_1')).status).toBe(400);
  });

  it.each([
    ['payment_intent.succeeded', '/v1/payment_intents/pi_1', { amount_received: 4500 }, 'paid'],
    ['payment_intent.processing', '/v1/payment_intents/pi_1', {}, 'pending'],
    ['payment_intent.payment_failed', '/v1/payment_intents/pi_1', {}, 'failed'],
    [
      'checkout.session.completed',
      '/v1/checkout/sessions/cs_1',
      { payment_status: 'paid', amount_total: 4500, currency: 'eur', payment_intent: 'pi_1' },
      'paid',
    ],
    [
      'checkout.session.completed',
      '/v1/checkout/sessions/cs_1',
      { payment_status: 'unpaid', payment_intent: 'pi_1' },
      'pending',
    ],
    [
      'checkout.session.completed',
      '/v1/checkout/sessions/cs_1',
      { payment_status: 'no_payment_required' },
      'free',
    ],
    ['refund.created', '/v1/refunds/re_1', { payment_intent: 'pi_1' }, 'refunds'],
    ['refund.failed', '/v1/refunds/re_1', { payment_intent: 'pi_1' }, 'refunds'],
    ['charge.refunded', '/v1/charges/ch_1', { payment_intent: 'pi_1' }, 'refunds'],
    ['charge.dispute.created', '/v1/disputes/dp_1', { payment_intent: 'pi_1' }, 'dispute'],
    ['charge.dispute.closed', '/v1/disputes/dp_1', { payment_intent: 'pi_1' }, 'dispute'],
    ['charge.succeeded', '/v1/charges/ch_1', {}, 'not_understood'],
  ])('Stripe’s own object of %s at %s with %j is understood', async (type, path, change, kind) => {
    const { status, body } = await call(path);
    expect(status).toBe(200);
    const notice = readStripeEvent(
      {
        id: 'evt_1',
        object: 'event',
        type,
        livemode: false,
        data: { object: { ...body, ...change, metadata: { reservation_id: 'r-1' } } },
      },
      paymentSetupOf({ NODE_ENV: 'test', STRIPE_API_KEY: KEY }),
    );
    expect(notice.kind).toBe(kind);
  });
});
