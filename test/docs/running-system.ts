import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from './blocks';

const READY_LIMIT_MS = 400_000;
/** What a reader's checkout does not have, or what the examples write. */
const LEFT_OUT = new Set(['.git', '.holdfast', 'package.json', 'reports']);
/** Free ports, so that the examples run beside a system that is being used. */
const FREE_PORTS = {
  PORT: '0',
  PG_PORT: '0',
  TEMPORAL_PORT: '0',
  TEMPORAL_UI_PORT: '0',
  SMTP_PORT: '0',
  MAIL_UI_PORT: '0',
};

/** A folder that looks like the reader's checkout, with a system that runs in it. */
export interface RunningSystem {
  folder: string;
  env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** The project by links, so that what examples write stays out of it. */
function makeCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-docs-'));
  // As a checkout is: PostgreSQL may run as another user, who must reach its data.
  chmodSync(folder, 0o755);
  for (const name of readdirSync(PROJECT)) {
    if (!LEFT_OUT.has(name)) symlinkSync(join(PROJECT, name), join(folder, name));
  }
  // npm works where this file is, not where a link to it points.
  copyFileSync(join(PROJECT, 'package.json'), join(folder, 'package.json'));
  return folder;
}

/** @throws Error with what was printed, when the command ends or stays silent instead of saying "ready" */
async function waitUntilReady(child: ChildProcess): Promise<void> {
  let printed = '';
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`npm run dev ${why}:\n${printed}`));
      timer = setTimeout(() => fail('was not ready in time'), READY_LIMIT_MS);
      const listen = (text: string): void => {
        printed += text;
        if (/^ready$/m.test(printed)) resolve();
      };
      child.stdout!.setEncoding('utf8').on('data', listen);
      child.stderr!.setEncoding('utf8').on('data', listen);
      child.once('exit', (code) => fail(`ended with ${code}`));
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Runs `npm run dev` as README.md prints it, in a folder of its own. */
export async function startAsPrinted(): Promise<RunningSystem> {
  const folder = makeCheckout();
  const { PATH, HOME, XDG_CACHE_HOME, PUPPETEER_EXECUTABLE_PATH } = process.env;
  const env = { PATH, HOME, XDG_CACHE_HOME, PUPPETEER_EXECUTABLE_PATH };
  const child = spawn('npm', ['run', 'dev'], { cwd: folder, env: { ...env, ...FREE_PORTS } });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    // npm passes it on.
    if (child.exitCode === null) child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await waitUntilReady(child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { folder, env, stop };
}
