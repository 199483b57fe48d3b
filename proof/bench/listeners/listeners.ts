import { readFileSync } from 'node:fs';
import { startProgram, type Program } from '../program';

export interface ListenersRequest {
  url: string;
  path: string;
  count: number;
}

/** One change, and when each listener received it: milliseconds since 1970, NaN where it did not arrive. */
export interface Arrivals {
  seats: { label: string; status: string }[];
  atMs: Float64Array;
}

/** Many listeners of one stream, in a process of their own. */
export interface Listeners {
  pid: number;
  /** Closes the streams. @returns every change that was received */
  finish(): Promise<Arrivals[]>;
  close(): Promise<void>;
}

/** Files that a process needs besides the connections. */
const SPARE_FILES = 200;

/** @throws Error when the process may not open so many connections */
export function expectFiles(pid: number, connections: number): void {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1] ?? '0';
  if (soft !== 'unlimited' && Number(soft) < connections + SPARE_FILES) {
    throw new Error(
      `process ${pid} may open ${soft} files, too few for ${connections} connections: see ulimit -n`,
    );
  }
}

/** @throws Error when a stream breaks before the end */
function nextMessage<Message extends object>({ child }: Program): Promise<Message> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('the listeners ended'));
    child.once('exit', onExit);
    child.once('message', (message: Message | { error: string }) => {
      child.off('exit', onExit);
      if ('error' in message) reject(new Error(`the listeners: ${message.error}`));
      else resolve(message);
    });
  });
}

/** Opens the streams. @returns when every listener has the snapshot */
export async function startListeners(
  request: ListenersRequest,
  logFile: string,
): Promise<Listeners> {
  const program = await startProgram({
    path: ['proof', 'bench', 'listeners', 'main.js'],
    env: process.env,
    logFile,
  });
  try {
    expectFiles(program.pid, request.count);
    const listening = nextMessage(program);
    program.child.send(request);
    await listening;
  } catch (error) {
    await program.stop();
    throw error;
  }
  const report = nextMessage<{ arrivals: Arrivals[] }>(program);
  report.catch(() => undefined); // `finish` reports the error.
  return {
    pid: program.pid,
    async finish() {
      program.child.send('report');
      return (await report).arrivals;
    },
    close: () => program.stop(),
  };
}
