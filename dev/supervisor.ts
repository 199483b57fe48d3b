import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lowerPriority } from './product';
import { forgetProcess, recordProcess, sendSignal, type StopStep } from './processes';

/** How a part is started, watched and ended. */
export interface PartDefinition {
  name: string;
  file: string;
  args: readonly string[];
  options: Pick<SpawnOptions, 'env' | 'cwd' | 'uid' | 'gid'>;
  /**
   * Opens a channel to the child (Node programs): the child reports when it is ready, and notices
   * when this process ends.
   */
  channel?: boolean;
  /** The niceness of the process; default 0. */
  niceness?: number;
  logFile: string;
  /** Where running processes are recorded for a later run. */
  recordFolder: string;
  /**
   * Called before each start and after the end: waits until no process of an earlier run is left.
   */
  settle?: () => Promise<void>;
  /** Resolves when the part is ready; called right after the start. */
  ready: (child: ChildProcess, signal: AbortSignal) => Promise<void>;
  readyLimitMs: number;
  stop: readonly StopStep[];
}

/** Notifications for the owner of a part. */
export interface PartEvents {
  /** Called at each start, before the part is ready. */
  onSpawn?: (name: string, pid: number) => void;
  /** The part ended unexpectedly and is about to be started again. */
  onEnd?: (name: string, reason: string) => void;
  /** The part is ready again. */
  onRestart?: (name: string, pid: number) => void;
  /** The part keeps failing and is not started again. */
  onFailure?: (error: Error) => void;
}

/**
 * The niceness of background processes (Temporal, the workers) where everything shares one machine.
 * Answers have priority, as on separate machines. A process at niceness 5 still gets a third of the
 * processor share of one at 0, so other load slows confirmations by a bounded factor; at 15 it
 * would get a 28th and starve.
 */
export const BACKGROUND_NICENESS = 5;

/** Time limit for starting one of our processes on a busy machine. */
export const READY_LIMIT_MS = 180_000;

const LOG_LIMIT_BYTES = 10_000_000;
/** Long enough for an error of the compiler. */
const LOG_TAIL_LINES = 20;
/** After a part has run this long, earlier failures no longer count. */
const STEADY_MS = 3_000;
const STRIKE_LIMIT = 24;
const FAILED_START_STRIKES = 4;
const BACKOFF_MS = 50;

const living = new Set<ChildProcess>();

/** The last resort: kills every process that this one has started, with its process group. */
export function killEverything(): void {
  for (const child of living) killGroup(child.pid);
}

/** Registers a child process, the leader of its process group, for `killEverything`. */
export function track(child: ChildProcess): void {
  living.add(child);
  child.once('exit', () => living.delete(child)).once('error', () => living.delete(child));
}

/** Kills a process that leads a group, with the whole group. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    sendSignal(-pid, 'SIGKILL');
  } catch {
    // EPERM: the group has ended, and its number now belongs to another user's group.
  }
}

/**
 * An open log for a process: its descriptor, to be closed when the process has it, and a way to
 * read it.
 */
interface Log {
  descriptor: number;
  /** The last lines that were written since the log was opened, for an error message. */
  tail(): string;
}

/**
 * Opens a log for appending. A log that is too long is renamed first, so at most two such files
 * exist.
 */
export function openLog(file: string): Log {
  mkdirSync(dirname(file), { recursive: true });
  if (sizeOf(file) > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  const from = sizeOf(file);
  return {
    descriptor: openSync(file, 'a', 0o600),
    tail: () =>
      readFileSync(file)
        .subarray(from)
        .toString('utf8')
        .trimEnd()
        .split('\n')
        .slice(-LOG_TAIL_LINES)
        .join('\n'),
  };
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/**
 * A supervised process: whenever it ends unexpectedly, it is started again with the same
 * definition.
 */
export class Part {
  readonly name: string;
  private child: ChildProcess | undefined;
  private ended: Promise<string> = Promise.resolve('');
  private keeping: Promise<void> = Promise.resolve();
  private life = new AbortController();
  private strikes = 0;
  private readyAt = 0;
  private lastPid = 0;
  private log: Log | undefined;

  constructor(
    private readonly definition: PartDefinition,
    private readonly events: PartEvents = {},
  ) {
    this.name = definition.name;
  }

  /**
   * The pid of the running process or, while the part is down, of the last one; 0 before the first
   * start.
   */
  get pid(): number {
    return this.lastPid;
  }

  /**
   * Starts the part and waits until it is ready. From then on it is kept running.
   * @throws Error with the end of its log when it does not become ready, or the reason of `signal`
   */
  async start(signal?: AbortSignal): Promise<void> {
    const life = new AbortController();
    this.life = life;
    this.strikes = 0;
    const abort = (): void => life.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await this.launch(life.signal);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    this.keeping = this.keep(life.signal);
  }

  /** Ends the part until the next `start`, gently at first, always within its time limits. */
  async stop(): Promise<void> {
    this.life.abort(new Error(`${this.name} was stopped`));
    await this.end();
    await this.keeping;
  }

  private async launch(signal: AbortSignal): Promise<void> {
    await this.definition.settle?.();
    signal.throwIfAborted();
    const child = this.spawn();
    const limit = AbortSignal.timeout(this.definition.readyLimitMs);
    const waiting = new AbortController();
    try {
      await Promise.race([
        this.definition.ready(child, waiting.signal),
        this.ended.then((reason) => {
          throw new Error(`${this.name} ${reason} before it was ready`);
        }),
        aborted(limit, waiting.signal, () => new Error(`${this.name} was not ready in time`)),
        aborted(signal, waiting.signal, () => signal.reason as Error),
      ]);
      this.readyAt = Date.now();
    } catch (error) {
      await this.end();
      if (signal.aborted) throw error;
      const { logFile } = this.definition;
      throw new Error(
        `${(error as Error).message}; see ${logFile}\n${this.log?.tail() ?? ''}`.trimEnd(),
        {
          cause: error,
        },
      );
    } finally {
      waiting.abort();
    }
  }

  private spawn(): ChildProcess {
    const { name, file, args, options, channel, niceness, logFile, recordFolder, stop } =
      this.definition;
    const log = openLog(logFile);
    this.log = log;
    // The process has a session of its own, so a Ctrl-C in the terminal only reaches this process,
    // which then ends the parts in order.
    const child = spawn(file, args, {
      ...options,
      detached: true,
      stdio: ['ignore', log.descriptor, log.descriptor, ...(channel ? (['ipc'] as const) : [])],
    });
    closeSync(log.descriptor);
    this.child = child;
    this.ended = new Promise((resolve) => {
      const finish = (reason: string): void => {
        forgetProcess(recordFolder, name);
        if (channel) killGroup(child.pid);
        if (this.child === child) this.child = undefined;
        resolve(reason);
      };
      child.once('error', (error) => finish(`cannot be started (${error.message})`));
      child.once('exit', (code, signal) =>
        finish(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
      );
    });
    if (child.pid !== undefined) {
      track(child);
      this.lastPid = child.pid;
      recordProcess(recordFolder, name, child.pid, stop);
      if (niceness !== undefined) lowerPriority(child.pid, niceness);
      this.events.onSpawn?.(name, child.pid);
    }
    return child;
  }

  private async keep(life: AbortSignal): Promise<void> {
    let reason = await this.ended;
    while (!life.aborted) {
      this.events.onEnd?.(this.name, reason);
      this.strikes = Date.now() - this.readyAt > STEADY_MS ? 1 : this.strikes + 1;
      if (this.givesUp(reason) || !(await this.relaunch(life))) return;
      reason = await this.ended;
    }
  }

  private async relaunch(life: AbortSignal): Promise<boolean> {
    const isOver = (): boolean => life.aborted;
    while (!isOver()) {
      try {
        await sleep(BACKOFF_MS * this.strikes, undefined, { signal: life });
        await this.launch(life);
        this.events.onRestart?.(this.name, this.pid);
        return true;
      } catch (error) {
        if (isOver()) return false;
        this.strikes += FAILED_START_STRIKES;
        if (this.givesUp((error as Error).message)) return false;
      }
    }
    return false;
  }

  /** Repeated failures are reported as an error instead of being hidden by restarts. */
  private givesUp(reason: string): boolean {
    if (this.strikes < STRIKE_LIMIT) return false;
    this.events.onFailure?.(new Error(`${this.name} keeps failing and is given up: ${reason}`));
    return true;
  }

  private async end(): Promise<void> {
    const child = this.child;
    if (child?.pid !== undefined) {
      for (const { signal, limitMs } of [
        ...this.definition.stop,
        { signal: 'SIGKILL', limitMs: 10_000 } as const,
      ]) {
        sendSignal(child.pid, signal);
        sendSignal(child.pid, 'SIGCONT');
        if (await settlesWithin(this.ended, limitMs)) break;
      }
    }
    await this.ended;
    await this.definition.settle?.();
  }
}

function aborted(signal: AbortSignal, until: AbortSignal, reason: () => Error): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(reason());
    signal.addEventListener('abort', () => reject(reason()), { once: true, signal: until });
  });
}

async function settlesWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const limit = new AbortController();
  const late = sleep(limitMs, false, { signal: limit.signal }).catch(() => false);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    limit.abort();
  }
}
