import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  SIGNALS,
  STATE_QUERY,
  type ChangeInput,
  type ChangeProgress,
} from '../contracts/reservation';
import { formatMoney } from '../domain/currency';
import { inputOf } from './by-hand';
import { lookAtChange } from './activities';

const ringSignal = defineSignal(SIGNALS.ring);
const stateQuery = defineQuery<ChangeProgress | null>(STATE_QUERY);
/** How soon a quote that is paid for, and being applied, is looked at again. */
const LOOK_AGAIN_MS = 30_000;

function detailsOf({ reservation, status, due, refund, release, take }: ChangeProgress): string {
  const money =
    due !== null
      ? `due: ${formatMoney(due)}`
      : refund !== null
        ? `goes back: ${formatMoney(refund)}`
        : 'nothing is due';
  return [
    `**${status}** · ${money}`,
    `gives back ${release.join(', ') || 'nothing'} · takes ${take.join(', ') || 'nothing'}`,
    `reservation ${reservation}`,
  ].join('  \n');
}

/**
 * The quote of a change to a sale, until it is applied, withdrawn or over. The reservation's own workflow, or a
 * settlement, applies it; a ring says that there is news.
 */
export async function change(given: ChangeInput): Promise<string> {
  const input = inputOf(given, { changeId: 'text' });
  let rung = false;
  let progress: ChangeProgress | null = null;
  setHandler(ringSignal, () => void (rung = true));
  setHandler(stateQuery, () => progress);
  for (;;) {
    progress = await lookAtChange(input.changeId);
    if (progress === null) return 'unknown';
    setCurrentDetails(detailsOf(progress));
    if (progress.status !== 'quoted') return progress.status;
    const waitMs = progress.endsInMs > 0 ? progress.endsInMs : LOOK_AGAIN_MS;
    await condition(() => rung, waitMs, { summary: 'the quote ends, or there is news of it' });
    rung = false;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof change>(input);
  }
}
