import { sql, type Database } from '../../product';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { countHeld } from '../fixtures';
import { expectStatuses, holdBare, holdRaw, makeBuyers, perSecond, scaled, type BuyerRequest } from '../holds';
import type { LoadResult } from '../load/driver';
import { paymentWebhook } from '../payments';
import { summarise } from '../../report/statistics';
import { takeTurns } from '../turns';

const PAYMENTS = 2_000;
const CONNECTIONS = 10;

const KEPT = sql(
  'bench_kept',
  `select count(*) as payments from payments p join reservations r on r.id = p.reservation_id
    where r.event_id = $1 and r.paid_in_time_at is not null`,
);

async function countKept(db: Database, { id }: BenchEvent): Promise<number> {
  const [row] = await db.rows<{ payments: number }>(KEPT, [id]);
  return row!.payments;
}

/** Holds that wait for their payment; their starts are forgotten by the next rest. */
async function prepare(bench: Bench): Promise<{ event: BenchEvent; buyers: BuyerRequest[] }> {
  const event = await bench.makeEvent(scaled(bench, PAYMENTS));
  const buyers = makeBuyers(event, event.labels);
  await bench.rest();
  await bench.limit(() => holdRaw(bench, buyers, CONNECTIONS));
  return { event, buyers };
}

async function measure(bench: Bench, round: number): Promise<Figures> {
  const figures: Figures = {};
  const secret = bench.stack.info().webhookSecrets.standard;
  const note = (name: string, { ms, wallMs }: LoadResult): void => {
    figures[`${name}PerSecond`] = perSecond(ms.length, wallMs);
    figures[`${name}P50Ms`] = summarise(ms).p50;
  };
  const pay = (name: string, baseUrl: string, path: string | null, prepared: Awaited<ReturnType<typeof prepare>>) => {
    return async (): Promise<void> => {
      const { event, buyers } = prepared;
      const requests = buyers.map(({ id }) => ({ ...paymentWebhook(secret, id), ...(path !== null && { path }) }));
      const result = await bench.load.run({ baseUrl, requests, connections: CONNECTIONS });
      expectStatuses(result, { 200: buyers.length });
      const kept = await countKept(bench.db, event);
      if (kept !== buyers.length) throw new Error(`${kept} of ${buyers.length} payments are kept`);
      note(name, result);
    };
  };
  const hold = async (): Promise<void> => {
    const event = await bench.makeEvent(scaled(bench, PAYMENTS));
    note('bareHold', await holdBare(bench, makeBuyers(event, event.labels), { connections: CONNECTIONS }));
    if ((await countHeld(bench.db, event)) !== event.labels.length) throw new Error('not every seat is held');
  };
  await takeTurns(bench, round, [
    { of: 'ours', measure: pay('ours', bench.apiUrl, null, await prepare(bench)) },
    { of: 'limit', measure: pay('bareKeep', bench.bareUrl, '/payment', await prepare(bench)) },
    { of: 'limit', measure: hold },
  ]);
  return figures;
}

/** A payment provider that reports a sale's payments all at once. */
export const webhook: Case = {
  id: 'webhook',
  title: '2,000 webhooks of payments in time, 10 at a time',
  rounds: 3,
  targets: [
    {
      title: 'webhooks per second, of limit (b)',
      of: ({ oursPerSecond, bareHoldPerSecond }) => oursPerSecond! / bareHoldPerSecond!,
      atLeast: 0.6,
    },
    {
      title: 'webhooks per second, of a bare handler that keeps the payment',
      of: ({ oursPerSecond, bareKeepPerSecond }) => oursPerSecond! / bareKeepPerSecond!,
    },
  ],
  measure,
};
