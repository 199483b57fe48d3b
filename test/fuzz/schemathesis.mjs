// Schemathesis: every operation of the OpenAPI document, with requests that are valid by it and requests that are not.
/* global AbortSignal */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '4.32.5';
const PYTHONS = ['python3', 'python3.11', 'python3.12', 'python3.13', 'python3.14'];
const HERE = fileURLToPath(new URL('.', import.meta.url));
const RUN_LIMIT_MS = 1_200_000;

function findPython() {
  const recent = PYTHONS.find((name) => {
    try {
      execFileSync(name, ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'], {
        stdio: 'ignore',
      });
      return true;
    } catch {
      return false;
    }
  });
  if (!recent) throw new Error('Schemathesis needs Python 3.11 or newer with its venv module (Debian: python3-venv)');
  return recent;
}

/** Installs Schemathesis once for a user and version. @returns the Python that has it */
export function installSchemathesis(say) {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast');
  const folder = join(cache, `schemathesis-${VERSION}`);
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return python;
  say(`installing Schemathesis ${VERSION} into ${folder}`);
  // Made aside, so that what is there is always whole.
  const aside = `${folder}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  try {
    execFileSync(findPython(), ['-m', 'venv', aside], { stdio: 'inherit' });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `schemathesis==${VERSION}`];
    execFileSync(join(aside, 'bin', 'python'), pip, { stdio: 'inherit' });
    if (!existsSync(python)) renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return python;
}

function runOnce(python, args, { env, folder, signal }) {
  const child = spawn(python, ['-m', 'schemathesis.cli', ...args], {
    cwd: folder,
    env: { ...process.env, ...env, PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1', SCHEMATHESIS_HOOKS: 'hooks' },
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: AbortSignal.any([signal, AbortSignal.timeout(RUN_LIMIT_MS)]),
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((done, refuse) => {
    child.once('error', refuse);
    child.once('close', (code) => done({ code, output }));
  });
}

/**
 * Runs it as one role, with all of its checks.
 * @param given what the hooks need to know of the running system
 * @returns its failures, as text, and how many requests it made
 */
export async function runSchemathesis(python, { apiUrl, role, key, examples, seed, given, folder, signal }) {
  const report = join(folder, `${role}.json`);
  const args = [
    ...['--config-file', join(HERE, 'schemathesis.toml'), 'run', `${apiUrl}/openapi.json`],
    ...(key ? ['--header', `Authorization: Bearer ${key}`] : []),
    ...['--checks', 'all', '--continue-on-failure', '--max-examples', String(examples), '--seed', String(seed)],
    ...['--request-timeout', '30', '--generation-database', 'none', '--output-truncate', 'false', '--no-color'],
    ...['--report', 'json', '--report-json-path', report],
  ];
  const { code, output } = await runOnce(python, args, { env: { HOLDFAST_FUZZ: given }, folder, signal });
  if (!existsSync(report)) throw new Error(`Schemathesis made no report (code ${code}):\n${output}`);
  const { complete, operations, test_cases: cases } = JSON.parse(readFileSync(report, 'utf8'));
  const failures = [];
  if (code !== 0) failures.push(`Schemathesis as ${role}:\n${output}`);
  if (!complete || operations.tested !== operations.total) {
    failures.push(`Schemathesis as ${role} tried ${operations.tested} of ${operations.total} operations`);
  }
  return { requests: cases.generated, failures };
}
