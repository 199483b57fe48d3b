import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../product';
import { threadsOf } from '../real/cpu';
import { inTurn } from '../real/load';
import { AT_ONCE, each, freeze, numberOf, until, untilStarted, type Measured, type Run } from './context';
import type { Spent } from './meter';
import { readShardWrites } from './temporal-metrics';

const COUNT_CONFIRMED = sql('count_confirmed', `select count(*) as n from reservations where status = 'confirmed'`);
const COUNT_MAILED = sql('count_mailed', `select count(*) as n from mails where sent_at is not null`);

type Phase = 'adopt' | 'settle' | 'deliver';

/** What Temporal spent on a part of the actors' life, under the name of the server that is measured. */
const serverCosts = ({ server }: Run, phase: Phase, spent: Spent): Measured =>
  server === 'temporal'
    ? { [`temporal.${phase}`]: spent.temporal }
    : { [`cluster.${phase}`]: spent.temporal, [`cluster.database.${phase}`]: spent['temporal-database'] };

/** The actors' first part: the relay runs again, and every hold is adopted. */
export async function measureAdoption(run: Run, holds: number): Promise<Measured> {
  run.progress(`${holds} holds are adopted`);
  const writesBefore = await readShardWrites(run.system.temporalMetricsUrl());
  const adopting = await run.meter.during(() => untilStarted(run));
  const writesAfter = await readShardWrites(run.system.temporalMetricsUrl());
  const adopt = each(adopting.spent, holds);
  return {
    'postgres.adopt': adopt.postgres,
    'relay.start': adopt.relay,
    ...serverCosts(run, 'adopt', adopt),
    'temporal.adopt.writes': (writesAfter.writes - writesBefore.writes) / holds,
    'worker.adopt': adopt.reservations,
  };
}

/** The actors' second part: payments are kept, then settled, then delivered, each while whoever comes after stands still. */
export async function measureSales(run: Run, ids: readonly string[]): Promise<Measured> {
  const { system, meter, progress } = run;
  const count = ids.length;
  const writes = () => readShardWrites(system.temporalMetricsUrl());
  const before = await writes();
  const thawRelay = freeze(run, 'relay');
  const thawDocuments = freeze(run, 'documents');
  const thawMail = freeze(run, 'mail');
  let paying;
  try {
    paying = await meter.during(() => inTurn(ids, AT_ONCE, (id) => system.shop.pay(id, 1)));
  } finally {
    thawRelay();
  }
  progress(`${count} payments are settled`);
  const threadsBefore = threadsOf(system.pidOf('reservations'));
  const settling = await meter.during(async () => {
    await until(async () => (await numberOf(run, COUNT_CONFIRMED)) === count);
    await sleep(1_000);
  });
  const settled = await writes();
  const busiest = busiestShare(threadsBefore, threadsOf(system.pidOf('reservations')));
  progress(`${count} tickets are printed and mailed`);
  const delivering = await meter.during(async () => {
    thawDocuments();
    thawMail();
    await until(async () => (await numberOf(run, COUNT_MAILED)) === count);
    await sleep(1_000);
  });
  const delivered = await writes();
  const [pay, settle, deliver] = [paying, settling, delivering].map(({ spent }) => each(spent, count));
  return {
    'api.payment': pay!.api,
    'postgres.payment': pay!.postgres,
    'postgres.settle': settle!.postgres,
    'postgres.deliver': deliver!.postgres,
    'relay.ring': settle!.relay,
    ...serverCosts(run, 'settle', settle!),
    ...serverCosts(run, 'deliver', deliver!),
    'temporal.settle.writes': (settled.writes - before.writes) / count,
    'temporal.deliver.writes': (delivered.writes - settled.writes) / count,
    'cluster.write.ms': (delivered.ms - before.ms) / (delivered.writes - before.writes),
    'worker.settle': settle!.reservations,
    'worker.deliver': deliver!.reservations,
    'worker.busiest.share': busiest,
    'documents.print': deliver!.documents,
    'mail.send': deliver!.mail,
    'mail.catcher': deliver!['mail-catcher'],
  };
}

/** How much of what a process spent meanwhile its busiest thread spent. */
function busiestShare(before: Map<string, number>, after: Map<string, number>): number {
  const spent = [...after].map(([thread, ms]) => ms - (before.get(thread) ?? 0));
  return Math.max(...spent) / spent.reduce((sum, ms) => sum + ms, 0);
}
