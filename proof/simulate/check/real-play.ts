import { setTimeout as sleep } from 'node:timers/promises';
import { untilIdle } from '../../bench/cpu';
import { SEARCH_ATTRIBUTES, sql } from '../../product';
import { inTurn } from '../real/load';
import type { Hall } from '../real/shop';
import type { RealSystem } from '../real/system';
import type { Play, Seen } from './play';

const PATIENCE_MS = 300_000;
const WAITING = sql(
  'play_waiting',
  `select (select count(*) from outbox) as told_late,
          (select count(*) from reservations where status = 'confirmed' and delivered_at is null) as undelivered`,
);
const CONFIRMED = sql(
  'play_confirmed',
  `select 1000 * extract(epoch from r.confirmed_at)::float8 as at from reservations r join events e on e.id = r.event_id
    where e.slug = $1 and r.confirmed_at is not null order by 1`,
);

/** Waits until all that was begun has come to rest. */
async function rest(system: RealSystem): Promise<void> {
  const began = Date.now();
  for (;;) {
    const [row] = await system.db.rows<{ told_late: number; undelivered: number }>(WAITING);
    if (row!.told_late + row!.undelivered === 0) break;
    if (Date.now() - began > PATIENCE_MS) throw new Error('the system did not come to rest in five minutes');
    await sleep(100);
  }
  await untilIdle([system.pidOf('temporal'), system.pidOf('reservations')]);
}

/** When the actors of an event were started, as Temporal has it. */
async function starts(system: RealSystem, hall: Hall, count: number): Promise<number[]> {
  for (const began = Date.now(); ;) {
    const times: number[] = [];
    const query = `${SEARCH_ATTRIBUTES.event} = '${hall.slug}'`;
    for await (const { startTime } of system.temporal.workflow.list({ query, pageSize: 1000 })) {
      times.push(startTime.getTime());
    }
    if (times.length >= count) return times.sort((a, b) => a - b);
    // The list comes a moment behind.
    if (Date.now() - began > PATIENCE_MS) throw new Error(`Temporal lists ${times.length} of ${count} actors`);
    await sleep(500);
  }
}

/**
 * Plays it on a real system, at rest before and after.
 * @param warmUp done right before: after half a minute of rest connections are closed, and the first requests slow
 */
export async function playReally(system: RealSystem, play: Play, warmUp: () => Promise<void>): Promise<Seen> {
  const hall = await system.shop.makeHall(play.seats);
  await rest(system);
  await warmUp();
  const seen: Seen = { heldMs: [], refusedMs: [], paidMs: [], answeredMs: 0, startedAt: [], confirmedAt: [] };
  const beganAt = Date.now();
  const began = performance.now();
  const now = (): number => performance.now() - began;

  async function hold(seat: number, dueMs: number): Promise<string | null> {
    const id = await system.shop.hold(hall, [hall.labels[seat]!]);
    (id === null ? seen.refusedMs : seen.heldMs).push(now() - dueMs);
    seen.answeredMs = now();
    return id;
  }

  if (play.kind === 'crowd') await inTurn(play.wanted, play.atOnce, (seat) => hold(seat, now()));
  else {
    await Promise.all(
      play.arrivals.map(async (dueMs, seat) => {
        await sleep(dueMs - now());
        const id = await hold(seat, dueMs);
        if (id === null) throw new Error('a free seat was refused');
        await sleep(play.payAfterMs);
        const asked = now();
        await system.shop.pay(id, 1);
        seen.paidMs.push(now() - asked);
        seen.answeredMs = now();
      }),
    );
  }
  await rest(system);
  seen.startedAt = (await starts(system, hall, seen.heldMs.length)).map((at) => at - beganAt);
  const confirmed = await system.db.rows<{ at: number }>(CONFIRMED, [hall.slug]);
  seen.confirmedAt = confirmed.map(({ at }) => at - beganAt);
  return seen;
}
