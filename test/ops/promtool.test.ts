import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { findPromtool } from '../support/find-debian-program';

const OPS = join(__dirname, '../../ops');
const promtool = findPromtool();

const run = (...args: string[]): string => {
  if ('reason' in promtool) throw new Error(promtool.reason);
  const env = { PATH: process.env.PATH, LD_LIBRARY_PATH: promtool.libraryPath };
  const cwd = join(OPS, 'prometheus');
  return execFileSync(promtool.file, args, { cwd, encoding: 'utf8', stdio: 'pipe', env });
};

// What a report of the run shows is the name: nobody takes for checked what was not.
const skipped = 'reason' in promtool ? ` (NOT CHECKED: ${promtool.reason})` : '';

(skipped === '' ? describe : describe.skip)(`Prometheus' own tool${skipped}`, () => {
  it('takes every alert rule', () => {
    expect(run('check', 'rules', 'alerts.yml')).toMatch(/SUCCESS: \d+ rules found/);
  });

  it('fires the alerts that should fire, and no others', () => {
    expect(run('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
  });

  it('takes every query of the dashboard, as the expression of a rule', () => {
    const { panels } = JSON.parse(readFileSync(join(OPS, 'grafana/holdfast.json'), 'utf8')) as {
      panels: { id: number; targets: { refId: string; expr: string }[] }[];
    };
    const rules = panels.flatMap(({ id, targets }) =>
      targets.map(({ refId, expr }) => ({ record: `panel_${id}_${refId}`, expr })),
    );
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-dashboard-'));
    const check = (name: string, those: typeof rules) => {
      const file = join(folder, name);
      writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules: those }] }));
      return run('check', 'rules', file);
    };
    try {
      expect(rules.length).toBeGreaterThan(20);
      expect(check('all.yml', rules)).toContain(`SUCCESS: ${rules.length} rules found`);
      const broken = [{ record: 'broken', expr: 'sum by (outcome (rate(x[1m]))' }];
      expect(() => check('broken.yml', broken)).toThrow(/could not parse expression/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
