import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { killGroup, openLog, track } from '../../dev/supervisor';
import type { Release } from '../release';

const READY_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 200;

/** A running API or worker of one release. */
export interface ReleaseProcess {
  /** Ends it as an operator does (SIGTERM). @throws Error when it does not end in order */
  stop: () => Promise<void>;
}

/** The compiled program of a release; 1.0.0 had its sources at the top. */
function programOf({ folder }: Release, ...path: string[]): string {
  const found = [join(folder, 'dist', 'src', ...path), join(folder, 'dist', ...path)].find(
    existsSync,
  );
  if (found === undefined) throw new Error(`${folder} has no ${path.join('/')}`);
  return found;
}

/** Runs a program of a release to its end. @returns what it printed. @throws Error when it fails */
export async function runProgramOf(
  release: Release,
  path: readonly string[],
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [programOf(release, ...path), ...args],
    { cwd: release.folder, env, encoding: 'utf8', timeout: READY_LIMIT_MS },
  );
  return stdout.trim();
}

/** Starts an API or a worker of a release, and waits until its port says that it is ready. */
export async function startProcess(
  release: Release,
  kind: 'api' | 'worker',
  options: { port: number; env: NodeJS.ProcessEnv; logFile: string },
): Promise<ReleaseProcess> {
  const { port, env, logFile } = options;
  const log = openLog(logFile);
  const own = kind === 'api' ? { PORT: port } : { METRICS_PORT: port };
  const child: ChildProcess = spawn(
    process.execPath,
    ['--enable-source-maps', programOf(release, kind, 'main.js')],
    {
      cwd: release.folder,
      env: {
        ...env,
        ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, String(value)])),
      },
      detached: true,
      stdio: ['ignore', log.descriptor, log.descriptor],
    },
  );
  closeSync(log.descriptor);
  track(child);
  const ended = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => resolve(code)),
  );
  const page = `http://127.0.0.1:${port}/${kind === 'api' ? 'readyz' : 'metrics'}`;
  for (const until = Date.now() + READY_LIMIT_MS; ;) {
    const answer = await fetch(page, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok) break;
    if (child.exitCode !== null || Date.now() > until) {
      killGroup(child.pid);
      throw new Error(`the ${kind} of release ${release.commit} is not ready\n${log.tail()}`);
    }
    await delay(LOOK_EVERY_MS);
  }
  return {
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const code = await Promise.race([
        ended,
        delay(STOP_LIMIT_MS, 'late' as const, { ref: false }),
      ]);
      killGroup(child.pid);
      if (code !== 0)
        throw new Error(
          `the ${kind} of release ${release.commit} ended with ${code}\n${log.tail()}`,
        );
    },
  };
}
