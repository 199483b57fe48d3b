import Router from '@koa/router';
import Koa, { type Context } from 'koa';
import { sql, type Database, takeSeats, type HoldRequest, recordPayment } from '../../../product';

/** A hold as both sides get it: the API's own body. */
interface BareHold {
  event: string;
  seats: string[];
  buyer: { name: string; email: string };
}

interface BarePayment {
  data: { reservation: string; reference: string; amount: number; currency: string };
}

const CLIENT = 'bench-bare';
const FINGERPRINT = Buffer.alloc(32);
const SEAT = sql('bench_seat', 'select label, status, hold_ends_at from seats where event_id = $1 and label = $2');

const holdOf = (id: string, { event, seats, buyer }: BareHold): HoldRequest => ({
  id,
  client: CLIENT,
  fingerprint: FINGERPRINT,
  event,
  labels: seats,
  buyer,
  defaultTtlSeconds: 3600,
  buyerCap: null,
  actor: `client:${CLIENT}`,
});

async function readJson(ctx: Context): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
}

/** Takes holds through the driver alone, as many at once as asked for. @returns how long it took, and how many got theirs */
async function takeAll(
  db: Database,
  holds: [string, BareHold][],
  atOnce: number,
): Promise<{ ms: number; held: number }> {
  let next = 0;
  let held = 0;
  const started = performance.now();
  const work = async (): Promise<void> => {
    while (next < holds.length) {
      const { kind } = await takeSeats(db, holdOf(...holds[next++]!));
      if (kind === 'held') held++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { ms: performance.now() - started, held };
}

/**
 * Koa and the shipped statements: no authentication, no validation, no log, no metrics, no problem documents, no wake-up
 * of the relay. What a hold through HTTP costs at the least.
 */
export function createBareApp(db: Database): Koa {
  const app = new Koa();
  const router = new Router();
  router.post('/hold', async (ctx) => {
    const result = await takeSeats(db, holdOf(ctx.get('idempotency-key'), (await readJson(ctx)) as BareHold));
    ctx.status = result.kind === 'held' ? 201 : 409;
    ctx.body = 'reservation' in result ? result.reservation : result;
  });
  router.post('/payment', async (ctx) => {
    const { reservation, ...rest } = ((await readJson(ctx)) as BarePayment).data;
    const notice = { ...rest, reservationId: reservation, source: 'standard', actor: 'standard' } as const;
    ctx.body = await recordPayment(db, notice, { strict: false, testProvider: true });
  });
  router.get('/seat/:event/:label', async (ctx) => {
    const [row] = await db.rows(SEAT, [ctx.params.event, ctx.params.label]);
    ctx.body = row;
  });
  router.post('/raw', async (ctx) => {
    const { holds, atOnce } = (await readJson(ctx)) as { holds: [string, BareHold][]; atOnce: number };
    ctx.body = await takeAll(db, holds, atOnce);
  });
  app.use(router.routes());
  return app;
}
