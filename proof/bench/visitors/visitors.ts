import { expectFiles } from '../listeners/listeners';
import { startProgram, type Program } from '../program';
import type { VisitorsPlan, VisitorsReport } from './plan';

/** Visitors who are there, in a process of their own. */
export interface Visitors {
  pid: number;
  /** Waits for the answers that are due, and sends the visitors away. @throws Error when they could not do what they do */
  finish(): Promise<VisitorsReport>;
  close(): Promise<void>;
}

function nextMessage<Message extends object>({ child }: Program): Promise<Message> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('the visitors ended'));
    child.once('exit', onExit);
    child.once('message', (message: Message | { error: string }) => {
      child.off('exit', onExit);
      if ('error' in message) reject(new Error(`the visitors: ${message.error}`));
      else resolve(message);
    });
  });
}

/** @returns when they have begun */
export async function startVisitors(plan: VisitorsPlan, logFile: string): Promise<Visitors> {
  const program = await startProgram({
    path: ['proof', 'bench', 'visitors', 'main.js'],
    env: process.env,
    logFile,
  });
  try {
    expectFiles(program.pid, plan.count);
    const begun = nextMessage(program);
    program.child.send(plan);
    await begun;
  } catch (error) {
    await program.stop();
    throw error;
  }
  const report = nextMessage<VisitorsReport>(program);
  report.catch(() => undefined); // `finish` reports the error.
  return {
    pid: program.pid,
    async finish() {
      program.child.send('finish');
      return report;
    },
    close: () => program.stop(),
  };
}
