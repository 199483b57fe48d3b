import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findPromtool } from '../support/find-debian-program';

const FOLDER = join(__dirname, '../../ops/prometheus');
const promtool = findPromtool();
if ('reason' in promtool)
  process.stderr.write(`Skipped, what needs promtool: ${promtool.reason}\n`);

const run = (...args: string[]): string => {
  if ('reason' in promtool) throw new Error(promtool.reason);
  const env = { PATH: process.env.PATH, LD_LIBRARY_PATH: promtool.libraryPath };
  return execFileSync(promtool.file, args, { cwd: FOLDER, encoding: 'utf8', stdio: 'pipe', env });
};

('reason' in promtool ? describe.skip : describe)("Prometheus' own tool", () => {
  it('takes every alert rule', () => {
    expect(run('check', 'rules', 'alerts.yml')).toMatch(/SUCCESS: \d+ rules found/);
  });

  it('fires the alerts that should fire, and no others', () => {
    expect(run('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
  });
});
