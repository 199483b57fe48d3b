import type { HoldRequest, HoldResult } from '../db/holds';
import { mailboxOf } from '../domain/email-address';
import { createBatches } from './batches';

type HoldBatchesDeps = Omit<
  Parameters<typeof createBatches<HoldRequest, HoldResult>>[0],
  'claimsOf'
>;

/** Batches of holds: no two of one share a key, a buyer or a seat. */
export const createHoldBatches = (deps: HoldBatchesDeps) =>
  createBatches<HoldRequest, HoldResult>({
    ...deps,
    claimsOf: ({ id, buyer, seats }) => [
      `key ${id}`,
      ...(buyer ? [`buyer ${mailboxOf(buyer.email)}`] : []),
      ...seats.map(({ event, label }) => `seat ${event} ${label}`),
    ],
  });
