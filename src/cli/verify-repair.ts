import { settlementWorkflowId } from '../contracts/reservation';
import type { Database } from '../db/database';
import { retryGivenUp } from '../db/outbox';
import type { OnFault } from '../db/sweep-faults';
import { FAILING_S, resetStuckActors, restartActors, sweep } from '../db/sweep';
import { findStrayActors } from '../db/verify';
import type { TemporalView } from './verify-temporal';

const SWEEP_BUDGET_MS = 60_000;

/**
 * Does at once what relays and housekeeping do by themselves within minutes, and what nobody does:
 * makes what Temporal lacks, has entries tried again that were given up, ends what is overdue,
 * starts the workflows again that Temporal has lost, resets those whose tasks fail while something
 * waits for them, and has those end whose reservation is gone or over. It only orders work, by the
 * same statements; refunds no payment of an unknown reservation, because these wait for their holds.
 * Safe to repeat, and beside running processes.
 * @param temporal null: only what the database knows
 * @returns what was found and done, in words
 * @throws SettingsError when Temporal must be prepared by somebody else
 */
export async function repair(db: Database, temporal: TemporalView | null): Promise<string[]> {
  const told: string[] = [];
  const tell = (count: number, what: string) => {
    if (count > 0) told.push(`${count} × ${what}`);
  };
  const onFault: OnFault = ({ step, subject }, error) =>
    told.push(
      `could not ${step.replaceAll('_', ' ')} ${subject ?? ''}: ${(error as Error).message}`,
    );
  if (temporal) {
    const { missingAttributes, schedule } = await temporal.setup();
    await temporal.prepare();
    tell(missingAttributes.length, `search attribute registered: ${missingAttributes.join(', ')}`);
    tell(Number(schedule === 'missing'), 'housekeeping schedule made');
  }
  tell(await retryGivenUp(db), 'entry of the outbox that was given up: tried again');
  const { expired, rung } = await sweep(db, {
    budgetMs: SWEEP_BUDGET_MS,
    refundUnknown: false,
    onFault,
  });
  tell(expired, 'overdue hold ended');
  tell(rung, 'late work ordered again: inboxes, refunds, deliveries, mails, webhooks');
  if (!temporal) return told;

  const { ids, reservations } = await temporal.running();
  // After a terminated workflow a settlement is the actor.
  const openOf = async (some: readonly string[]) =>
    new Set(some.filter((id) => ids.has(id) || ids.has(settlementWorkflowId(id))));
  const lost = await restartActors(db, openOf, {
    from: null,
    onPage: () => undefined,
    onFault,
    // A young one whose actor was terminated too; one that is only not listed yet looks once more.
    heldForS: 0,
    // One that was signalled a moment ago, and has lost its actor again.
    againAfterS: 0,
  });
  tell(lost, 'open hold whose workflow was lost: started again');
  const stuck = await resetStuckActors(db, (id, forS) => temporal.beginAnew(id, forS), onFault);
  tell(
    stuck,
    'workflow whose tasks fail, while a payment, a cancel or a delivery waits: begun anew',
  );
  const strays = await findStrayActors(db, reservations, 0);
  const ended = await temporal.ring(strays.map(({ id }) => id));
  tell(ended, 'running workflow whose reservation is gone or over: told to look, and ends');
  let begun = 0;
  for (const { id } of strays) if (await temporal.beginAnew(id, FAILING_S)) begun++;
  tell(begun, 'such a workflow whose tasks fail: begun anew, and ends');
  return told;
}
