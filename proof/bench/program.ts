import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { program, PROJECT } from '../../dev/steps';
import { killGroup, openLog, track } from '../../dev/supervisor';
import { lowerPriority } from '../product';

const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;

/** A program of ours that runs beside the stack. */
export interface Program {
  child: ChildProcess;
  pid: number;
  /** Ends it and what it has started. Safe to repeat. */
  stop: () => Promise<void>;
}

/**
 * Starts a program of ours and waits until it says `ready` over its channel. It is not started again when it ends: then
 * the measurement is worth nothing anyway.
 * @param options.path below dist/
 */
export async function startProgram(options: {
  path: readonly string[];
  args?: readonly string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
  nodeArgs?: readonly string[];
  /** As that of the part that it is measured beside. */
  niceness?: number;
}): Promise<Program> {
  const { path, args = [], env, logFile, nodeArgs = [], niceness } = options;
  const log = openLog(logFile);
  // A session of its own: a Ctrl-C in the terminal is for us alone, who then end everything in order.
  const child = spawn(process.execPath, ['--enable-source-maps', ...nodeArgs, program(...path), ...args], {
    cwd: PROJECT,
    env,
    detached: true,
    serialization: 'advanced',
    stdio: ['ignore', log.descriptor, log.descriptor, 'ipc'],
  });
  closeSync(log.descriptor);
  track(child);
  if (niceness !== undefined && child.pid !== undefined) lowerPriority(child.pid, niceness);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await Promise.race([ended, delay(STOP_LIMIT_MS, undefined, { ref: false })]);
    killGroup(child.pid);
    await ended;
  };
  const ready = new Promise<true>((resolve) => child.once('message', () => resolve(true)));
  const late = delay(READY_LIMIT_MS, false, { ref: false });
  if (await Promise.race([ready, ended.then(() => false), late])) return { child, pid: child.pid ?? 0, stop };
  await stop();
  throw new Error(`${path.join('/')} did not get ready; see ${logFile}\n${log.tail()}`);
}
