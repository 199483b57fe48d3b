import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { helpText } from '../../src/cli/help';

const PROJECT = join(__dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Runs what the script runs behind the build. Nothing that it could start is within its reach. */
function run(
  script: string,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const program = /dist\/\S+\.js/.exec(scripts[script] ?? '')?.[0];
  if (program === undefined) throw new Error(`npm run ${script} runs no program of dist/`);
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(PROJECT, program), ...args],
      {
        env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none', HOLDFAST_HOME: '/nowhere' },
        timeout: 60_000,
      },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

describe('--help', () => {
  it.each([
    ['dev', 'HOLDFAST_HOME'],
    ['migrate', 'DATABASE_URL[_FILE]'],
    ['seed', 'DATABASE_URL[_FILE]'],
    ['keys', 'DATABASE_URL[_FILE]'],
    ['verify', 'TEMPORAL_ADDRESS'],
    ['replay', 'PAYLOAD_ENCRYPTION_KEY'],
    ['race', 'HOLDFAST_HOME'],
    ['bench', 'HOLDFAST_HOME'],
    ['chaos', 'reads no settings'],
    ['capacity', 'reads no settings'],
    ['upgrade', 'reads no settings'],
    ['start:api', 'API_PROCESSES'],
    ['start:worker', 'WORKER_ROLES'],
  ])(
    'of npm run %s prints the usage and the settings, and starts nothing',
    async (script, setting) => {
      const { code, out, err } = await run(script, '--help');
      expect(err).toBe('');
      expect(out).toMatch(new RegExp(`^Usage: npm run ${script}`));
      expect(out).toContain(setting);
      expect(code).toBe(0);
    },
  );

  it('says what a setting is for, and what holds without it', () => {
    const text = helpText('Usage: it', ['PORT', 'STRIPE_API_KEY']);
    expect(text).toContain('Settings (environment, or NAME_FILE: a file that has the value):');
    expect(text).toMatch(/^ {2}PORT +Port of the API \(3000\)$/m);
    expect(text).toMatch(
      /^ {2}STRIPE_API_KEY\[_FILE\] +Refunds go through Stripe\. Without it they go to the test provider; in\s+production whoever took the money gives it back$/m,
    );
  });

  it('keeps its lines within 100 columns', async () => {
    for (const script of ['start:api', 'start:worker']) {
      const { out } = await run(script, '--help');
      expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
    }
  });
});
