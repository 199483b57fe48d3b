import type { SEARCH_ATTRIBUTES } from '../../product';

/** Names of the baseline `temporal`. The second task queue has no worker, like that of the documents in this case. */
export const TEMPORAL_BASELINE = {
  taskQueue: 'bench-baseline',
  unpolledTaskQueue: 'bench-unpolled',
  workflow: 'lifecycle',
  signal: 'go',
  /** Written out, because the bundle of the workflow must not contain the product. */
  statusAttribute: 'ReservationStatus' satisfies (typeof SEARCH_ATTRIBUTES)['status'],
} as const;

/** The message of the worker that an activity has run. */
export interface Notice {
  step: 'started' | 'finished';
  id: string;
}
