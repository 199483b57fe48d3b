import type { Services } from '../../dev/services';
import type { Journal, Reservation, Violation } from './journal';
import { countChanges } from './count-changes';
import { countClaims } from './count-claims';
import { countMail, type MailCount } from './count-mail';
import { countMoney, type Balance } from './count-money';
import { Findings, type DirectAccess } from './direct-access';
import type { FeedReaders } from './feed-readers';
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
  feed: FeedReaders;
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

/** Reads all pages of a list. */
async function all<Item>(system: SystemToCount, path: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: { data: Item[]; nextCursor: string | null } = await get(
      system,
      `${path}limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    items.push(...page.data);
    cursor = page.nextCursor;
  }
  return items;
}

const sumOf = (amounts: readonly { amount: number }[]): number =>
  amounts.reduce((sum, { amount }) => sum + amount, 0);

/** Checks that the API agrees with itself: a seat is sold on the map if a listed sale has it, and only once. */
async function countByHttp(
  system: SystemToCount,
  journal: Journal,
  findings: Findings,
): Promise<Map<string, Reservation>> {
  const shown = new Map<string, Reservation>();
  for (const name of journal.events) {
    const sold = new Map<string, string>();
    for (const reservation of await all<Reservation>(system, `/v1/reservations?event=${name}&`)) {
      const { id, status, seats, fees, total } = reservation;
      shown.set(id, reservation);
      const sum = sumOf(seats.map(({ price }) => price)) + sumOf(fees.map(({ amount }) => amount));
      findings.check(
        'a total is the sum of its seats and fees',
        id,
        sum === total.amount ? null : `${sum} instead of ${total.amount}`,
      );
      if (status !== 'confirmed') continue;
      for (const { event, label } of seats) {
        if (event !== name) continue;
        const other = sold.get(label);
        const twice = other === undefined ? null : `${event} ${label}: ${other} and ${id}`;
        findings.check('no seat is sold twice', `${event} ${label}`, twice);
        sold.set(label, id);
      }
    }
    const { data } = await get<{ data: { label: string; status: string }[] }>(
      system,
      `/v1/events/${name}/seats`,
    );
    for (const { label, status } of data) {
      const expected = sold.has(label) ? 'sold' : 'available';
      const wrong =
        status === expected ? null : `the map says ${status}, the reservations say ${expected}`;
      findings.check('the seat map agrees with the sales', `${name} ${label}`, wrong);
    }
  }
  return shown;
}

/** Checks that no code was used more often than it may be, and that its uses are those of the sales. */
async function countCodes(
  system: SystemToCount,
  journal: Journal,
  direct: DirectAccess,
  { findings, shown }: { findings: Findings; shown: ReadonlyMap<string, Reservation> },
): Promise<void> {
  const rows = await direct.rows<{ code: string; taken: number }>(
    `select code, count(*) filter (where u.reservation_id is not null)::int as taken
       from codes k left join code_uses u on u.code_id = k.id group by code`,
  );
  const taken = new Map(rows.map((row) => [row.code, row.taken]));
  for (const [code, most] of journal.codes) {
    const { uses } = await get<{ uses: { held: number; used: number } }>(
      system,
      `/v1/codes/${code}`,
    );
    const sales = [...shown.values()].filter(
      (one) => one.code === code && one.status === 'confirmed',
    ).length;
    findings.check(
      'no code is used more often than it may be',
      code,
      sales <= most ? null : `${sales} of ${most}`,
    );
    const isSame = uses.held === 0 && uses.used === sales && taken.get(code) === sales;
    findings.check(
      'the uses of a code are those of its sales',
      code,
      isSame ? null : `${sales} sales, ${JSON.stringify(uses)}, ${taken.get(code)} taken`,
    );
  }
}

/** Checks that each allotment has ended, with no seat in it. */
async function countAllotments(
  system: SystemToCount,
  journal: Journal,
  findings: Findings,
): Promise<void> {
  for (const { id, event } of journal.allotments.values()) {
    const { endedAt, seats } = await get<{ endedAt: string | null; seats: string[] }>(
      system,
      `/v1/events/${event}/allotments/${id}`,
    );
    const wrong = endedAt !== null && seats.length === 0 ? null : `it has ${seats.join()}`;
    findings.check('an allotment that was ended has ended', id, wrong);
  }
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
  const shown = await countByHttp(system, journal, findings);
  await countCodes(system, journal, direct, { findings, shown });
  await countAllotments(system, journal, findings);
  const outcomes = await countChanges(journal, direct, findings);
  const everConfirmed = await countClaims(journal, direct, findings, outcomes);
  const balance = await countMoney(journal, direct, findings, { outcomes, shown, everConfirmed });
  const mail = await countMail(journal, direct, findings, {
    services: system.services,
    everConfirmed,
    outcomes,
  });
  const reservations: Record<string, number> = {};
  for (const { status } of shown.values()) reservations[status] = (reservations[status] ?? 0) + 1;
  await system.feed.count(direct, findings);
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
