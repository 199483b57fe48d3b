import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { program, PROJECT } from '../../dev/steps';
import { killGroup, openLog, track } from '../../dev/supervisor';
import { lowerPriority } from './product';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

/** A compiled program of the project that runs beside the stack. */
export interface Program {
  child: ChildProcess;
  pid: number;
  /** Ends it and its children. Safe to repeat. */
  stop: () => Promise<void>;
}

/**
 * Starts a compiled program and waits for `ready` on its channel. It is not restarted when it ends: the measurement is
 * invalid then.
 * @param options.path below dist/
 */
export async function startProgram(options: {
  path: readonly string[];
  args?: readonly string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
  nodeArgs?: readonly string[];
  /** The niceness of the part that it is compared with. */
  niceness?: number;
}): Promise<Program> {
  const { path, args = [], env, logFile, nodeArgs = [], niceness } = options;
  const log = openLog(logFile);
  // A session of its own: a Ctrl-C in the terminal reaches this process alone, which then ends everything in order.
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', ...nodeArgs, program(...path), ...args],
    {
      cwd: PROJECT,
      env,
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', log.descriptor, log.descriptor, 'ipc'],
    },
  );
  closeSync(log.descriptor);
  track(child);
  if (niceness !== undefined && child.pid !== undefined) lowerPriority(child.pid, niceness);
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => resolve()).once('error', () => resolve()),
  );
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await Promise.race([ended, delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    killGroup(child.pid);
    await ended;
  };
  const ready = new Promise<true>((resolve) => child.once('message', () => resolve(true)));
  const late = delay(READY_TIMEOUT_MS, false, { ref: false });
  if (await Promise.race([ready, ended.then(() => false), late]))
    return { child, pid: child.pid ?? 0, stop };
  await stop();
  throw new Error(`${path.join('/')} was not ready in time; see ${logFile}\n${log.tail()}`);
}
