import type { Measured } from '../costs';
import { each, freeze, holdRequests, makeEvent, send, type Run } from './run';

/**
 * Measures holds and refused holds while the relay is stopped, so that only the answers cost something.
 * @returns the costs, and the ids of the holds
 */
export async function measureAnswers(
  run: Run,
  { holds, refused }: { holds: number; refused: number },
): Promise<{ measured: Measured; ids: string[] }> {
  const event = await makeEvent(run, holds);
  const won = holdRequests(run, event, event.labels);
  const taken = Array.from({ length: refused }, (_, index) => event.labels[index % holds]!);
  const lost = holdRequests(run, event, taken);
  const thaw = freeze(run, 'relay');
  try {
    const requestsOf = (some: typeof won) => some.map(({ request }) => request);
    const hold = each(
      (await run.meter.during(() => send(run, requestsOf(won), { 201: holds }))).spent,
      holds,
    );
    const refusal = each(
      (await run.meter.during(() => send(run, requestsOf(lost), { 409: refused }))).spent,
      refused,
    );
    return {
      ids: won.map(({ id }) => id),
      measured: {
        'api.hold': hold.api,
        'postgres.hold': hold.postgres,
        'api.refused': refusal.api,
        'postgres.refused': refusal.postgres,
      },
    };
  } finally {
    thaw();
  }
}
