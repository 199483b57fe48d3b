import Router from '@koa/router';
import Koa, { type Context } from 'koa';
import { sql, type Database } from '../../../product';
import { takeSeats, recordPayment } from '../../product';
import { holdAll, holdOf, type HoldBody } from '../sql/hold-all';

interface PaymentBody {
  data: { reservation: string; reference: string; amount: number; currency: string };
}

const SEAT = sql(
  'bench_seat',
  'select label, status, hold_ends_at from seats where event_id = $1 and label = $2',
);

async function readJson(ctx: Context): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
}

/**
 * The baselines `koa` (POST /hold, POST /payment), `koa-select` (GET /seat/…) and the door to `sql` (POST /sql): Koa and
 * the shipped statements, without authentication, validation, logs, metrics, problem documents or a notified relay. The
 * statements are those of the product, so that the difference is what the API adds.
 */
export function createKoaBaseline(db: Database): Koa {
  const app = new Koa();
  const router = new Router();
  router.post('/hold', async (ctx) => {
    const result = await takeSeats(
      db,
      holdOf(ctx.get('idempotency-key'), (await readJson(ctx)) as HoldBody),
    );
    ctx.status = result.kind === 'held' ? 201 : 409;
    ctx.body = 'reservation' in result ? result.reservation : result;
  });
  router.post('/payment', async (ctx) => {
    const { reservation, ...rest } = ((await readJson(ctx)) as PaymentBody).data;
    const notice = {
      ...rest,
      reservationId: reservation,
      source: 'standard',
      actor: 'standard',
    } as const;
    ctx.body = await recordPayment(db, notice, { strict: false, testProvider: true });
  });
  router.get('/seat/:event/:label', async (ctx) => {
    const [row] = await db.rows(SEAT, [ctx.params.event, ctx.params.label]);
    ctx.body = row;
  });
  router.post('/sql', async (ctx) => {
    const { holds, atOnce } = (await readJson(ctx)) as {
      holds: [string, HoldBody][];
      atOnce: number;
    };
    ctx.body = await holdAll(db, holds, atOnce);
  });
  app.use(router.routes());
  return app;
}
