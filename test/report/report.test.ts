import { binValues } from '../../proof/report/charts';
import { renderReport, type Report } from '../../proof/report/report';
import { niceScale } from '../../proof/report/scale';
import { distributionCurve, percentile, summarise } from '../../proof/report/statistics';
import { formatCell, renderConsoleTable } from '../../src/cli/console-table';

const EVIL = `<script>alert("1") & 'x'</script>`;
const SAFE = '&lt;script&gt;alert(&quot;1&quot;) &amp; &#39;x&#39;&lt;/script&gt;';

const report: Report = {
  title: EVIL,
  intro: [EVIL],
  verdict: { ok: false, text: EVIL },
  tables: [{ title: EVIL, columns: [EVIL, 'figure'], rows: [[EVIL, 12.5]], note: EVIL }],
  charts: [
    {
      kind: 'bar',
      title: EVIL,
      unit: EVIL,
      categories: [EVIL, 'b'],
      series: [{ name: EVIL, values: [1, 2] }],
      note: EVIL,
    },
    {
      kind: 'line',
      title: EVIL,
      xLabel: EVIL,
      yLabel: EVIL,
      series: [
        {
          name: EVIL,
          points: [
            [0, 1],
            [5, 3],
          ],
        },
        { name: 'one point', points: [[2, 2]] },
      ],
    },
    {
      kind: 'histogram',
      title: EVIL,
      unit: EVIL,
      series: [
        { name: EVIL, values: [1, 2, 2, 9] },
        { name: 'b', values: [2] },
      ],
    },
  ],
  meta: { [EVIL]: EVIL },
};

describe('A report', () => {
  const html = renderReport(report);

  it('lets no text out of its place', () => {
    expect(html).not.toContain('<script');
    // Title twice; then each place where text can stand, legends and hints included.
    expect(html.split(SAFE).length - 1).toBeGreaterThan(25);
  });

  it('needs nothing from outside, and follows light, dark and paper', () => {
    expect(html).not.toMatch(/https?:|\ssrc=|@import|url\(/);
    expect(html).toContain('@media (prefers-color-scheme:dark)');
    expect(html).toContain('@media print');
  });

  it('draws every value inside the picture', () => {
    expect(html.match(/<svg/g)).toHaveLength(3);
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
    // Two bars; 1, 2–2 and 9 of the first series and 2 of the second.
    expect(html.match(/<rect/g)).toHaveLength(6);
    expect(html.match(/<polyline/g)).toHaveLength(1);
    expect(html.match(/<circle/g)).toHaveLength(1);
    for (const [, y, height] of html.matchAll(/<rect[^>]* y="([\d.]+)"[^>]* height="([\d.]+)"/g)) {
      expect(Number(y)).toBeGreaterThanOrEqual(16);
      expect(Number(y) + Number(height)).toBeLessThanOrEqual(232.1);
    }
  });

  it('is drawn also of nothing', () => {
    const charts = report.charts.map((chart) => ({ ...chart, series: [], categories: [] }));
    const empty = renderReport({ ...report, tables: [], charts });
    expect(empty.match(/<svg/g)).toHaveLength(3);
    expect(empty).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('Figures', () => {
  it('are summed up by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summarise(values)).toEqual({
      count: 100,
      mean: 50.5,
      p50: 50,
      p95: 95,
      p99: 99,
      min: 1,
      max: 100,
    });
    expect(summarise([])).toMatchObject({ count: 0, mean: 0, p99: 0 });
    expect(percentile([7], 0.5)).toBe(7);
    expect(distributionCurve([3, 1])).toEqual([
      [50, 1],
      [100, 3],
    ]);
  });

  it('are counted each in one bin, the highest too', () => {
    const values = [0.1, 0.2, 0.3, 0.7, 0.7000001, 1.1];
    const { counts } = binValues(values);
    expect(counts.reduce((a, b) => a + b)).toBe(values.length);
    expect(binValues([5, 5, 5]).counts.reduce((a, b) => a + b)).toBe(3);
    expect(binValues([]).counts.every((count) => count === 0)).toBe(true);
  });

  it('stand on round numbers', () => {
    expect(niceScale(0, 0.3).ticks).toEqual([0, 0.1, 0.2, 0.3]);
    expect(niceScale(0, 97).ticks).toEqual([0, 20, 40, 60, 80, 100]);
    expect(niceScale(0, 0).max).toBe(1);
  });

  it('line up on the console', () => {
    const table = {
      columns: ['check', 'rows', 'time'],
      rows: [
        ['seats', 21000, '4.1 ms'],
        ['x', 7, '12.0 ms'],
      ],
    };
    expect(renderConsoleTable(table).split('\n')).toEqual([
      'check    rows     time',
      '─────  ──────  ───────',
      'seats  21,000   4.1 ms',
      'x           7  12.0 ms',
    ]);
    expect(formatCell(1234.5)).toBe('1,235');
    expect(formatCell(0.126)).toBe('0.13');
  });
});
