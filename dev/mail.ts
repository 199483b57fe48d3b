import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartDefinition } from './supervisor';

/** Older mails are dropped, because the catcher keeps its list in memory. */
const MAX_EMAILS = 10_000;

/**
 * The package has no entry for `require`, so its program is searched in the way of Node's own
 * resolution.
 */
function findProgram(): string {
  for (const folder of require.resolve.paths('maildev') ?? []) {
    const file = join(folder, 'maildev', 'dist', 'bin', 'maildev.js');
    if (existsSync(file)) return file;
  }
  throw new Error(
    'the package maildev is not installed: run npm ci, or name a server with SMTP_URL',
  );
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const answer = (accepted: boolean) => (): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket
      .once('connect', answer(true))
      .once('error', answer(false))
      .setTimeout(2_000, answer(false));
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/**
 * Defines the mail catcher: an SMTP server that delivers nothing, with a page and a REST API. Mails
 * are kept in files.
 */
export function defineMail(options: {
  home: string;
  smtpPort: number;
  uiPort: number;
  recordFolder: string;
}): {
  definition: PartDefinition;
  smtpUrl: string;
  mailUrl: string;
} {
  const { home, smtpPort, uiPort, recordFolder } = options;
  const folder = join(home, 'mail');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const mailUrl = `http://127.0.0.1:${uiPort}`;
  const args = ['--smtp', smtpPort, '--ip', '127.0.0.1', '--web', uiPort, '--web-ip', '127.0.0.1'];
  args.push('--mail-directory', folder, '--max-emails', MAX_EMAILS);
  const definition: PartDefinition = {
    name: 'mail',
    file: process.execPath,
    args: [findProgram(), ...args.map(String)],
    options: { cwd: folder, env: process.env },
    logFile: join(home, 'logs', 'mail.log'),
    recordFolder,
    ready: async (_child, signal) => {
      while (
        !signal.aborted &&
        !((await answers(`${mailUrl}/api/healthz`)) && (await accepts(smtpPort)))
      )
        await sleep(50);
    },
    readyLimitMs: 30_000,
    stop: [{ signal: 'SIGTERM', limitMs: 5_000 }],
  };
  return { definition, smtpUrl: `smtp://127.0.0.1:${smtpPort}`, mailUrl };
}
