import type { Check } from './checks/check';
import { deliveryChecks } from './checks/deliveries';
import { feedChecks } from './checks/feed';
import { moneyChecks } from './checks/money';
import { seatChecks } from './checks/seats';
import { historyChecks } from './checks/history';
import { noteChecks } from './checks/notes';
import { workChecks } from './checks/work';
import { sql, type Database, type Queryable } from './database';

/** All checks of the database, and the notes for an operator. */
export const CHECKS: readonly Check[] = [
  ...seatChecks,
  ...moneyChecks,
  ...deliveryChecks,
  ...historyChecks,
  ...feedChecks,
  ...workChecks,
  ...noteChecks,
];

/** How many findings are listed; all are counted. */
export const NAMED = 50;
/**
 * Findings of tasks are all listed, up to this limit, because only Temporal knows which of them are
 * being done.
 */
const NAMED_TASKS = 200_000;

export interface Finding {
  id: string;
  detail: string;
  /** If one of these workflows runs, the work is being done. */
  workflows?: string[];
}

export interface CheckResult {
  name: string;
  why: string;
  kind: Check['kind'];
  /** The number of rows checked. */
  looked: number;
  /** The number of rows found wrong; `findings` lists the first ones. */
  total: number;
  findings: Finding[];
  ms: number;
}

async function runCheck(
  tx: Queryable,
  { name, why, kind, over, sql: text }: Check,
): Promise<CheckResult> {
  const startedAt = performance.now();
  const id = name.replaceAll(/\W+/g, '_').slice(0, 50);
  const [counted] = await tx.rows<{ looked: number }>(
    sql(`looked_${id}`, `select count(*) as looked from ${over}`),
  );
  const rows = await tx.rows<Finding & { total: number }>(
    sql(`verify_${id}`, `select *, count(*) over () as total from (${text}) found limit $1`),
    [kind === 'task' ? NAMED_TASKS : NAMED],
  );
  const findings = rows.map(({ total: _total, ...finding }) => finding);
  const ms = performance.now() - startedAt;
  return { name, why, kind, looked: counted!.looked, total: rows[0]?.total ?? 0, findings, ms };
}

/** Runs the checks one after another. The transaction `tx` must see one snapshot. */
export async function runChecks(
  tx: Queryable,
  checks: readonly Check[] = CHECKS,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) results.push(await runCheck(tx, check));
  return results;
}

const STAND_STILL = sql(
  'verify_stand_still',
  'set transaction isolation level repeatable read, read only',
);
const ROLES_ALIVE = sql<{ role: string }>(
  'verify_roles_alive',
  `select distinct unnest(roles) as role from workers where seen_at > now() - interval '15 seconds'`,
);

/**
 * The result of every check at one moment, and the roles of the workers that could do late work.
 */
export function readMoment(
  db: Database,
  checks: readonly Check[] = CHECKS,
): Promise<{ results: CheckResult[]; roles: string[] }> {
  return db.transaction(async (tx) => {
    await tx.run(STAND_STILL);
    const roles = (await tx.rows(ROLES_ALIVE)).map(({ role }) => role);
    return { results: await runChecks(tx, checks), roles };
  });
}

const STRAY_ACTORS = sql<Finding>(
  'verify_stray_actors',
  `select w.id, case when r.id is null then format('runs since %s; there is no such reservation', w.started)
                  else format('runs; its reservation is %s since %s', r.status, coalesce(r.ended_at, r.delivered_at)) end as detail
     from unnest($1::text[], $2::timestamptz[]) as w (id, started) left join reservations r on r.id = w.id
    where (r.id is null and w.started < now() - $3 * interval '1 minute')
       or ((r.ended_at < now() - $3 * interval '1 minute'
             -- One whose buyer was erased ends when its mail is tried again.
             or (r.status = 'confirmed' and r.delivered_at < now() - $3 * interval '1 minute'
                 and (r.erased_at is null or r.erased_at < now() - interval '20 minutes')))
           and not exists (select from inbox i where i.reservation_id = w.id and i.handled_at is null)
           and not exists (select from outbox o where o.subject = w.id))`,
);

/**
 * The running reservation workflows without work: the reservation does not exist, or ended.
 * @param forMinutes at least so long ago
 */
export async function findStrayActors(
  db: Queryable,
  open: readonly { id: string; startedAt: Date }[],
  forMinutes = 5,
): Promise<Finding[]> {
  const startedAt = open.map((one) => one.startedAt);
  return db.rows(STRAY_ACTORS, [open.map(({ id }) => id), startedAt, forMinutes]);
}
