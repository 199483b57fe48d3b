import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { settlementWorkflowId } from '../../src/contracts/reservation';
import { sql } from '../../src/db/database';
import { ApiClient, eventually } from '../support/api';
import { setHoldTtl } from '../support/hold-ttl';
import { startSmtpDouble, type SmtpDouble } from '../support/smtp-double';
import { startSystem, type TestSystem } from '../support/system';
import { workflowIds } from '../support/temporal-history';

const UI = 'http://127.0.0.1:8233';
let system: TestSystem;
let api: ApiClient;
let mailServer: SmtpDouble;
const replies = { RCPT: '250 2.1.5 fine' };
/** Stripe, which refuses each refund. */
let stripe: Server;

beforeAll(async () => {
  mailServer = await startSmtpDouble(replies);
  stripe = createServer((request, response) => {
    request.resume();
    const error = { type: 'invalid_request_error', code: 'insufficient_funds' };
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { ...error, message: 'Insufficient funds' } }));
  });
  await new Promise<void>((resolve) => stripe.listen(0, '127.0.0.1', resolve));
  system = await startSystem({
    childEnv: {
      SMTP_URL: mailServer.url,
      STRIPE_API_KEY: 'sk_test_holdfast',
      STRIPE_API_URL: `http://127.0.0.1:${(stripe.address() as AddressInfo).port}`,
    },
    apiEnv: { TEMPORAL_UI_URL: UI },
    workers: ['reservations,mail,relay', 'documents'],
  });
  api = new ApiClient(system.info);
});
afterAll(async () => {
  await system.stop();
  await mailServer.close();
  stripe.closeAllConnections();
  stripe.close();
});

const page = (query = '') =>
  fetch(`${system.info.apiUrl}/temporal${query}`, { redirect: 'manual' });
/** The queries of the page, by what they ask. */
async function queries(): Promise<Record<string, string>> {
  const html = await (await page()).text();
  return Object.fromEntries(
    [...html.matchAll(/<a href="([^"]+)">([^<]+)<\/a>/g)].map(([, href, name]) => [
      name!,
      new URL(href!.replaceAll('&amp;', '&')).searchParams.get('query')!,
    ]),
  );
}
const found = (query: string) => workflowIds(system.temporal, query);

describe('The page of ready queries', () => {
  it('has queries that Temporal understands, and one that was terminated is not held', async () => {
    const [held, terminated] = await Promise.all([
      api.held(await api.event(), ['A-1']),
      api.held(await api.event(), ['A-1']),
    ]);
    const asked = await queries();
    expect(Object.keys(asked).length).toBeGreaterThanOrEqual(5);
    for (const query of Object.values(asked)) await found(query);
    await eventually(async () =>
      expect((await found(asked.Held!)).sort()).toEqual([held.id, terminated.id].sort()),
    );
    await system.temporal.workflow.getHandle(terminated.id).terminate('by mistake');
    await eventually(async () => {
      const ids = await found(asked.Held!);
      expect(ids).toContain(held.id);
      expect(ids).not.toContain(terminated.id);
      expect(await found(asked['Failed today']!)).toEqual([terminated.id]);
    });
    // Its next news has a settlement carry it on: it is held as before.
    await api.standard({
      reservation: terminated.id,
      reference: `little-${terminated.id}`,
      amount: 1,
      currency: 'EUR',
    });
    await eventually(async () => {
      const ids = [held.id, settlementWorkflowId(terminated.id)];
      expect((await found(asked.Held!)).sort()).toEqual(ids.sort());
    });
  });

  it('finds what is not mailed or printed: a sale, its tickets once more, their print', async () => {
    const asked = await queries();
    const stuck = () => found(asked['Tickets or mail stuck']!);
    const sold = await api.sold(await api.event(), ['A-1']);
    await system.temporal.workflow.getHandle(sold.id).result();
    await eventually(async () => expect(await stuck()).toEqual([]));
    replies.RCPT = '451 4.7.1 not now';
    const unsent = await api.sold(await api.event(), ['A-1']);
    await api.call('POST', `/v1/reservations/${sold.id}/resend`);
    await eventually(async () =>
      expect((await stuck()).map((id) => id.split(':')[0]).sort()).toEqual(
        [unsent.id, 'resend'].sort(),
      ),
    );
    replies.RCPT = '250 2.1.5 fine';
    await eventually(async () => expect(await stuck()).toEqual([]));

    const printer = system.stack.part('worker-2')!;
    await printer.stop();
    await system.db.run(
      sql('test_unprint', 'update ticket_documents set pdf = null where reservation_id = $1'),
      [sold.id],
    );
    await api.call('GET', `/v1/reservations/${sold.id}/tickets.pdf`);
    await eventually(async () => expect(await stuck()).toEqual([expect.stringMatching(/^print:/)]));
    await printer.start();
    await eventually(async () => expect(await stuck()).toEqual([]));
  });

  it('finds a refund that the provider refused, and what came after the end', async () => {
    const asked = await queries();
    const expired = await api.held(await api.event({ holdTtlSeconds: 1 }), ['A-1']);
    // Until its workflow has ended too, what comes is its own to handle.
    await eventually(() => system.temporal.workflow.getHandle(expired.id).result());
    await api.until(expired.id, 'expired');
    expect(await found(asked['After the end']!)).not.toContain(settlementWorkflowId(expired.id));
    // Its seat is sold to another meanwhile: the late payment goes back, where the provider lets it.
    await setHoldTtl(system.db, expired.event, 600);
    await api.sold(expired.event, ['A-1']);
    await api.stripe('payment_intent.succeeded', {
      id: `pi_${expired.id.replaceAll('-', '')}`,
      amount_received: expired.total.amount,
      currency: 'eur',
      metadata: { reservation_id: expired.id },
    });
    await eventually(async () =>
      expect(await found(asked['After the end']!)).toContain(settlementWorkflowId(expired.id)),
    );
    await eventually(async () => {
      const [refund] = (await api.get(expired.id)).body.refunds;
      expect(refund).toMatchObject({ status: 'pending', error: expect.any(String) as unknown });
      expect(await found(asked['Refund open']!)).toEqual([`refund:${refund!.id}`]);
    });
  });

  it('leads to the whole story of a reservation, and of an event', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    for (const query of [`?reservation=${sold.id}`, `?event=${sold.event}`]) {
      const answer = await page(query);
      expect(answer.status).toBe(303);
      const to = new URL(answer.headers.get('location')!);
      expect(to.origin).toBe(UI);
      expect(to.pathname).toBe(`/namespaces/${system.info.temporalNamespace}/workflows`);
      await eventually(async () =>
        expect(await found(to.searchParams.get('query')!)).toContain(sold.id),
      );
    }
  });

  it('finds an event by each slug that there may be', async () => {
    expect((await page('?event=hamlet_2030')).status).toBe(303);
  });

  it('takes nothing else for a reservation', async () => {
    for (const query of [
      "?reservation=x'OR'1",
      '?event=a b',
      '?reservation=aaaaaaaa&reservation=b',
    ])
      expect((await page(query)).status).toBe(422);
  });
});
