import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { sql } from '../../src/db/database';
import { ApiClient, eventually, refusal, type Page, type Reservation } from '../support/api';
import { setHoldTtl } from '../support/hold-ttl';
import {
  copyTestDatabase,
  dropTestDatabase,
  startSystem,
  type TestSystem,
} from '../support/system';

const VERIFY = join(__dirname, '../../dist/src/cli/verify.js');
const WORKERS = ['reservations,documents,mail,webhooks', 'relay'];
const REHEARSAL_MS = 900_000;

let system: TestSystem | undefined;
/** Databases that a rehearsal leaves behind. */
const behind = new Set<string>();

afterEach(async () => {
  await system?.stop();
  system = undefined;
  for (const url of behind) await dropTestDatabase(url);
  behind.clear();
}, 120_000);

interface Found {
  code: number;
  out: string;
  repaired: string[];
  notes: string[];
  waiting: number;
  wrong: string[];
}

/** Runs `npm run verify` on the system that runs, as an operator does. */
function verify(...args: string[]): Promise<Found> {
  const { databaseUrl, temporalAddress, temporalNamespace } = system!.info;
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: temporalNamespace,
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [VERIFY, '--json', ...args], { env }, (error, out, err) => {
      if (out === '') {
        reject(new Error(err));
        return;
      }
      const { repaired, notes, waiting, checks } = JSON.parse(out) as Omit<Found, 'wrong'> & {
        checks: { name: string; violations: number }[];
      };
      const wrong = checks.filter(({ violations }) => violations > 0).map(({ name }) => name);
      resolve({ code: Number(error?.code ?? 0), out, repaired, notes, waiting, wrong });
    });
  });
}

const run = (text: string, values: unknown[] = []) => system!.db.run(sql('', text), values);
const rows = <Row extends object>(text: string, values: unknown[] = []) =>
  system!.db.rows(sql<Row>('', text), values);
const isOpen = async (id: string): Promise<boolean> => {
  const { status } = await system!.temporal.workflow.getHandle(id).describe();
  return status.name === 'RUNNING';
};

/** Waits until the tickets were mailed. @returns the Message-ID of that mail */
const untilMailed = (id: string): Promise<string> =>
  eventually(async () => {
    const [mail] = await rows<{ id: string }>(
      `select message_id as id from mails where reservation_id = $1 and kind = 'tickets' and sent_at is not null`,
      [id],
    );
    if (!mail) throw new Error(`The tickets of ${id} are not mailed`);
    return mail.id;
  });

describe('PostgreSQL restored to an earlier moment, with Temporal ahead', () => {
  it(
    'sells nothing twice, keeps the payments of the gap for their holds, and mails new tickets as new mails',
    async () => {
      system = await startSystem();
      const namespace = system.info.temporalNamespace;
      let api = new ApiClient(system.info);
      const event = await api.event();
      const sold = await api.sold(event, ['A-1']);
      await untilMailed(sold.id);
      const heldBefore = await api.held(event, ['A-2']);
      await eventually(() => isOpen(heldBefore.id));
      const original = system.info.databaseUrl;
      await system.leave();
      behind.add(original);
      const backup = await copyTestDatabase(original);

      // The gap: what the backup does not know.
      system = await startSystem({ databaseUrl: original, namespace });
      api = new ApiClient(system.info);
      const [again, never, open] = [
        await api.held(event, ['A-3']),
        await api.held(event, ['A-4']),
        await api.held(event, ['A-5']),
      ];
      const paid = [heldBefore, again, never];
      const pay = ({ id, total }: Reservation) => api.pay({ id, total }, `gap-${id}`);
      for (const one of paid) await pay(one);
      const mails = new Map<string, string>();
      for (const { id } of paid) mails.set(id, await untilMailed(id));
      await eventually(() => isOpen(open.id));
      await system.leave();

      // The runbook's second step: no new sale, and no refund of what is unknown.
      const workerEnv = { UNKNOWN_PAYMENTS: 'kept' };
      const restored = { databaseUrl: backup, namespace, workerEnv };
      system = await startSystem({ ...restored, apiEnv: { SALES: 'closed' } });
      api = new ApiClient(system.info);
      expect(refusal(await api.hold(event, ['B-1']))).toEqual([403, 'sale_not_open']);
      for (const one of paid) expect((await pay(one)).status).toBe(200);
      await api.until(heldBefore.id, 'confirmed');
      await run(
        `update payments set received_at = now() - interval '12 minutes' where role = 'kept'`,
      );
      await eventually(async () => {
        const found = await verify('--patience', '0');
        expect(found.wrong).toEqual([]);
        expect(found.waiting).toBe(2);
        for (const { id } of [again, never])
          expect(found.notes.join('\n')).toContain(`for reservation ${id}`);
      });
      expect(await api.payments(never.id)).toMatchObject([{ status: 'captured' }]);
      await run(`update payments set received_at = now() where role = 'kept'`);
      await system.leave();

      // The third: the shop sends its holds again.
      system = await startSystem({ ...restored, workerEnv: {} });
      api = new ApiClient(system.info);
      await api.held(event, ['A-3'], { id: again.id });
      await api.until(again.id, 'confirmed');
      for (const { id } of [heldBefore, again])
        expect(await untilMailed(id)).not.toBe(mails.get(id));
      const { repaired } = await verify('--repair', '--patience', '0');
      expect(repaired.join('\n')).toContain('1 × running workflow whose reservation is gone');
      await eventually(async () => expect(await isOpen(open.id)).toBe(false));
      // What has no hold goes back, ten minutes after it came.
      await run(
        `update payments set received_at = now() - interval '12 minutes' where role = 'kept'`,
      );
      await eventually(async () => {
        expect(await api.payments(never.id)).toMatchObject([
          { status: 'refunded', refundReason: 'unknown_reservation' },
        ]);
      });
      expect(await rows(`select reference from payments where role = 'kept'`)).toEqual([]);
      expect(await api.seatStatus(event, 'A-4')).toBe('available');
      await eventually(async () => {
        expect(await verify()).toMatchObject({ code: 0, wrong: [] });
      });
    },
    REHEARSAL_MS,
  );
});

/** Stripe's books of refunds, which no restore of ours takes back. A payment goes back once. */
async function startStripeBooks() {
  interface Booked {
    id: string;
    object: 'refund';
    status: 'succeeded';
    amount: number;
    currency: 'eur';
    payment_intent: string;
    metadata: { refund_id: string };
  }
  const books = new Map<string, Booked>();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      const answer = (status: number, value: object) =>
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify(value));
      const { pathname, searchParams } = new URL(request.url!, 'http://stripe');
      if (request.method === 'GET') {
        const [, id] = /^\/v1\/refunds\/(.+)$/.exec(pathname) ?? [];
        const all = [...books.values()];
        if (id !== undefined)
          return answer(
            200,
            all.find((refund) => refund.id === id)!,
          );
        const data = all.filter((one) => one.payment_intent === searchParams.get('payment_intent'));
        return answer(200, { object: 'list', data, has_more: false });
      }
      const form = new URLSearchParams(body);
      const intent = form.get('payment_intent')!;
      const made = books.get(intent);
      const ours = form.get('metadata[refund_id]')!;
      if (made && made.metadata.refund_id !== ours)
        return answer(400, {
          error: { type: 'invalid_request_error', code: 'charge_already_refunded' },
        });
      const refund: Booked = made ?? {
        id: `re_${randomUUID().replaceAll('-', '')}`,
        object: 'refund',
        status: 'succeeded',
        amount: Number(form.get('amount')),
        currency: 'eur',
        payment_intent: intent,
        metadata: { refund_id: ours },
      };
      books.set(intent, refund);
      return answer(200, refund);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    env: {
      STRIPE_API_KEY: 'sk_test_holdfast',
      STRIPE_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    },
    /** What went back of each payment. */
    refunded: () => [...books.values()].map(({ payment_intent: of, amount }) => [of, amount]),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('What the gap of a restore had finished', () => {
  it(
    'is finished again: money goes back once, late payments count, old codes and places in the feed are refused',
    async () => {
      const stripe = await startStripeBooks();
      try {
        system = await startSystem({ childEnv: stripe.env });
        const namespace = system.info.temporalNamespace;
        let api = new ApiClient(system.info);
        const intents = new Map<string, string>();
        /** Stripe's event of a payment; the same again when it is sent again. */
        const pay = ({ id, total }: Reservation) => {
          if (!intents.has(id)) intents.set(id, `pi_${randomUUID().replaceAll('-', '')}`);
          return api.stripe(
            'payment_intent.succeeded',
            {
              id: intents.get(id),
              amount_received: total.amount,
              currency: 'eur',
              metadata: { reservation_id: id },
            },
            { id: `evt_${id}` },
          );
        };
        const intentOf = ({ id }: Reservation) => intents.get(id)!;
        const cancel = ({ id }: Reservation) =>
          api.cancel(id, { body: { refund: 'full' }, ...key() });
        const key = () => ({ key: system!.info.keys.operator });
        const feed = (after: string | null) =>
          api.call<Page<unknown> & { next: string }>(
            'GET',
            `/v1/feed${after === null ? '' : `?after=${after}`}`,
            key(),
          );
        const scan = (code: string, event: string) =>
          api.call('POST', '/v1/check-ins', {
            key: system!.info.keys.scanner,
            body: { code, event },
          });

        const event = await api.event();
        const returned = await api.held(event, ['A-1']);
        await pay(returned);
        await api.until(returned.id, 'confirmed');
        await untilMailed(returned.id);
        await setHoldTtl(system.db, event, 2);
        const [late, lost] = [await api.held(event, ['A-2']), await api.held(event, ['A-3'])];
        for (const { id } of [late, lost]) {
          await api.until(id, 'expired');
          await eventually(async () => expect(await isOpen(id)).toBe(false));
        }
        await setHoldTtl(system.db, event, 600);
        const original = system.info.databaseUrl;
        await system.leave();
        behind.add(original);
        const backup = await copyTestDatabase(original);

        // The gap: a refund; two late payments, of which one takes its seats again; a sale, and a reader of the feed.
        system = await startSystem({ databaseUrl: original, namespace, childEnv: stripe.env });
        api = new ApiClient(system.info);
        await cancel(returned);
        await pay(late);
        await api.until(late.id, 'confirmed');
        const taker = await api.held(event, ['A-3', 'A-4']);
        await pay(taker);
        await api.until(taker.id, 'confirmed');
        await pay(lost);
        const before = [
          [intentOf(returned), returned.total.amount],
          [intentOf(lost), lost.total.amount],
        ].sort();
        await eventually(() => expect(stripe.refunded().sort()).toEqual(before));
        const codes = [];
        for (const { id } of [late, taker]) {
          await untilMailed(id);
          codes.push((await api.tickets(id))[0]!.code);
        }
        let page = await feed(null);
        while (page.body.data.length > 0) page = await feed(page.body.next);
        const place = page.body.next;
        await system.leave();

        // Restored, with the shop's holds, and Stripe's events, sent again: holds first.
        system = await startSystem({
          databaseUrl: backup,
          namespace,
          childEnv: stripe.env,
          workerEnv: { UNKNOWN_PAYMENTS: 'kept' },
        });
        api = new ApiClient(system.info);
        expect(refusal(await feed(place))).toEqual([410, 'feed_reset']);
        for (const code of codes)
          expect(refusal(await scan(code, event))).toEqual([404, 'not_found']);
        await api.held(event, ['A-3', 'A-4'], { id: taker.id });
        for (const one of [returned, late, taker, lost]) expect((await pay(one)).status).toBe(200);
        for (const { id } of [late, taker]) await api.until(id, 'confirmed');
        // A refund of the gap that is ordered again: Stripe has made it, so ours is superseded by that.
        await cancel(returned);
        for (const one of [returned, lost])
          await eventually(async () => {
            const { refunds } = (await api.get(one.id)).body;
            expect(refunds.map(({ status, by }) => `${by} ${status}`).sort()).toEqual([
              'provider succeeded',
              'stripe failed',
            ]);
            expect(refunds.find(({ by }) => by === 'stripe')).toMatchObject({
              error: 'superseded',
            });
          });
        expect(stripe.refunded().sort()).toEqual(before);

        // What has new codes is let in by these.
        const [ticket] = await api.tickets(late.id);
        expect(codes).not.toContain(ticket!.code);
        expect((await scan(ticket!.code, event)).status).toBe(201);
        const anew = await feed(null);
        expect(anew.status).toBe(200);
        expect(anew.body.data.length).toBeGreaterThan(0);
        await verify('--repair', '--patience', '0');
        await eventually(async () => {
          expect(await verify()).toMatchObject({ code: 0, wrong: [] });
        });
        expect(stripe.refunded().sort()).toEqual(before);
      } finally {
        stripe.close();
      }
    },
    REHEARSAL_MS,
  );
});

describe('Temporal emptied, with PostgreSQL ahead', () => {
  it(
    'verify --repair says and orders what was lost, and all that was promised is done once',
    async () => {
      system = await startSystem({ workers: WORKERS });
      let api = new ApiClient(system.info);
      const event = await api.event();
      const held = await api.held(event, ['A-1']);
      const paid = await api.held(event, ['A-2']);
      const sold = await api.sold(event, ['A-3']);
      const returned = await api.sold(event, ['A-4']);
      for (const { id } of [sold, returned]) await untilMailed(id);
      for (const { id } of [held, paid]) await eventually(() => isOpen(id));
      // Temporal is told of all of it, and no worker does it.
      await system.stack.part('worker-1')!.stop();
      expect((await api.pay(paid)).status).toBe(200);
      expect((await api.cancel(returned.id, { once: true })).status).toBe(202);
      expect((await api.call('POST', `/v1/reservations/${sold.id}/resend`)).status).toBe(202);
      await eventually(async () => expect(await rows('select from outbox')).toEqual([]));
      const { databaseUrl } = system.info;
      await system.leave();

      // Another namespace knows nothing of it. No worker runs yet, so that nothing mends itself.
      system = await startSystem({ databaseUrl, workers: [] });
      const namespace = system.info.temporalNamespace;
      for (const statement of [
        `update reservations set created_at = created_at - interval '10 minutes', nudged_at = null`,
        `update inbox set received_at = received_at - interval '10 minutes' where handled_at is null`,
        `update mails set requested_at = requested_at - interval '10 minutes' where sent_at is null`,
      ])
        await run(statement);
      const { repaired, notes } = await verify('--repair', '--patience', '0');
      const said = repaired.join('\n');
      expect(said).toMatch(/^1 × open hold whose workflow was lost: started again$/m);
      expect(said).toMatch(/^3 × late work ordered again/m);
      expect(notes.join('\n')).not.toContain('housekeeping schedule');
      await system.leave();

      system = await startSystem({ databaseUrl, namespace });
      api = new ApiClient(system.info);
      await api.until(paid.id, 'confirmed');
      await untilMailed(paid.id);
      await api.until(returned.id, 'cancelled');
      await eventually(async () => {
        expect(await api.payments(returned.id)).toMatchObject([{ status: 'refunded' }]);
        expect(await isOpen(held.id)).toBe(true);
        const resent = await rows(
          `select from mails where reservation_id = $1 and sequence = 1 and sent_at is not null`,
          [sold.id],
        );
        expect(resent).toHaveLength(1);
      });
      await eventually(async () => {
        expect(await verify()).toMatchObject({ code: 0, wrong: [], waiting: 0 });
      });
      expect((await verify('--repair')).repaired).toEqual([]);
    },
    REHEARSAL_MS,
  );
});
