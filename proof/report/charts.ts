import { niceScale } from './scale';
import { escapeText } from './escape';
import { formatCell } from '../product';

interface ChartText {
  title: string;
  /** What to see in it. */
  note?: string;
}

/** Groups of bars: for each category one bar a series. */
interface BarChart extends ChartText {
  kind: 'bar';
  unit: string;
  categories: readonly string[];
  series: readonly { name: string; values: readonly number[] }[];
}

interface LineChart extends ChartText {
  kind: 'line';
  xLabel: string;
  yLabel: string;
  series: readonly { name: string; points: readonly (readonly [number, number])[] }[];
}

/** How often which value was measured; the series stand on each other, so that the outline is the whole. */
interface Histogram extends ChartText {
  kind: 'histogram';
  unit: string;
  series: readonly { name: string; values: readonly number[] }[];
}

export type Chart = BarChart | LineChart | Histogram;

const WIDTH = 720;
const HEIGHT = 280;
const LEFT = 64;
const RIGHT = 16;
const TOP = 16;
const BOTTOM = 48;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
/** The colours of the style sheet. */
const COLOURS = 4;
const MAX_BINS = 30;

const colour = (index: number) => `s${index % COLOURS}`;
const px = (value: number) => value.toFixed(1);

interface Frame {
  toY: (value: number) => number;
  svg: (marks: string, xAxis: string) => string;
}

/** Grid, axis and labels around what a chart draws. */
function frame(title: string, maxValue: number, yLabel: string): Frame {
  const y = niceScale(0, maxValue);
  const toY = (value: number) => TOP + PLOT_HEIGHT * (1 - value / y.max);
  const grid = y.ticks.map(
    (tick) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(toY(tick))}" y2="${px(toY(tick))}"/>` +
      `<text class="tick" x="${LEFT - 8}" y="${px(toY(tick) + 4)}" text-anchor="end">${formatCell(tick)}</text>`,
  );
  const label = `<text class="axis" transform="translate(14 ${TOP + PLOT_HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escapeText(yLabel)}</text>`;
  return {
    toY,
    svg: (marks, xAxis) =>
      `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(title)}">${grid.join('')}${label}${marks}` +
      `<line class="base" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(toY(0))}" y2="${px(toY(0))}"/>${xAxis}</svg>`,
  };
}

const below = (x: number, text: string, row = 0, kind = 'tick') =>
  `<text class="${kind}" x="${px(x)}" y="${TOP + PLOT_HEIGHT + 18 + 18 * row}" text-anchor="middle">${escapeText(text)}</text>`;

const bar = (series: number, x: number, width: number, top: number, bottom: number, hint: string) =>
  `<rect class="${colour(series)}" x="${px(x)}" y="${px(top)}" width="${px(Math.max(1, width))}" height="${px(Math.max(0, bottom - top))}" rx="1.5"><title>${escapeText(hint)}</title></rect>`;

function drawBars(chart: BarChart): string {
  const { toY, svg } = frame(
    chart.title,
    Math.max(0, ...chart.series.flatMap((one) => one.values)),
    chart.unit,
  );
  const slot = PLOT_WIDTH / Math.max(1, chart.categories.length);
  const width = Math.min(56, (slot * 0.7) / chart.series.length);
  const start = (slot - width * chart.series.length) / 2;
  const marks = chart.series.flatMap(({ name, values }, series) =>
    values.map((value, category) => {
      const x = LEFT + slot * category + start + width * series;
      const label = `<text class="value" x="${px(x + width / 2)}" y="${px(toY(value) - 4)}" text-anchor="middle">${formatCell(value)}</text>`;
      const hint = `${chart.categories[category] ?? ''}, ${name}: ${formatCell(value)} ${chart.unit}`;
      return bar(series, x + 1, width - 2, toY(value), toY(0), hint) + (width >= 30 ? label : '');
    }),
  );
  const labels = chart.categories.map((text, category) =>
    below(LEFT + slot * (category + 0.5), text),
  );
  return svg(marks.join(''), labels.join(''));
}

function drawLines(chart: LineChart): string {
  const points = chart.series.flatMap((one) => one.points);
  const { toY, svg } = frame(chart.title, Math.max(0, ...points.map(([, y]) => y)), chart.yLabel);
  const xs = points.map(([x]) => x);
  const from = Math.min(...xs, Infinity);
  const x = niceScale(Number.isFinite(from) ? from : 0, Math.max(...xs, -Infinity), {
    startAtMin: true,
  });
  const toX = (value: number) => LEFT + (PLOT_WIDTH * (value - x.min)) / (x.max - x.min);
  const marks = chart.series.map(({ name, points: line }, series) => {
    if (line.length === 1) {
      const [[px0, py0]] = line as [[number, number]];
      return `<circle class="${colour(series)}" cx="${px(toX(px0))}" cy="${px(toY(py0))}" r="4"><title>${escapeText(name)}</title></circle>`;
    }
    const path = line.map((point) => `${px(toX(point[0]))},${px(toY(point[1]))}`).join(' ');
    return `<polyline class="line ${colour(series)}" points="${path}"><title>${escapeText(name)}</title></polyline>`;
  });
  const labels = x.ticks.map((tick) => below(toX(tick), formatCell(tick)));
  return svg(
    marks.join(''),
    labels.join('') + below(LEFT + PLOT_WIDTH / 2, chart.xLabel, 1, 'axis'),
  );
}

/** Counts values into equal bins of a readable width. */
export function binValues(values: readonly number[]): {
  start: number;
  width: number;
  counts: number[];
} {
  const finite = values.length > 0 ? values : [0];
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const { step: width, min: start } = niceScale(low, high, {
    startAtMin: true,
    steps: MAX_BINS * 0.7,
  });
  const counts = new Array<number>(Math.floor((high - start) / width) + 1).fill(0);
  for (const value of values) counts[Math.floor((value - start) / width)]!++;
  return { start, width, counts };
}

function drawHistogram(chart: Histogram): string {
  const { start, width, counts } = binValues(chart.series.flatMap((one) => one.values));
  const { toY, svg } = frame(chart.title, Math.max(...counts), 'how many');
  const slot = PLOT_WIDTH / counts.length;
  const heights = new Array<number>(counts.length).fill(0);
  const marks = chart.series.flatMap(({ name, values }, series) => {
    const own = new Array<number>(counts.length).fill(0);
    for (const value of values) own[Math.floor((value - start) / width)]!++;
    return own.map((count, bin) => {
      if (count === 0) return '';
      const bottom = heights[bin]!;
      heights[bin] = bottom + count;
      const hint = `${formatCell(start + bin * width)}–${formatCell(start + (bin + 1) * width)} ${chart.unit}, ${name}: ${count}`;
      return bar(series, LEFT + slot * bin + 1, slot - 2, toY(bottom + count), toY(bottom), hint);
    });
  });
  const every = Math.ceil((counts.length + 1) / 10);
  const labels = Array.from({ length: counts.length + 1 }, (_, bin) =>
    bin % every === 0 ? below(LEFT + slot * bin, formatCell(start + bin * width)) : '',
  );
  return svg(marks.join(''), labels.join('') + below(LEFT + PLOT_WIDTH / 2, chart.unit, 1, 'axis'));
}

function draw(chart: Chart): string {
  switch (chart.kind) {
    case 'bar':
      return drawBars(chart);
    case 'line':
      return drawLines(chart);
    case 'histogram':
      return drawHistogram(chart);
  }
}

/** One chart as a figure with its title, legend and note. */
export function renderChart(chart: Chart): string {
  const names = chart.series.map(({ name }) => name);
  const legend = names
    .map((name, index) => `<li><i class="${colour(index)}"></i>${escapeText(name)}</li>`)
    .join('');
  const note = chart.note ? `<p class="note">${escapeText(chart.note)}</p>` : '';
  return (
    `<figure><figcaption>${escapeText(chart.title)}</figcaption>` +
    `${names.length > 1 ? `<ul class="legend">${legend}</ul>` : ''}${draw(chart)}${note}</figure>`
  );
}
