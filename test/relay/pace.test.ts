import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { paceCommands, paceStarts, startLimits, type Load } from '../../src/relay/pace';
import { limitOf, watchProcessors } from '../../src/relay/processors';

const DEFAULT = { most: undefined, least: 1 };
const busy = (processors: number, newPerSecond: number): Load => ({
  processors,
  busy: 1,
  newPerSecond,
});
const startsPerSecond = (load: Load, limits = startLimits(load.processors, DEFAULT)) => {
  const { atOnce, pauseMs, everyMs = 0 } = paceStarts(load, limits);
  return (1000 * atOnce) / Math.max(pauseMs, everyMs);
};

describe('The pace at which workflows start', () => {
  it('falls while more holds come, to the least and not below', () => {
    const rates = [60, 100, 200, 250].map((holds) => startsPerSecond(busy(2, holds)));
    expect(rates).toEqual([...rates].sort((one, other) => other - one));
    expect(startsPerSecond(busy(2, 1000))).toBeCloseTo(1);
    expect(startsPerSecond(busy(2, 1000), startLimits(2, { ...DEFAULT, least: 7 }))).toBeCloseTo(7);
  });

  it('is that of a burst only above 25 holds a second for each processor, on a busy machine', () => {
    const quiet = startsPerSecond({ processors: 2, busy: 1, newPerSecond: 50 });
    expect(startsPerSecond(busy(2, 51))).toBeLessThan(quiet);
    expect(startsPerSecond({ processors: 2, busy: 0.2, newPerSecond: 500 })).toBeGreaterThan(quiet);
    expect(startsPerSecond(busy(8, 200))).toBeGreaterThan(quiet);
  });

  it('grows with the processors', () => {
    expect(startsPerSecond(busy(8, 300))).toBeGreaterThan(3 * startsPerSecond(busy(2, 60)));
  });

  it('is the one that is set, and `off` lifts it', () => {
    expect(startsPerSecond(busy(2, 100), startLimits(2, { ...DEFAULT, most: 118 }))).toBeCloseTo(
      100,
    );
    const off = startLimits(2, { ...DEFAULT, most: 'off' });
    expect(paceStarts(busy(2, 1000), off)).toEqual(paceStarts(busy(2, 0), off));
    expect(paceCommands(busy(2, 1000), off)).toEqual(paceCommands(busy(2, 0), off));
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
    // Ten minutes of one processor, within a tenth of a second.
    use(600_000_000);
    await delay(150);
    expect(processors.busy()).toBe(1);
    processors.stop();
    rmSync(folder, { recursive: true });
  });

  it('are the machine’s where there is no limit', () => {
    const processors = watchProcessors('/nowhere');
    expect(processors.count).toBe(availableParallelism());
    processors.stop();
  });
});
