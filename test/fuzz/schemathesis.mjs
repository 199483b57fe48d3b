// Schemathesis: every operation of the OpenAPI document, with requests that are valid by it and requests that are not.
/* global AbortSignal */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPythonTool } from '../support/install-python-tool.mjs';

const VERSION = '4.32.5';
const HERE = fileURLToPath(new URL('.', import.meta.url));
const RUN_LIMIT_MS = 1_200_000;

/** @returns the Python that has Schemathesis */
export const installSchemathesis = () => installPythonTool('schemathesis', VERSION);

function runOnce(python, args, { env, folder, signal }) {
  const child = spawn(python, ['-m', 'schemathesis.cli', ...args], {
    cwd: folder,
    env: {
      ...process.env,
      ...env,
      PYTHONPATH: HERE,
      PYTHONDONTWRITEBYTECODE: '1',
      SCHEMATHESIS_HOOKS: 'hooks',
    },
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
 * @param document the file of the OpenAPI document that answers are held against
 * @param given what the hooks need to know of the running system
 * @returns its failures, as text, and how many requests it made
 */
export async function runSchemathesis(python, run) {
  const { apiUrl, document, role, key, phases, examples, seed, given, folder, signal } = run;
  const report = join(folder, `${role}.json`);
  const args = [
    ...['--config-file', join(HERE, 'schemathesis.toml'), 'run', document, '--url', apiUrl],
    ...(key ? ['--header', `Authorization: Bearer ${key}`] : []),
    ...[
      '--checks',
      'all',
      '--continue-on-failure',
      '--max-examples',
      String(examples),
      '--seed',
      String(seed),
    ],
    ...[
      '--request-timeout',
      '30',
      '--generation-database',
      'none',
      '--output-truncate',
      'false',
      '--no-color',
    ],
    ...['--phases', phases, '--report', 'json', '--report-json-path', report],
  ];
  const { code, output } = await runOnce(python, args, {
    env: { HOLDFAST_FUZZ: given },
    folder,
    signal,
  });
  if (!existsSync(report))
    throw new Error(`Schemathesis made no report (code ${code}):\n${output}`);
  const { complete, operations, test_cases: cases } = JSON.parse(readFileSync(report, 'utf8'));
  const failures = [];
  if (code !== 0) failures.push(`Schemathesis as ${role}:\n${output}`);
  if (!complete || operations.tested !== operations.total) {
    failures.push(
      `Schemathesis as ${role} tried ${operations.tested} of ${operations.total} operations`,
    );
  }
  return { requests: cases.generated, failures };
}
