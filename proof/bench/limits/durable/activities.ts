import type { Notice } from './contract';

/** Activities that do nothing but say that they ran. */
export const createLifeActivities = (tell: (notice: Notice) => void) => ({
  async begin(id: string): Promise<void> {
    tell({ step: 'begun', id });
  },
  async finish(id: string): Promise<void> {
    tell({ step: 'finished', id });
  },
  /** Never runs: its task queue has no worker. */
  async deliver(id: string): Promise<void> {
    throw new Error(`Somebody polls the task queue of ${id}`);
  },
});
