import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../../db/database';
import { summarise } from '../../report/statistics';
import type { CostName } from '../model/costs';
import { inTurn } from '../real/load';
import type { Hall } from '../real/shop';
import type { RealSystem } from '../real/system';
import { threadsOf } from '../real/cpu';
import { measureDisk } from './disk';
import { measureHistory } from './history';
import { Meter, type Spent } from './meter';
import { readShardWrites } from './temporal-metrics';

type Measured = Partial<Record<CostName, number>>;

const REST_MS = 5_000;
/** As under load: alone, a request costs more. */
const AT_ONCE = 40;
const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 300_000;

interface Sizes {
  /** Reservations that go the whole way. */
  reservations: number;
  refused: number;
  quiet: number;
  /** Seats of the hall whose map is measured. */
  mapSeats: number;
}

const FULL: Sizes = { reservations: 400, refused: 2_000, quiet: 20, mapSeats: 20_000 };

interface Run {
  system: RealSystem;
  meter: Meter;
  sizes: Sizes;
  progress: (line: string) => void;
}

const COUNT_STARTS = sql('count_starts', `select count(*) as n from outbox where kind = 'start'`);
const COUNT_CONFIRMED = sql('count_confirmed', `select count(*) as n from reservations where status = 'confirmed'`);
const COUNT_MAILED = sql('count_mailed', `select count(*) as n from mails where sent_at is not null`);

async function until(done: () => Promise<boolean>): Promise<void> {
  const began = Date.now();
  while (!(await done())) {
    if (Date.now() - began > PATIENCE_MS) throw new Error('the system did not come to rest in five minutes');
    await sleep(LOOK_EVERY_MS);
  }
}

async function numberOf({ system }: Run, statement: { name: string; text: string }): Promise<number> {
  const [row] = await system.db.rows<{ n: number }>(statement);
  return row!.n;
}

/** Freezes a worker, so that what is for it waits and costs nothing; the supervisor does not mind. */
function freeze({ system }: Run, role: 'relay' | 'documents' | 'mail'): () => void {
  const pid = system.pidOf(role);
  process.kill(pid, 'SIGSTOP');
  return () => process.kill(pid, 'SIGCONT');
}

const each = (spent: Spent, count: number): Spent =>
  Object.fromEntries(Object.entries(spent).map(([role, ms]) => [role, ms / count])) as Spent;

/** Holds, refused holds and payments, while the relay stands still: nothing but the answers is paid for. */
async function measureAnswers(run: Run, hall: Hall): Promise<{ measured: Measured; ids: string[] }> {
  const { system, meter, sizes } = run;
  const thaw = freeze(run, 'relay');
  try {
    const seats = hall.labels.slice(0, sizes.reservations);
    const holds = await meter.during(() => inTurn(seats, AT_ONCE, (label) => system.shop.hold(hall, [label])));
    const ids = holds.result.map((id) => {
      if (id === null) throw new Error('a free seat was refused');
      return id;
    });
    const tries = Array.from({ length: sizes.refused }, (_, index) => seats[index % seats.length]!);
    const refused = await meter.during(() => inTurn(tries, AT_ONCE, (label) => system.shop.hold(hall, [label])));
    const hold = each(holds.spent, seats.length);
    const lost = each(refused.spent, tries.length);
    return {
      ids,
      measured: {
        'api.hold': hold.api,
        'postgres.hold': hold.postgres,
        'client.request': lost.client,
        'api.refused': lost.api,
        'postgres.refused': lost.postgres,
      },
    };
  } finally {
    thaw();
  }
}

/** The actors' part of the way: the relay runs again, and whoever works behind it is let go step by step. */
async function measureActors(run: Run, ids: readonly string[]): Promise<Measured> {
  const { system, meter, progress } = run;
  const count = ids.length;
  const writes = async () => readShardWrites(system.pidOf('temporal'));
  const before = await writes();
  progress(`${count} holds are adopted`);
  const adopting = await meter.during(async () => {
    await until(async () => (await numberOf(run, COUNT_STARTS)) === 0);
    await sleep(1_000); // The last ones have been started, not yet adopted.
  });
  const adopted = await writes();

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
  const [adopt, pay, settle, deliver] = [adopting, paying, settling, delivering].map(({ spent }) => each(spent, count));
  return {
    'api.payment': pay!.api,
    'postgres.payment': pay!.postgres,
    'postgres.adopt': adopt!.postgres,
    'postgres.settle': settle!.postgres,
    'postgres.deliver': deliver!.postgres,
    'relay.start': adopt!.relay,
    'relay.ring': settle!.relay,
    'temporal.adopt': adopt!.temporal,
    'temporal.settle': settle!.temporal,
    'temporal.deliver': deliver!.temporal,
    'temporal.adopt.writes': (adopted.writes - before.writes) / count,
    'temporal.settle.writes': (settled.writes - adopted.writes) / count,
    'temporal.deliver.writes': (delivered.writes - settled.writes) / count,
    'temporal.write.ms': (delivered.ms - before.ms) / (delivered.writes - before.writes),
    'worker.adopt': adopt!.reservations,
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

/** One reservation after the other, far apart: what each step takes when nobody is in the way. */
async function measureQuiet(run: Run): Promise<Measured> {
  const { system, sizes, progress } = run;
  progress('quiet: one reservation at a time');
  const hall = await system.shop.makeHall(sizes.quiet + 5);
  const holdMs: number[] = [];
  const ids: string[] = [];
  for (const label of hall.labels) {
    const began = performance.now();
    const id = await system.shop.hold(hall, [label]);
    holdMs.push(performance.now() - began);
    await sleep(150);
    await system.shop.pay(id!, 1);
    ids.push(id!);
    await sleep(450);
  }
  await until(async () => (await confirmMs(system, ids)).length === ids.length);
  const adoptMs = await Promise.all(ids.map((id) => adoptionMs(system, id)));
  const median = (values: number[]) => summarise(values.slice(5)).p50;
  return {
    'quiet.hold.ms': median(holdMs),
    'quiet.adopt.ms': median(adoptMs),
    'quiet.confirm.ms': median(await confirmMs(system, ids)),
  };
}

const CONFIRM_MS = sql(
  'confirm_ms',
  `select 1000 * extract(epoch from r.confirmed_at - p.received_at)::float8 as ms
     from reservations r join payments p on p.reference = r.confirmed_by where r.id = any ($1) order by r.created_at`,
);
const HELD_AT = sql(
  'held_at',
  'select 1000 * extract(epoch from created_at)::float8 as at from reservations where id = $1',
);

async function confirmMs({ db }: RealSystem, ids: readonly string[]): Promise<number[]> {
  return (await db.rows<{ ms: number }>(CONFIRM_MS, [ids])).map((row) => row.ms);
}

/** From the hold's commit, about, to the end of the activity that adopts it. */
async function adoptionMs({ db, temporal }: RealSystem, id: string): Promise<number> {
  const [row] = await db.rows<{ at: number }>(HELD_AT, [id]);
  const history = await temporal.workflow.getHandle(id).fetchHistory();
  const adopted = history.events?.find((event) => event.activityTaskCompletedEventAttributes);
  if (!adopted?.eventTime) throw new Error(`${id} was not adopted`);
  const { seconds, nanos } = adopted.eventTime;
  return Number(seconds) * 1000 + (nanos ?? 0) / 1e6 - row!.at;
}

/** The seat map of a big hall: whole from the cache, unchanged, and made anew after a hold. */
async function measureMap(run: Run): Promise<Measured> {
  const { system, meter, sizes, progress } = run;
  progress(`the map of ${sizes.mapSeats} seats`);
  const hall = await system.shop.makeHall(sizes.mapSeats);
  const first = await system.shop.readMap(hall);
  const times = (count: number) => Array.from({ length: count }, () => 0);
  const whole = await meter.during(() => inTurn(times(300), 1, () => system.shop.readMap(hall)));
  const same = await meter.during(() => inTurn(times(2_000), AT_ONCE, () => system.shop.readMap(hall, first.etag)));
  const thaw = freeze(run, 'relay');
  const labels = hall.labels.slice(0, 40);
  const anew = await meter.during(() =>
    inTurn(labels, 1, async (label) => {
      await system.shop.hold(hall, [label]);
      await system.shop.readMap(hall);
    }),
  );
  thaw();
  const fresh = each(anew.spent, labels.length);
  const cached = each(whole.spent, 300);
  const unchanged = each(same.spent, 2_000);
  return {
    'api.map': cached.api,
    'api.unchanged': unchanged.api,
    'postgres.unchanged': unchanged.postgres,
    'api.map.seat': Math.max(0, fresh.api - cached.api) / sizes.mapSeats,
    'postgres.map.seat': fresh.postgres / sizes.mapSeats,
    'map.seat.bytes': first.bytes / sizes.mapSeats,
  };
}

/** What is left of a quiet hold when its parts are taken away, over its hops: to the API, to PostgreSQL and back. */
function wakeMs(measured: Measured): number {
  const parts: CostName[] = ['client.request', 'api.hold', 'postgres.hold', 'postgres.flush.ms'];
  const known = parts.reduce((sum, name) => sum + (measured[name] ?? 0), 0);
  return Math.max(0, (measured['quiet.hold.ms'] ?? 0) - known) / 4;
}

/** How long a commit waits for the disk: a row is written again and again, with and without it. */
async function measureFlush({ db }: RealSystem): Promise<number> {
  await db.run(sql('flush_make', 'create table simulate_flush (n integer)'));
  await db.run(sql('flush_fill', 'insert into simulate_flush values (0)'));
  const write = sql('flush_write', 'update simulate_flush set n = n + 1');
  const timed = async (durable: boolean): Promise<number> => {
    const took: number[] = [];
    for (let round = 0; round < 200; round++) {
      const began = performance.now();
      await db.transaction(async (tx) => {
        if (!durable) await tx.run(sql('flush_lazy', 'set local synchronous_commit = off'));
        else await tx.run(sql('flush_strict', 'set local synchronous_commit = on'));
        await tx.run(write);
      });
      took.push(performance.now() - began);
    }
    return summarise(took).p50;
  };
  const lazy = await timed(false);
  const durable = await timed(true);
  await db.run(sql('flush_drop', 'drop table simulate_flush'));
  return Math.max(0, durable - lazy);
}

/** Measures everything on a running system; takes two to three minutes of two cores. */
export async function measureCosts(
  system: RealSystem,
  progress: (line: string) => void,
  sizes: Sizes = FULL,
): Promise<Record<CostName, number>> {
  const run: Run = { system, meter: new Meter(system, progress), sizes, progress };
  progress('warming up');
  const warm = await system.shop.makeHall(600);
  await inTurn(warm.labels, AT_ONCE, (label) => system.shop.hold(warm, [label]));
  await inTurn(warm.labels.slice(0, 5), 1, () => system.shop.readMap(warm));
  await until(async () => (await numberOf(run, COUNT_STARTS)) === 0);
  await sleep(2_000);
  const restCores = await run.meter.learnRest(() => sleep(REST_MS));
  progress(`${sizes.reservations} holds and ${sizes.refused} refused ones`);
  const hall = await system.shop.makeHall(sizes.reservations);
  const disk = await measureDisk(system);
  const answers = await measureAnswers(run, hall);
  const actors = await measureActors(run, answers.ids);
  const measured: Measured = {
    'rest.cores': restCores,
    ...answers.measured,
    ...actors,
    ...(await disk.perReservation(answers.ids.length)),
    ...(await measureHistory(system, answers.ids.slice(0, 20))),
    ...(await measureQuiet(run)),
    ...(await measureMap(run)),
    'postgres.flush.ms': await measureFlush(system),
  };
  return { ...measured, 'wake.ms': wakeMs(measured) } as Record<CostName, number>;
}
