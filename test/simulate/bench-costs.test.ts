import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newestBench, withBench } from '../../proof/simulate/bench-costs';
import { readCosts } from '../../proof/simulate/costs-file';

const { costs } = readCosts();

describe('costs from a benchmark', () => {
  test('the newest whole run of the commit counts', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-costs-'));
    const write = (name: string, date: string, scale: number, id: string, value: number, temporal = 'development') => {
      const cases = [{ id: 'sustained', medians: { oursApiCpuMs: value } }];
      writeFileSync(join(folder, `${name}.json`), JSON.stringify({ date, scale, temporal, commit: { id }, cases }));
    };
    write('old', '2026-01-01', 1, 'abc', 1);
    write('new', '2026-02-01', 1, 'abc', 2);
    write('trial', '2026-03-01', 0.1, 'abc', 3);
    write('other', '2026-03-01', 1, 'def', 4);
    write('composed', '2026-03-01', 1, 'abc', 5, 'postgres');
    expect(newestBench(folder, 'abc')).toEqual({ oursApiCpuMs: 2 });
    expect(newestBench(folder, 'nobody')).toBeNull();
    expect(newestBench(join(folder, 'not-there'), 'abc')).toBeNull();
  });

  test('its sums are kept, parted as they were measured; what it lacks stays', () => {
    const { costs: changed, changed: names } = withBench(costs, { oursApiCpuMs: 10, oursTemporalCpuMs: 'none' });
    expect(changed['api.hold'] + changed['api.payment']).toBeCloseTo(10);
    expect(changed['api.hold'] / changed['api.payment']).toBeCloseTo(costs['api.hold'] / costs['api.payment']);
    expect(changed['temporal.adopt']).toBe(costs['temporal.adopt']);
    expect(names).toEqual(['api.hold', 'api.payment']);
  });
});
