import { startProgram } from '../program';
import type { LoadPlan, LoadResult } from './plan';

export type { LoadRequest, LoadResult } from './plan';

/** The load generator, one plan at a time. */
export interface Load {
  /** @throws Error when a connection breaks or the load's process ends */
  run(plan: LoadPlan): Promise<LoadResult>;
  close(): Promise<void>;
}

/** Starts the load generator in a process of its own. */
export async function startLoad(logFile: string): Promise<Load> {
  const program = await startProgram({
    path: ['proof', 'bench', 'load', 'main.js'],
    env: process.env,
    logFile,
  });
  const { child } = program;
  return {
    run: (plan) =>
      new Promise((resolve, reject) => {
        const onExit = (): void => reject(new Error(`the load generator ended; see ${logFile}`));
        child.once('exit', onExit);
        child.once('message', (message: { result?: LoadResult; error?: string }) => {
          child.off('exit', onExit);
          if (message.result) resolve(message.result);
          else reject(new Error(`the load failed: ${message.error}`));
        });
        child.send(plan);
      }),
    close: () => program.stop(),
  };
}
