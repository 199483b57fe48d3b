import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  SEARCH_ATTRIBUTES,
  SIGNALS,
  STATE_QUERY,
  type WebhookInput,
  type WebhookState,
} from '../contracts/reservation';
import { deliverWebhooks } from './activities';
import { inputOf } from './by-hand';
import { beginStory, tellUnknownSignals } from './story';

const statusKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.webhook, SearchAttributeType.KEYWORD);
const ringSignal = defineSignal(SIGNALS.ring);
const stateQuery = defineQuery<WebhookState | null>(STATE_QUERY);

/** A ring may be lost, as when the database was restored; so it looks by itself too. */
const LOOK_AGAIN_MS = 3_600_000;

/** In a word: for the search attribute, and the details. */
function wordOf({ status, failingSince, failing }: WebhookState): string {
  if (status !== 'enabled') return status;
  return failingSince !== null || failing > 0 ? 'retrying' : 'delivering';
}

function headOf(state: WebhookState): string[] {
  const { client, host, position, waiting, failing, lastSuccessAt, lastError } = state;
  return [
    `**${wordOf(state)}** · ${host} · client ${client}`,
    `taken up to entry ${position} of the feed · waiting: ${waiting} · of these failing: ${failing}`,
    `last success: ${lastSuccessAt ?? 'none yet'}`,
    ...(lastError === null ? [] : [`last error: ${lastError}`]),
  ];
}

/**
 * The delivery actor of one webhook endpoint: it has the activity send what is due, and waits until there
 * is more. Where it stands is in the database. It ends when its endpoint is disabled or deleted.
 */
export async function webhookEndpoint(given: WebhookInput): Promise<string> {
  const input = inputOf(given, { endpointId: 'text' });
  let state: WebhookState | null = null;
  let rung = false;
  const story = beginStory();
  setHandler(ringSignal, () => void (rung = true), {
    description: 'Look now for what is to be sent. Harmless at any time; takes nothing.',
  });
  setHandler(stateQuery, () => state, {
    description: 'Where the deliveries to the endpoint stand',
  });
  tellUnknownSignals([SIGNALS.ring], story);
  for (;;) {
    rung = false;
    state = await deliverWebhooks(input.endpointId);
    story.show(headOf(state));
    const word = wordOf(state);
    if (workflowInfo().typedSearchAttributes.get(statusKey) !== word)
      upsertSearchAttributes([{ key: statusKey, value: word }]);
    if (state.status !== 'enabled') return state.status;
    // A ring that came meanwhile is answered by the first look of the next run.
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof webhookEndpoint>(input);
    await condition(() => rung, Math.min(state.waitMs ?? LOOK_AGAIN_MS, LOOK_AGAIN_MS));
  }
}
