import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../product';
import { paymentWebhook } from '../../bench/payments';
import type { Measured } from '../costs';
import { count, each, freeze, send, until, untilStarted, type Run } from './run';
import { readShardWrites } from './temporal-metrics';

const COUNT_CONFIRMED = sql(
  'count_confirmed',
  `select count(*) as n from reservations where status = 'confirmed'`,
);
const COUNT_MAILED = sql(
  'count_mailed',
  `select count(*) as n from mails where sent_at is not null`,
);

/** The adoption: the relay continues, and every hold gets its actor. */
export async function measureAdoption(run: Run, holds: number): Promise<Measured> {
  run.progress(`${holds} holds are adopted`);
  const before = await readShardWrites(run.system.temporalMetricsUrl);
  const { spent } = await run.meter.during(() => untilStarted(run));
  const after = await readShardWrites(run.system.temporalMetricsUrl);
  const adopt = each(spent, holds);
  return {
    'postgres.adopt': adopt.postgres,
    'relay.start': adopt.relay,
    'temporal.adopt': adopt.temporal,
    'temporal.database.adopt': adopt['temporal-database'],
    'temporal.adopt.writes': (after.writes - before.writes) / holds,
    'worker.adopt': adopt.reservations,
  };
}

/** Payments are recorded, then settled, then delivered; the workers of later steps are stopped meanwhile. */
export async function measureSales(run: Run, ids: readonly string[]): Promise<Measured> {
  const { system, meter, progress } = run;
  const writes = () => readShardWrites(system.temporalMetricsUrl);
  const before = await writes();
  const thawRelay = freeze(run, 'relay');
  const thawDocuments = freeze(run, 'documents');
  const thawMail = freeze(run, 'mail');
  const secret = system.stack.info().webhookSecrets.standard;
  const webhooks = ids.map((id) => paymentWebhook(secret, id));
  const paying = await meter
    .during(() => send(run, webhooks, { 200: ids.length }))
    .finally(thawRelay);
  progress(`${ids.length} payments are settled`);
  const settling = await meter.during(async () => {
    await until(async () => (await count(run, COUNT_CONFIRMED)) === ids.length);
    await sleep(1_000);
  });
  const settled = await writes();
  meter.readMemory();
  progress(`${ids.length} tickets are printed and mailed`);
  const delivering = await meter.during(async () => {
    thawDocuments();
    thawMail();
    await until(async () => (await count(run, COUNT_MAILED)) === ids.length);
    await sleep(1_000);
  });
  const delivered = await writes();
  const [pay, settle, deliver] = [paying, settling, delivering].map(({ spent }) =>
    each(spent, ids.length),
  );
  return {
    'api.payment': pay!.api,
    'postgres.payment': pay!.postgres,
    'postgres.settle': settle!.postgres,
    'postgres.deliver': deliver!.postgres,
    'relay.ring': settle!.relay,
    'temporal.settle': settle!.temporal,
    'temporal.database.settle': settle!['temporal-database'],
    'temporal.deliver': deliver!.temporal,
    'temporal.database.deliver': deliver!['temporal-database'],
    'temporal.settle.writes': (settled.writes - before.writes) / ids.length,
    'temporal.deliver.writes': (delivered.writes - settled.writes) / ids.length,
    'temporal.write.ms': (delivered.ms - before.ms) / (delivered.writes - before.writes),
    'worker.settle': settle!.reservations,
    'worker.deliver': deliver!.reservations,
    'documents.print': deliver!.documents,
    'mail.send': deliver!.mail,
  };
}
