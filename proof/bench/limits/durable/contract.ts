/** Of limit (d): a task queue of its own, and one that nobody polls, as the printing while no browser runs. */
export const DURABLE = {
  taskQueue: 'bench-durable',
  idleTaskQueue: 'bench-nobody',
  workflow: 'life',
  signal: 'go',
} as const;

/** What its worker tells, over the channel, that an activity has run. */
export interface Notice {
  step: 'begun' | 'finished';
  id: string;
}
