import { setTimeout as sleep } from 'node:timers/promises';
import type { Counter } from './counting';

/** What still moves, in numbers; all zero when the system has come to rest. */
type Unsettled = Record<string, number>;

const PENDING = `
  select (select count(*)::int from outbox) as "untold Temporal",
         (select count(*)::int from inbox where handled_at is null) as "unhandled messages",
         (select count(*)::int from payments where status = 'refunding') as "refunds under way",
         (select count(*)::int from reservations where status = 'held') as "open holds",
         (select count(*)::int from reservations where status = 'confirmed' and delivered_at is null) as "undelivered",
         (select count(*)::int from mails m join reservations r on r.id = m.reservation_id
           where m.sent_at is null and m.refused is null and (m.kind <> 'tickets' or r.status = 'confirmed')) as "unsent mails"`;

const OPEN_WORKFLOWS = "ExecutionStatus = 'Running' AND WorkflowType != 'housekeeping'";

/** A payment for a reservation that never was goes back after ten minutes; they pass in a moment here. */
const TEN_MINUTES_LATER = `
  update payments p set received_at = received_at - interval '11 minutes'
   where role = 'kept' and not exists (select from reservations r where r.id = p.reservation_id)
     and received_at > clock_timestamp() - interval '10 minutes'`;

const STILL = { limitMs: 900_000, everyMs: 2_000 };

async function look(counter: Counter): Promise<Unsettled> {
  const [row] = await counter.rows<Unsettled>(PENDING);
  const { count } = await counter.temporal.workflow.count(OPEN_WORKFLOWS);
  return { ...row, 'open workflows': count };
}

/** Lets the waiting time of payments for nothing pass at once. @returns how many there were */
export async function passTenMinutes(counter: Counter): Promise<number> {
  const changed = await counter.rows<{ reference: string }>(`${TEN_MINUTES_LATER} returning p.reference`);
  return changed.length;
}

/**
 * Waits until nothing moves any more. @param show is told what still does
 * @returns what still moved at the end of the (long) limit; null when all came to rest
 */
export async function settle(
  counter: Counter,
  show: (line: string) => void,
  giveUp: AbortSignal,
): Promise<string | null> {
  let left = 'nothing could be read';
  for (const until = Date.now() + STILL.limitMs; Date.now() < until && !giveUp.aborted;) {
    try {
      const moving = Object.entries(await look(counter)).filter(([, count]) => count > 0);
      if (moving.length === 0) return null;
      left = moving.map(([what, count]) => `${what} ${count}`).join(', ');
    } catch (error) {
      left = `not reachable (${(error as Error).message})`;
    }
    show(left);
    await sleep(STILL.everyMs, undefined, { signal: giveUp }).catch(() => undefined);
  }
  return left;
}
