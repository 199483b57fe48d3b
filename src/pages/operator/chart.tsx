import { useState } from 'preact/hooks';
import type { Answer, Api } from '../staff/api';
import { numberText, t, timeText } from '../staff/language';
import { Select } from '../staff/parts';
import { Loading, Table, useLoad } from './lists';
import type { ReportShown } from './types';

const HOUR_MS = 3600 * 1000;
const PERIODS = { day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS, month: 30 * 24 * HOUR_MS } as const;
type Period = keyof typeof PERIODS;
const POINTS = 9;
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [600, 180, 48, 24];

interface Point {
  at: string;
  sold: number;
}

const soldIn = (report: ReportShown): number =>
  report.lines.reduce((sum, line) => sum + (line.state === 'sold' ? line.seats : 0), 0);

/** The report of now first, by whose clock the earlier ones are asked for. */
async function loadPoints(api: Api, path: string, period: Period): Promise<Answer<Point[]>> {
  const now = await api<ReportShown>('GET', path);
  if (now.kind !== 'answer') return now;
  const points: Point[] = [{ at: now.body.asOf, sold: soldIn(now.body) }];
  const end = Date.parse(now.body.asOf);
  for (let step = 1; step < POINTS; step++) {
    const at = new Date(end - (PERIODS[period] * step) / (POINTS - 1)).toISOString();
    const report = await api<ReportShown>('GET', `${path}?asOf=${encodeURIComponent(at)}`);
    if (report.kind !== 'answer') return report;
    points.unshift({ at, sold: soldIn(report.body) });
  }
  return { ...now, body: points };
}

function Line({ points }: { points: readonly Point[] }) {
  const highest = Math.max(1, ...points.map((point) => point.sold));
  const x = (index: number) => LEFT + (index * (WIDTH - LEFT - 8)) / (points.length - 1);
  const y = (sold: number) => 8 + (1 - sold / highest) * (HEIGHT - BOTTOM - 8);
  const [first, last] = [points[0]!, points.at(-1)!];
  const label = t('chartOf', {
    from: timeText(first.at),
    to: timeText(last.at),
    first: first.sold,
    last: last.sold,
  });
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {[0, highest].map((sold) => (
        <g key={sold}>
          <line class="axis" x1={LEFT} x2={WIDTH - 8} y1={y(sold)} y2={y(sold)} />
          <text x={LEFT - 6} y={y(sold) + 4} text-anchor="end">
            {numberText(sold)}
          </text>
        </g>
      ))}
      <polyline class="line" points={points.map((one, i) => `${x(i)},${y(one.sold)}`).join(' ')} />
      {points.map((one, index) => (
        <circle key={one.at} cx={x(index)} cy={y(one.sold)} r="3.5" />
      ))}
      <text x={LEFT} y={HEIGHT - 4}>
        {timeText(first.at)}
      </text>
      <text x={WIDTH - 8} y={HEIGHT - 4} text-anchor="end">
        {timeText(last.at)}
      </text>
    </svg>
  );
}

/** How the sale went: sold seats by the report, as of some moments. */
export function SaleChart({ api, event }: { api: Api; event: string }) {
  const [period, setPeriod] = useState<Period>('week');
  const path = `/v1/events/${encodeURIComponent(event)}/report`;
  const { loaded } = useLoad<Point[]>(() => loadPoints(api, path, period), [event, period]);
  return (
    <>
      <div class="period">
        <Select
          label={t('period')}
          value={period}
          onChange={(change) => setPeriod(change.currentTarget.value as Period)}
          options={[
            ['day', t('lastHours')],
            ['week', t('lastWeek')],
            ['month', t('lastMonth')],
          ]}
        />
      </div>
      <Loading loaded={loaded}>
        {(points) => (
          <>
            <Line points={points} />
            <details>
              <summary>{t('details')}</summary>
              <Table
                caption={t('overTime')}
                heads={[t('since'), t('sold')]}
                rows={points.map((one) => ({
                  id: one.at,
                  cells: [timeText(one.at), numberText(one.sold)],
                }))}
              />
            </details>
          </>
        )}
      </Loading>
    </>
  );
}
