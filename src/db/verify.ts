import type { Check } from './checks/check';
import { deliveryChecks } from './checks/deliveries';
import { moneyChecks } from './checks/money';
import { seatChecks } from './checks/seats';
import { historyChecks } from './checks/history';
import { noteChecks } from './checks/notes';
import { workChecks } from './checks/work';
import { sql, type Database, type Queryable } from './database';

/** Everything that must hold in the database, and what waits there for a person. */
export const CHECKS: readonly Check[] = [
  ...seatChecks,
  ...moneyChecks,
  ...deliveryChecks,
  ...historyChecks,
  ...workChecks,
  ...noteChecks,
];

/** How many findings are named; all are counted. */
export const NAMED = 50;
/** Tasks are named all, because only Temporal can say which of them somebody is at; this is where it ends. */
const NAMED_TASKS = 200_000;

export interface Finding {
  id: string;
  detail: string;
  /** If one of these runs, somebody is at it. */
  workflows?: string[];
}

export interface CheckResult {
  name: string;
  why: string;
  kind: Check['kind'];
  /** Rows looked at. */
  looked: number;
  /** Rows found wrong, of which `findings` names the first. */
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

/** Runs the checks one after another, on a connection whose transaction holds still. */
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

/** What the database says at one moment: of every check, and which worker roles are there to do late work. */
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
    where (r.id is null and w.started < now() - interval '5 minutes')
       or ((r.ended_at < now() - interval '5 minutes'
             or (r.status = 'confirmed' and r.delivered_at < now() - interval '5 minutes'))
           and not exists (select from inbox i where i.reservation_id = w.id and i.handled_at is null)
           and not exists (select from outbox o where o.subject = w.id))`,
);

/** Which of these running reservation workflows have nothing to do: no reservation, or one that ended a while ago. */
export async function findStrayActors(
  db: Queryable,
  open: readonly { id: string; startedAt: Date }[],
): Promise<Finding[]> {
  return db.rows(STRAY_ACTORS, [open.map(({ id }) => id), open.map(({ startedAt }) => startedAt)]);
}
