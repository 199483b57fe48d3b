import { spawn } from 'node:child_process';
import { closeSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DEMO_CALLERS, type Secrets } from './secrets';
import { killGroup, openLog, track } from './supervisor';

/** The folder of the project, which is the working directory of all our programs. */
export const PROJECT = projectAbove(__dirname);
const STEP_LIMIT_MS = 180_000;

/** Searches upwards, from the sources or the compiled files, for the folder with the lock file. */
function projectAbove(folder: string): string {
  return existsSync(join(folder, 'package-lock.json'))
    ? folder
    : projectAbove(resolve(folder, '..'));
}

/** The common options of the steps of a start. */
export interface StepContext {
  home: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal | undefined;
}

/** The path of one of our compiled programs; the argument is its path below dist/. */
export const program = (...path: string[]): string => join(PROJECT, 'dist', ...path);

/** Runs one of our programs to its end. @throws Error with the end of its log when it fails */
async function runStep(
  name: string,
  args: readonly string[],
  context: StepContext,
  input = '',
): Promise<void> {
  const logFile = join(context.home, 'logs', `${name}.log`);
  const log = openLog(logFile);
  const signal = AbortSignal.any([
    AbortSignal.timeout(STEP_LIMIT_MS),
    ...(context.signal ? [context.signal] : []),
  ]);
  const child = spawn(process.execPath, args, {
    cwd: PROJECT,
    env: context.env,
    detached: true,
    stdio: ['pipe', log.descriptor, log.descriptor],
  });
  closeSync(log.descriptor);
  track(child);
  const kill = (): void => killGroup(child.pid);
  signal.addEventListener('abort', kill, { once: true });
  // The program ended without reading its input; its exit code tells why.
  child.stdin?.on('error', () => undefined).end(input);
  const code = await new Promise<number | null>((done, refuse) =>
    child.once('error', refuse).once('exit', done),
  );
  signal.removeEventListener('abort', kill);
  context.signal?.throwIfAborted();
  if (code !== 0)
    throw new Error(
      `${name} ${code === null ? 'took too long' : `failed (code ${code})`}; see ${logFile}\n${log.tail()}`,
    );
}

/**
 * Compiles what has changed; the build itself detects changes. An installation without sources was
 * delivered compiled.
 * @returns whether the compiled files have changed
 */
export async function ensureBuilt(context: StepContext): Promise<boolean> {
  const script = join(PROJECT, 'scripts', 'build.mjs');
  const before = buildStamp();
  if (existsSync(script)) await runStep('build', [script], context);
  return buildStamp() !== before;
}

function buildStamp(): string {
  const file = program('.stamp');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/**
 * Brings the schema up to date, unless `migrated`; inserts the demo keys and, if requested, the demo
 * events.
 */
export async function prepareDatabase(
  context: StepContext,
  secrets: Secrets,
  { migrated, seed }: { migrated: boolean; seed: boolean },
): Promise<void> {
  if (!migrated) await runStep('migrate', [program('src', 'cli', 'migrate.js')], context);
  const lines = Object.entries(secrets.keys).map(([name, key]) =>
    JSON.stringify({ key, ...DEMO_CALLERS[name as keyof typeof DEMO_CALLERS] }),
  );
  await runStep(
    'keys',
    [program('src', 'cli', 'keys.js'), 'ensure'],
    context,
    `${lines.join('\n')}\n`,
  );
  if (seed) await runStep('seed', [program('src', 'cli', 'seed.js')], context);
}
