import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const PROJECT = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(PROJECT, path), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
const { groups } = parse(read('ops/prometheus/alerts.yml')) as {
  groups: { name: string; rules: Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('ops/grafana/holdfast.json')) as {
  panels: { id: number; title: string; targets: { expr: string }[] }[];
};

/** The metrics that a query names, without what Prometheus adds to histograms. */
const metricsIn = (query: string): string[] =>
  [...query.matchAll(/\b(?:holdfast|temporal)_\w+/g)].map(([name]) =>
    name.replace(/_(?:bucket|count|sum)$/, ''),
  );
const documented = new Set(
  [...read('docs/reference/metrics.md').matchAll(/`((?:holdfast|temporal)_\w+)[`{]/g)].map(
    ([, name]) => name!,
  ),
);
const unknownIn = (queries: string[]) =>
  queries.flatMap(metricsIn).filter((name) => !documented.has(name));

describe('The alert rules', () => {
  it('are rules of Prometheus: a name, an expression, a severity, words for who is woken', () => {
    expect(rules.length).toBeGreaterThan(10);
    for (const { alert, expr, labels, annotations } of rules) {
      expect(alert).toMatch(/^Holdfast[A-Z]\w+$/);
      expect(expr).toMatch(/\S/);
      expect(['page', 'ticket']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/\S/);
    }
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
  });

  it('ask only for metrics that the reference describes', () => {
    expect(unknownIn(rules.map(({ expr }) => expr))).toEqual([]);
    expect(unknownIn(['max(holdfast_of_nothing) > 0'])).toEqual(['holdfast_of_nothing']);
  });

  it('each name an entry of the runbook', () => {
    const anchors = [...read('docs/guides/operate.md').matchAll(/^#+ (.+)$/gm)].map(
      ([, heading]) =>
        `docs/guides/operate.md#${heading!
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-')}`,
    );
    const missing = rules.filter(({ annotations }) => !anchors.includes(annotations.runbook!));
    expect(missing.map(({ alert, annotations }) => [alert, annotations.runbook])).toEqual([]);
  });
});

describe('The cases of the alert rules', () => {
  const { tests } = parse(read('ops/prometheus/alerts.test.yml')) as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
  };
  const cases = tests.flatMap(({ alert_rule_test: those }) => those);

  it.each(rules.map(({ alert }) => alert))('have %s fire, and be quiet', (alert) => {
    const fires = cases
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts: alerts }) => alerts.length > 0);
    expect([fires.includes(true), fires.includes(false)]).toEqual([true, true]);
  });
});

describe('The dashboard', () => {
  it('asks only for metrics that the reference describes', () => {
    const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(queries.length).toBeGreaterThan(20);
    expect(unknownIn(queries)).toEqual([]);
  });

  it('shows every metric of ours that the reference describes, but for those of one process', () => {
    const shown = new Set(
      dashboard.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr))),
    );
    const totals = ['holdfast_outbox_entries', 'holdfast_outbox_oldest_seconds'];
    const others = [
      ...totals,
      'holdfast_outbox_given_up',
      'holdfast_database_up',
      'holdfast_payments_unknown_oldest_seconds',
    ];
    const ours = [...documented].filter((name) => name.startsWith('holdfast_'));
    expect(ours.filter((name) => !shown.has(name) && !others.includes(name))).toEqual([]);
  });

  it('has one place for each panel', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
