import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  createRateGauge,
  gapAfter,
  mostNext,
  paceCommands,
  paceStarts,
  startLimits,
  type Load,
} from '../../src/relay/pace';
import { limitOf, watchProcessors } from '../../src/relay/processors';

const DEFAULT = { most: undefined, least: 1 };
const busy = (processors: number, holdsPerSecond: number): Load => ({
  processors,
  busy: 1,
  holdsPerSecond,
  commandsPerSecond: 0,
});
const paid = (processors: number, commandsPerSecond: number): Load => ({
  ...busy(processors, 0),
  commandsPerSecond,
});
const startsPerSecond = (load: Load, limits = startLimits(load.processors, DEFAULT)) =>
  1000 / paceStarts(load, limits).msEach;
const isLimited = (load: Load) =>
  paceCommands(load, startLimits(load.processors, DEFAULT)).msEach > 0;

describe('The pace at which workflows start', () => {
  it('falls while more holds come, to the least and not below', () => {
    const rates = [50, 60, 75, 90, 100].map((holds) => startsPerSecond(busy(2, holds)));
    const expected = [50, 40, 25, 10, 1];
    rates.forEach((rate, index) => expect(rate).toBeCloseTo(expected[index]!));
    expect(startsPerSecond(busy(2, 1000))).toBeCloseTo(1);
    expect(startsPerSecond(busy(2, 1000), startLimits(2, { ...DEFAULT, least: 7 }))).toBeCloseTo(7);
  });

  it('is that of a burst only above 25 holds a second for each processor, on a busy machine', () => {
    const steady = startsPerSecond(busy(2, 50));
    expect(startsPerSecond(busy(2, 51))).toBeLessThan(steady);
    expect(startsPerSecond({ ...busy(2, 500), busy: 0.2 })).toBeGreaterThan(steady);
    expect(startsPerSecond(busy(8, 200))).toBeGreaterThan(steady);
  });

  it('does not take payments for holds', () => {
    expect(startsPerSecond(paid(2, 500))).toBe(startsPerSecond(busy(2, 0)));
  });

  it('is what the processors can live on a busy machine without a burst, and twice that on a quiet one', () => {
    expect(startsPerSecond(busy(2, 40))).toBeCloseTo(50);
    expect(startsPerSecond({ ...busy(2, 40), busy: 0.5 })).toBeCloseTo(100);
  });

  it('grows with the processors, and so does a batch', () => {
    expect(startsPerSecond(busy(8, 240))).toBeCloseTo(4 * startsPerSecond(busy(2, 60)));
    const batch = (processors: number) =>
      paceStarts(busy(processors, 0), startLimits(processors, DEFAULT)).atOnce;
    expect([1, 2, 8, 64, 500].map(batch)).toEqual([2, 3, 10, 32, 32]);
  });

  it('is the one that is set, and `off` lifts it', () => {
    const set = startLimits(2, { ...DEFAULT, most: 118 });
    expect(startsPerSecond(busy(2, 75), set)).toBeCloseTo(59);
    const off = startLimits(2, { ...DEFAULT, most: 'off' });
    expect(paceStarts(busy(2, 1000), off).msEach).toBe(0);
    expect(paceCommands(busy(2, 1000), off).msEach).toBe(0);
  });

  it('lets one or two start at once, and three of a quarter of a second together', () => {
    const few = paceStarts(busy(8, 8), startLimits(8, DEFAULT));
    expect([1, 9].map((claimed) => gapAfter(claimed, few, 1))).toEqual([5, 45]);
    const pace = paceStarts(busy(8, 12), startLimits(8, DEFAULT));
    expect(pace.atOnce).toBe(10);
    expect([1, 9].map((claimed) => gapAfter(claimed, pace, 1))).toEqual([250, 250]);
    // More have come than a batch holds: there is nothing to wait for but the pace.
    expect(gapAfter(10, pace, 1)).toBeCloseTo(50);
    expect(gapAfter(0, pace, 1)).toBe(0);
    const off = paceStarts(busy(8, 0), startLimits(8, { ...DEFAULT, most: 'off' }));
    expect(gapAfter(1, off, 1)).toBe(0);
  });

  it('stays at the least or above with any number of processors, also a part of one', () => {
    for (const processors of [0.1, 0.5, 1, 2, 64])
      for (const holds of [0, 1, 30, 1000, 100_000]) {
        const load = busy(processors, holds);
        expect(startsPerSecond(load)).toBeGreaterThanOrEqual(1 - 1e-9);
        expect(Number.isInteger(paceStarts(load, startLimits(processors, DEFAULT)).atOnce)).toBe(
          true,
        );
        expect(paceCommands(load, startLimits(processors, DEFAULT)).atOnce).toBeGreaterThan(0);
      }
  });
});

describe('The pace of signals', () => {
  it('never lets one wait for others', () => {
    for (const load of [busy(2, 0), busy(2, 1000)])
      expect(paceCommands(load, startLimits(2, DEFAULT)).gatherMs).toBe(0);
  });

  it('is limited in a burst of holds or of payments on a busy machine, and never else', () => {
    expect([busy(2, 51), paid(2, 51)].map(isLimited)).toEqual([true, true]);
    // A hold and its payment are two entries of the outbox, and no burst.
    expect(isLimited({ ...busy(2, 40), commandsPerSecond: 40 })).toBe(false);
    expect(isLimited({ ...paid(2, 1000), busy: 0.4 })).toBe(false);
    expect(isLimited(busy(8, 150))).toBe(false);
  });
});

describe('The rate of what comes', () => {
  /** Reads a counter every 100 ms. @returns the rate at each reading */
  const ratesOf = (countAt: (ms: number) => number, untilMs: number) => {
    const gauge = createRateGauge(2000);
    return Array.from({ length: untilMs / 100 + 1 }, (_, reading) =>
      gauge(countAt(reading * 100), reading * 100),
    );
  };

  it('is that of the last two seconds: sixty at once are no flood', () => {
    const rates = ratesOf((ms) => (ms < 500 ? 0 : 60), 3000);
    expect(Math.max(...rates)).toBe(30);
    expect(rates.at(-1)).toBe(0);
  });

  it('shows a flood as soon as enough have come, and its end two seconds later', () => {
    const rates = ratesOf((ms) => Math.min(ms, 3000), 6000);
    expect([rates[2], rates[20], rates[30]]).toEqual([100, 1000, 1000]);
    expect([rates[40], rates[50]]).toEqual([500, 0]);
  });

  it('is right where readings are far apart', () => {
    const gauge = createRateGauge(2000);
    expect([gauge(0, 0), gauge(1000, 10_000)]).toEqual([0, 100]);
  });
});

describe('The processors of a container', () => {
  it.each([
    ['max 100000\n', null],
    ['150000 100000\n', 1.5],
    ['', null],
    [null, null],
    ['nonsense', null],
  ])('are read from its limit: %j', (text, limit) => {
    expect(limitOf(text)).toBe(limit);
  });

  it('are as busy as the container is, whatever the machine does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-cgroup-'));
    const use = (microseconds: number) =>
      writeFileSync(join(folder, 'cpu.stat'), `usage_usec ${microseconds}\nuser_usec 1\n`);
    writeFileSync(join(folder, 'cpu.max'), '50000 100000\n');
    use(0);
    const processors = watchProcessors(folder);
    expect(processors.count).toBe(0.5);
    await delay(250);
    expect(processors.busy()).toBe(0);
    // Ten minutes of one processor within a moment, again and again: a slow machine may miss one.
    for (let used = 600_000_000; processors.busy() < 1; used += 600_000_000) {
      use(used);
      await delay(20);
    }
    processors.stop();
    rmSync(folder, { recursive: true });
  });

  it('are the machine’s where there is no limit', () => {
    const processors = watchProcessors('/nowhere');
    expect(processors.count).toBe(availableParallelism());
    processors.stop();
  });
});

describe('A batch for a Temporal that is slow', () => {
  /** A server answers `capacity` concurrent calls in time, and of a larger batch none. @returns the calls answered */
  const batchesTo = (capacity: number, batches: number) => {
    let most = Infinity;
    return Array.from({ length: batches }, () => {
      const claimed = Math.min(16, most);
      const away = claimed > capacity ? claimed : 0;
      most = mostNext(most, { claimed, away });
      return claimed - away;
    });
  };

  it('is halved until it is answered in time, so that work is done', () => {
    expect(batchesTo(16, 3)).toEqual([16, 16, 16]);
    expect(batchesTo(1, 5)).toEqual([0, 0, 0, 0, 1]);
    const taken = batchesTo(5, 100).reduce((sum, count) => sum + count, 0);
    expect(taken).toBeGreaterThan(0.5 * 100 * 5);
  });

  it('always has one, and grows by one with each that is taken', () => {
    expect(mostNext(1, { claimed: 1, away: 1 })).toBe(1);
    expect(mostNext(1, { claimed: 1, away: 0 })).toBe(2);
    expect(mostNext(Infinity, { claimed: 3, away: 0 })).toBe(32);
  });
});
