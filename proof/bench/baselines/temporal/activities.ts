import type { Notice } from './contract';

/** Activities that do nothing but report that they ran. */
export const createLifecycleActivities = (report: (notice: Notice) => void) => ({
  async begin(id: string): Promise<void> {
    report({ step: 'started', id });
  },
  async finish(id: string): Promise<void> {
    report({ step: 'finished', id });
  },
  /** Never runs: its task queue has no worker. */
  async deliver(id: string): Promise<void> {
    throw new Error(`a worker polls the task queue of ${id}`);
  },
});
