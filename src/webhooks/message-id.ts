/** The `webhook-id` of a feed's entry at an endpoint: each attempt, and each replay, has the same. */
export const webhookMessageId = (
  endpointId: string,
  { sequence, mark }: { sequence: number; mark: number },
): string => `msg_${endpointId.replaceAll('-', '')}_${sequence}_${(mark >>> 0).toString(16)}`;
