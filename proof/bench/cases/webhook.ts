import { sql, type Database } from '../../product';
import { startExtraApi } from '../extra-api';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { countHeld } from '../fixtures';
import {
  expectStatuses,
  holdKoa,
  holdSql,
  makeBuyers,
  perSecond,
  scaled,
  type BuyerRequest,
} from '../holds';
import type { LoadResult } from '../load/driver';
import { paymentWebhook } from '../payments';
import { summarise } from '../../report/statistics';
import { takeTurns } from '../turns';

const PAYMENTS = 2_000;

const RECORDED = sql(
  'bench_recorded',
  `select count(*) as payments from payments p join reservations r on r.id = p.reservation_id
    where r.event_id = $1 and r.paid_in_time_at is not null`,
);

async function countRecorded(db: Database, { id }: BenchEvent): Promise<number> {
  const [row] = await db.rows<{ payments: number }>(RECORDED, [id]);
  return row!.payments;
}

/** Makes holds that wait for their payment; `quiesce` drops their starts. */
async function prepare(
  bench: Bench,
  connections: number,
): Promise<{ event: BenchEvent; buyers: BuyerRequest[] }> {
  const event = await bench.makeEvent(scaled(bench, PAYMENTS));
  const buyers = makeBuyers(event, event.labels);
  await bench.quiesce();
  await bench.withoutRelay(() => holdSql(bench, buyers, connections));
  return { event, buyers };
}

async function measure(bench: Bench, round: number, connections: number): Promise<Figures> {
  const figures: Figures = {};
  const secret = bench.stack.info().webhookSecrets.standard;
  const note = (name: string, { ms, wallMs }: LoadResult): void => {
    figures[`${name}PerSecond`] = perSecond(ms.length, wallMs);
    figures[`${name}P50Ms`] = summarise(ms).p50;
  };
  const pay = (
    name: string,
    baseUrl: string,
    path: string | null,
    prepared: Awaited<ReturnType<typeof prepare>>,
  ) => {
    return async (): Promise<void> => {
      const { event, buyers } = prepared;
      const requests = buyers.map(({ id }) => ({
        ...paymentWebhook(secret, id),
        ...(path !== null && { path }),
      }));
      const result = await bench.load.run({ baseUrl, requests, connections });
      expectStatuses(result, { 200: buyers.length });
      const recorded = await countRecorded(bench.db, event);
      if (recorded !== buyers.length)
        throw new Error(`${recorded} of ${buyers.length} payments are recorded`);
      note(name, result);
    };
  };
  const hold = async (): Promise<void> => {
    const event = await bench.makeEvent(scaled(bench, PAYMENTS));
    note('koaHold', await holdKoa(bench, makeBuyers(event, event.labels), { connections }));
    if ((await countHeld(bench.db, event)) !== event.labels.length)
      throw new Error('not every seat is held');
  };
  const single = await startExtraApi(bench, 'single', {
    env: { PAYMENT_BATCH: '1', STANDARD_WEBHOOK_SECRET: secret },
  });
  try {
    const prepared = () => prepare(bench, connections);
    await takeTurns(bench, round, [
      { of: 'ours', measure: pay('ours', bench.apiUrl, null, await prepared()) },
      { of: 'baseline', measure: pay('single', single.url, null, await prepared()) },
      {
        of: 'baseline',
        measure: pay('koaPayment', bench.baselineUrl, '/payment', await prepared()),
      },
      { of: 'baseline', measure: hold },
    ]);
  } finally {
    await single.stop();
  }
  return figures;
}

/** A payment provider reports the payments of a sale all at once. */
export const webhooks: readonly Case[] = [10, 40].map((connections) => ({
  id: connections === 10 ? 'webhook' : `webhook-${connections}`,
  title: `2,000 webhooks of payments in time, ${connections} at a time`,
  rounds: 3,
  targets: [
    {
      title: 'webhooks per second, relative to holds per second of koa',
      of: ({ oursPerSecond, koaHoldPerSecond }) => oursPerSecond! / koaHoldPerSecond!,
      atLeast: 0.6,
    },
    {
      title: 'webhooks per second, relative to koa that records the payment',
      of: ({ oursPerSecond, koaPaymentPerSecond }) => oursPerSecond! / koaPaymentPerSecond!,
      ...(connections === 40 && { atLeast: 1 }),
    },
    {
      title: 'webhooks per second, relative to each by itself',
      of: ({ oursPerSecond, singlePerSecond }) => oursPerSecond! / singlePerSecond!,
    },
  ],
  measure: (bench, round) => measure(bench, round, connections),
}));
