import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, KINDS } from '../../proof/chaos/journal';
import { readOptions, UsageError } from '../../proof/chaos/options';
import { verdictOf, type ChaosResult } from '../../proof/chaos/result';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-kinds-'));
afterAll(() => rmSync(folder, { recursive: true }));

const journalOf = (times: number) =>
  new Journal(join(folder, `${times}.jsonl`), new Map(KINDS.map((kind) => [kind, times])));
const verdict = (journal: Journal) =>
  verdictOf({ violations: [], journal, count: null } as unknown as ChaosResult);

describe('What must happen in a run of chaos', () => {
  it('makes the run fail until it has happened, each kind by name', async () => {
    const journal = journalOf(1);
    for (const kind of KINDS.slice(1)) journal.happened(kind);
    expect(verdict(journal)).toMatchObject({ ok: false });
    expect(verdict(journal).text).toContain(KINDS[0]);
    journal.happened(KINDS[0]);
    expect(verdict(journal)).toMatchObject({ ok: true });
    await journal.close();
  });

  it('has to happen as often as was asked for', async () => {
    const journal = journalOf(2);
    for (const kind of KINDS) journal.happened(kind);
    expect(verdict(journal)).toMatchObject({ ok: false });
    for (const kind of KINDS) journal.happened(kind);
    expect(verdict(journal)).toMatchObject({ ok: true });
    await journal.close();
  });

  it('is asked for by an option', () => {
    const timesOf = (...args: string[]) =>
      new Set(KINDS.map((kind) => readOptions(args)?.each.get(kind)));
    expect(timesOf()).toEqual(new Set([1]));
    expect(timesOf('--each', '200')).toEqual(new Set([200]));
    const one = readOptions(['--each', 'a quote paid late=200', '--each', '2'])!.each;
    expect([one.get('a quote paid late'), one.get('a change applied')]).toEqual([200, 2]);
    for (const wrong of ['0', 'a quote paid late=', 'a quote that is unknown=2'])
      expect(() => readOptions(['--each', wrong])).toThrow(UsageError);
  });
});
