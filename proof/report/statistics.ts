/** The value below which the given share (0 to 1) of the sorted values lies, by nearest rank; 0 of nothing. */
export function percentile(sorted: readonly number[], share: number): number {
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? 0
  );
}

export interface Summary {
  count: number;
  mean: number;
  p50: number;
  p95: number;
  p99: number;
  min: number;
  max: number;
}

/** Mean and percentiles of measurements; all zero without any. */
export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    count: sorted.length,
    mean: sorted.length === 0 ? 0 : sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
  };
}

/** The cumulative distribution: for each share in per cent, the value below which it lies. At most 100 points. */
export function distributionCurve(values: readonly number[]): [number, number][] {
  const sorted = [...values].sort((a, b) => a - b);
  const steps = Math.min(100, sorted.length);
  return Array.from({ length: steps }, (_, index) => {
    const share = (index + 1) / steps;
    return [100 * share, percentile(sorted, share)];
  });
}
