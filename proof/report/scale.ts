export interface Scale {
  min: number;
  max: number;
  step: number;
  ticks: number[];
}

/** Steps of 1, 2 or 5 times a power of ten. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

/**
 * An axis with round numbers that covers `low` to `high`; it starts at 0 unless `startAtMin`.
 * @param options.steps the approximate number of steps
 */
export function niceScale(
  low: number,
  high: number,
  options: { startAtMin?: boolean; steps?: number } = {},
): Scale {
  const { startAtMin = false, steps = 5 } = options;
  const from = startAtMin ? low : 0;
  const to = high > from ? high : from + 1;
  const step = niceStep((to - from) / steps);
  const min = Math.floor(from / step) * step;
  const max = Math.ceil(to / step - 1e-9) * step;
  const count = Math.round((max - min) / step);
  // Rounded to the decimals of the step: the sum 0.1 + 0.2 is not 0.3.
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const ticks = Array.from({ length: count + 1 }, (_, index) =>
    Number((min + index * step).toFixed(decimals)),
  );
  return { min, max, step, ticks };
}
