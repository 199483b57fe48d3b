import { setTimeout as sleep } from 'node:timers/promises';
import type { DirectAccess } from './direct-access';

/** Pending work by kind; all zero when the system is idle. */
type PendingWork = Record<string, number>;

const PENDING = `
  select (select count(*)::int from changes where status = 'quoted') as "open quotes",
         (select count(*)::int from outbox) as "outbox entries",
         (select count(*)::int from inbox where handled_at is null) as "unhandled messages",
         (select count(*)::int from refunds where status = 'pending') as "refunds under way",
         (select count(*)::int from reservations where status = 'held') as "open holds",
         (select count(*)::int from reservations where status = 'confirmed' and delivered_at is null) as "undelivered",
         (select count(*)::int from mails m join reservations r on r.id = m.reservation_id
            left join refunds f on f.id = m.refund_id
           where m.sent_at is null and m.refused is null and f.status is distinct from 'failed'
             and (m.kind <> 'tickets' or r.status = 'confirmed')) as "unsent mails",
         (select count(*)::int from history h where not exists (select from feed f where f.history_id = h.id)) as "history without a number",
         (select count(*)::int from webhook_deliveries where status = 'pending') as "unsent webhooks",
         (select count(*)::int from webhook_endpoints where not asleep) as "busy webhook endpoints"`;

const OPEN_WORKFLOWS =
  "ExecutionStatus = 'Running' AND WorkflowType != 'housekeeping' AND WorkflowType != 'webhookEndpoint'";

/** A payment without a reservation is refunded ten minutes after its arrival: this moves the arrival back. */
const TEN_MINUTES_LATER = `
  update payments p set received_at = received_at - interval '11 minutes'
   where role = 'kept' and not exists (select from reservations r where r.id = p.reservation_id)
     and received_at > clock_timestamp() - interval '10 minutes'`;

const IDLE = { timeoutMs: 900_000, everyMs: 2_000 };

async function readPendingWork(direct: DirectAccess): Promise<PendingWork> {
  const [row] = await direct.rows<PendingWork>(PENDING);
  const { count } = await direct.temporal.workflow.count(OPEN_WORKFLOWS);
  return { ...row, 'open workflows': count };
}

/** Makes payments without a reservation old enough to be refunded. @returns how many there are */
export async function ageUnmatchedPayments(direct: DirectAccess): Promise<number> {
  const changed = await direct.rows<{ reference: string }>(
    `${TEN_MINUTES_LATER} returning p.reference`,
  );
  return changed.length;
}

/**
 * Waits until no work is pending, at most 15 minutes.
 * @param show prints the pending work
 * @returns the pending work at the end; null when the system is idle
 */
export async function waitUntilIdle(
  direct: DirectAccess,
  show: (line: string) => void,
  giveUp: AbortSignal,
): Promise<string | null> {
  let left = 'nothing could be read';
  for (const until = Date.now() + IDLE.timeoutMs; Date.now() < until && !giveUp.aborted;) {
    try {
      const pending = Object.entries(await readPendingWork(direct)).filter(
        ([, count]) => count > 0,
      );
      if (pending.length === 0) return null;
      left = pending.map(([what, count]) => `${what} ${count}`).join(', ');
    } catch (error) {
      left = `not reachable (${(error as Error).message})`;
    }
    show(left);
    await sleep(IDLE.everyMs, undefined, { signal: giveUp }).catch(() => undefined);
  }
  return left;
}
