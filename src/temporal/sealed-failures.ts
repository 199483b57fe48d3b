import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Puts the messages and stacks of failures into payloads, so that they are encrypted like all others. In use only with
 * a payload key: in the workers, and in the bundle of workflows that they then run.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
