import {
  defaultPayloadConverter,
  type PayloadConverter,
  type SerializationContext,
  type Payload,
} from '@temporalio/common';
import type { Unreadable } from '../contracts/unreadable';

function fromPayload(payload: Payload, context?: SerializationContext): unknown {
  try {
    return defaultPayloadConverter.fromPayload(payload, context);
  } catch (error) {
    if (context?.type !== 'workflow') throw error;
    return { unreadable: (error as Error).message } satisfies Unreadable;
  }
}

/**
 * The converter of Temporal's SDK, except that a workflow's input or signal which it cannot read
 * becomes an `Unreadable`. An activity's result is our own: one that cannot be read still fails.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value, context) => defaultPayloadConverter.toPayload(value, context),
  fromPayload: fromPayload as PayloadConverter['fromPayload'],
};
