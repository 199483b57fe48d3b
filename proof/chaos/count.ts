import type { Services } from '../../dev/services';
import type { Book, Reservation, Violation } from './book';
import { countClaims } from './count-claims';
import { countMail, type MailCount } from './count-mail';
import { countMoney, type Balance } from './count-money';
import { Findings, type Counter } from './counting';

export interface Count {
  violations: Violation[];
  looked: ReadonlyMap<string, number>;
  reservations: Record<string, number>;
  balance: Balance;
  mail: MailCount;
  workflows: Record<string, number>;
}

interface SystemToCount {
  services: Services;
  apiUrl: string;
  operatorKey: string;
}

const MANY_ATTEMPTS = 5;

/** Workflows: none failed, and none is open that has nothing left to do. */
async function countWorkflows(counter: Counter, findings: Findings): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const rule = 'every workflow comes to a good end';
  for await (const { workflowId, status, type } of counter.temporal.workflow.list()) {
    counts[`${type} ${status.name.toLowerCase()}`] = (counts[`${type} ${status.name.toLowerCase()}`] ?? 0) + 1;
    // Housekeeping is started by the clock for ever, and one run of it may be cut off by the end of the load.
    if (type === 'housekeeping' || status.name === 'COMPLETED') continue;
    findings.check(rule, workflowId, `${status.name}: ${await whyOpen(counter, workflowId)}`);
  }
  findings.looked.set(
    rule,
    Object.values(counts).reduce((sum, count) => sum + count, 0),
  );
  return counts;
}

async function whyOpen(counter: Counter, workflowId: string): Promise<string> {
  const { raw } = await counter.temporal.workflow.getHandle(workflowId).describe();
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

/** What the API shows to the world is one story: the map is sold where a listed sale says so, each seat once. */
async function countByHttp(system: SystemToCount, book: Book, findings: Findings): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {};
  for (const event of book.events) {
    const sold = new Map<string, string>();
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = `event=${event}&limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: { data: Reservation[]; nextCursor: string | null } = await get(system, `/v1/reservations?${query}`);
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
    const { data } = await get<{ data: { label: string; status: string }[] }>(system, `/v1/events/${event}/seats`);
    for (const { label, status } of data) {
      const expected = sold.has(label) ? 'sold' : 'available';
      const wrong = status === expected ? null : `the map says ${status}, the reservations say ${expected}`;
      findings.check('the map tells of what is sold', `${event} ${label}`, wrong);
    }
  }
  return statuses;
}

/**
 * The independent count, with SQL and HTTP of its own: is every promise that the load was ever given true, and does the
 * money balance? Only for a system that has come to rest.
 */
export async function count(system: SystemToCount, book: Book, counter: Counter): Promise<Count> {
  const findings = new Findings();
  const everConfirmed = await countClaims(book, counter, findings);
  const balance = await countMoney(book, counter, findings);
  const mail = await countMail(book, counter, findings, { services: system.services, everConfirmed });
  const reservations = await countByHttp(system, book, findings);
  const workflows = await countWorkflows(counter, findings);
  return { violations: findings.violations, looked: findings.looked, reservations, balance, mail, workflows };
}
