const PER_OCTAVE = 24;
const SMALLEST_MS = 0.01;
const BUCKETS = 24 * PER_OCTAVE;

/** Durations, counted in buckets of three per cent width: millions of them take no room. */
export class Latencies {
  count = 0;
  private sum = 0;
  private readonly buckets = new Uint32Array(BUCKETS);

  add(ms: number): void {
    this.count++;
    this.sum += ms;
    const bucket = ms <= SMALLEST_MS ? 0 : Math.round(Math.log2(ms / SMALLEST_MS) * PER_OCTAVE);
    this.buckets[Math.min(BUCKETS - 1, bucket)]!++;
  }

  merge(other: Latencies): void {
    this.count += other.count;
    this.sum += other.sum;
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.buckets[bucket]! += other.buckets[bucket]!;
  }

  mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  /** The duration that the given share (0 to 1) stays below; 0 of nothing. */
  percentile(share: number): number {
    let left = Math.ceil(share * this.count);
    if (left === 0) return 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.buckets[bucket]!;
      if (left <= 0) return SMALLEST_MS * 2 ** (bucket / PER_OCTAVE);
    }
    return Infinity;
  }
}
