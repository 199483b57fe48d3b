import type { Services } from '../../dev/services';
import type { Journal, Reservation, Violation } from './journal';
import { countClaims } from './count-claims';
import { countMail, type MailCount } from './count-mail';
import { countMoney, type Balance } from './count-money';
import { Findings, type DirectAccess } from './direct-access';
import type { Receivers } from './receivers';

export interface Count {
  violations: Violation[];
  checked: ReadonlyMap<string, number>;
  reservations: Record<string, number>;
  balance: Balance;
  mail: MailCount;
  workflows: Record<string, number>;
  /** Webhooks, by receiver and answer. */
  webhooks: ReadonlyMap<string, number>;
}

interface SystemToCount {
  services: Services;
  apiUrl: string;
  operatorKey: string;
  receivers: Receivers;
}

const MANY_ATTEMPTS = 5;

/** Checks that no workflow has failed and none is open. */
async function countWorkflows(
  direct: DirectAccess,
  findings: Findings,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const rule = 'every workflow completes';
  for await (const { workflowId, status, type } of direct.temporal.workflow.list()) {
    counts[`${type} ${status.name.toLowerCase()}`] =
      (counts[`${type} ${status.name.toLowerCase()}`] ?? 0) + 1;
    // Housekeeping runs on a schedule; a run may be open. That of an endpoint runs as long as the endpoint is there.
    if (type === 'housekeeping' || type === 'webhookEndpoint' || status.name === 'COMPLETED')
      continue;
    findings.check(rule, workflowId, `${status.name}: ${await whyOpen(direct, workflowId)}`);
  }
  findings.checked.set(
    rule,
    Object.values(counts).reduce((sum, count) => sum + count, 0),
  );
  return counts;
}

async function whyOpen(direct: DirectAccess, workflowId: string): Promise<string> {
  const { raw } = await direct.temporal.workflow.getHandle(workflowId).describe();
  const pending = (raw.pendingActivities ?? []).map(({ activityType, attempt, lastFailure }) => {
    const often = (attempt ?? 0) > MANY_ATTEMPTS ? ' (often)' : '';
    return `${activityType?.name ?? '?'} attempt ${attempt ?? 0}${often} ${lastFailure?.message ?? ''}`;
  });
  return pending.length > 0 ? pending.join('; ') : 'no activity is pending';
}

async function get<Body>({ apiUrl, operatorKey }: SystemToCount, path: string): Promise<Body> {
  const response = await fetch(apiUrl + path, {
    headers: { authorization: `Bearer ${operatorKey}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (response.status !== 200) throw new Error(`${path} was answered ${response.status}`);
  return (await response.json()) as Body;
}

/** Checks that the API agrees with itself: a seat is sold on the map if a listed sale has it, and only once. */
async function countByHttp(
  system: SystemToCount,
  journal: Journal,
  findings: Findings,
): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {};
  for (const event of journal.events) {
    const sold = new Map<string, string>();
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = `event=${event}&limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: { data: Reservation[]; nextCursor: string | null } = await get(
        system,
        `/v1/reservations?${query}`,
      );
      for (const { id, status, seats } of page.data) {
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status !== 'confirmed') continue;
        for (const { label } of seats) {
          const other = sold.get(label);
          const twice = other === undefined ? null : `${event} ${label}: ${other} and ${id}`;
          findings.check('no seat is sold twice', `${event} ${label}`, twice);
          sold.set(label, id);
        }
      }
      cursor = page.nextCursor;
    }
    const { data } = await get<{ data: { label: string; status: string }[] }>(
      system,
      `/v1/events/${event}/seats`,
    );
    for (const { label, status } of data) {
      const expected = sold.has(label) ? 'sold' : 'available';
      const wrong =
        status === expected ? null : `the map says ${status}, the reservations say ${expected}`;
      findings.check('the seat map agrees with the sales', `${event} ${label}`, wrong);
    }
  }
  return statuses;
}

/**
 * Checks with SQL and HTTP of its own whether every promise to the load is true, and whether the money balances. Only for
 * an idle system.
 */
export async function count(
  system: SystemToCount,
  journal: Journal,
  direct: DirectAccess,
): Promise<Count> {
  const findings = new Findings();
  const everConfirmed = await countClaims(journal, direct, findings);
  const balance = await countMoney(journal, direct, findings);
  const mail = await countMail(journal, direct, findings, {
    services: system.services,
    everConfirmed,
  });
  const reservations = await countByHttp(system, journal, findings);
  const workflows = await countWorkflows(direct, findings);
  const webhooks = await system.receivers.count(direct, findings);
  return {
    violations: findings.violations,
    checked: findings.checked,
    reservations,
    balance,
    mail,
    workflows,
    webhooks,
  };
}
