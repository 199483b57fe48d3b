import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  goInstall,
  isProgram,
  keptPrograms,
  lockFetching,
  onPath,
  withProgress,
  type FetchTask,
} from '../../../dev/fetched-programs';

/** The version in the development server and in docker-compose.yml. */
const VERSION = '1.29.1';
const MODULES = {
  'temporal-server': `go.temporal.io/server/cmd/server@v${VERSION}`,
  'temporal-sql-tool': `go.temporal.io/server/cmd/tools/sql@v${VERSION}`,
} as const;
type ProgramName = keyof typeof MODULES;

interface TemporalPrograms {
  server: string;
  sqlTool: string;
}

const keptAs = (name: ProgramName, env: NodeJS.ProcessEnv): string =>
  join(keptPrograms(env), `${name}-${VERSION}`);

function isOurs(file: string): boolean {
  if (!isProgram(file)) return false;
  try {
    return execFileSync(file, ['--version'], {
      encoding: 'utf8',
      timeout: 20_000,
      stdio: 'pipe',
    }).includes(VERSION);
  } catch {
    return false;
  }
}

const seek = (name: ProgramName, env: NodeJS.ProcessEnv): string | undefined =>
  [...onPath(name, env), keptAs(name, env)].find(isOurs);

/** Both programs; undefined when one must be built. */
export function seekTemporalServer(env: NodeJS.ProcessEnv): TemporalPrograms | undefined {
  const [server, sqlTool] = [seek('temporal-server', env), seek('temporal-sql-tool', env)];
  return server !== undefined && sqlTool !== undefined ? { server, sqlTool } : undefined;
}

async function build(name: ProgramName, kept: string, bin: string, task: FetchTask): Promise<void> {
  const module = MODULES[name];
  const aside = mkdtempSync(join(bin, '.fetch-'));
  try {
    const label = `${name}: building it with Go, once (the server takes about 3 minutes on 2 cores)`;
    await withProgress(label, task.progress, () => goInstall(module, aside, task));
    renameSync(join(aside, basename(module.split('@')[0]!)), kept);
  } catch (error) {
    task.signal?.throwIfAborted();
    throw new Error(
      `${name} ${VERSION} could not be built: put it on the PATH, copy it to ${kept}, or install Go 1.25 or newer (tried: go install ${module}: ${(error as Error).message})`,
      { cause: error },
    );
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function find(name: ProgramName, task: FetchTask): Promise<string> {
  const found = seek(name, task.env);
  if (found !== undefined) return found;
  const [bin, kept] = [keptPrograms(task.env), keptAs(name, task.env)];
  mkdirSync(bin, { recursive: true });
  const lock = await lockFetching(`${kept}.lock`, name, task);
  try {
    if (!isOurs(kept)) await build(name, kept, bin, task);
    return kept;
  } finally {
    lock.release();
  }
}

/**
 * Finds the Temporal server and its schema tool: on the PATH, in the cache of an earlier run, or built with Go.
 * @throws Error that names these ways
 */
export async function findTemporalServer(task: FetchTask): Promise<TemporalPrograms> {
  const sqlTool = await find('temporal-sql-tool', task);
  return { server: await find('temporal-server', task), sqlTool };
}
