import { spawn } from 'node:child_process';
import { closeSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DEMO_CALLERS, type Secrets } from './secrets';
import { killGroup, openLog, track } from './supervisor';

/** The project's folder, which all programs of ours run in. */
export const PROJECT = projectAbove(__dirname);
const STEP_LIMIT_MS = 180_000;

/** From the sources or from what was compiled: the folder above that has the lock file. */
function projectAbove(folder: string): string {
  return existsSync(join(folder, 'package-lock.json'))
    ? folder
    : projectAbove(resolve(folder, '..'));
}

/** What the steps of a start have in common. */
export interface StepContext {
  home: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal | undefined;
}

/** Where a compiled program of ours is, by its path below dist/. */
export const program = (...path: string[]): string => join(PROJECT, 'dist', ...path);

/** Runs one program of ours to its end. @throws Error with the end of its log when it fails. */
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
  // A program that ends without reading its input says why by its code.
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
 * Compiles what has changed; whether anything has is for the build itself to see. An installation without the sources
 * came with it built.
 * @returns whether what is built is another one now
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

/** Brings the schema up to date, then makes the demo keys known and, if asked to, seeds the demo events. */
export async function prepareDatabase(
  context: StepContext,
  secrets: Secrets,
  seed: boolean,
): Promise<void> {
  await runStep('migrate', [program('src', 'cli', 'migrate.js')], context);
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
