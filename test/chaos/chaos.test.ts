import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A minute of faults, at most eight for the kinds that had no time, and until all work is done. */
const LIMIT_MS = 1_500_000;

interface Outcome {
  code: number;
  output: string;
}

/** Runs the compiled program to its end; the global set-up has built it. */
function runChaos(args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const program = join(__dirname, '../../dist/proof/chaos/main.js');
    execFile(
      process.execPath,
      [program, ...args],
      { maxBuffer: 32 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
        resolve({ code, output: `${stdout}${stderr}` });
      },
    );
  });
}

describe('Chaos', () => {
  it(
    'breaks no promise in a minute of kills, freezes and cut connections',
    async () => {
      const out = mkdtempSync(join(tmpdir(), 'holdfast-chaos-report-'));
      const { code, output } = await runChaos(['--minutes', '1', '--seed', '1', '--out', out]);
      // The whole table is the message: it names what was broken, and where it was kept.
      expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
      expect(output).toMatch(/Every promise held/);
      rmSync(out, { recursive: true });
    },
    LIMIT_MS,
  );

  it('names a bad option', async () => {
    expect(await runChaos(['--minutes', 'soon'])).toEqual({
      code: 1,
      output: '--minutes must be a number from 0.1 to 600\n',
    });
  });
});
