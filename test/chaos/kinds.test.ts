import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, KINDS } from '../../proof/chaos/journal';
import { readOptions, UsageError } from '../../proof/chaos/options';
import { verdictOf, type ChaosResult } from '../../proof/chaos/result';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-kinds-'));
afterAll(() => rmSync(folder, { recursive: true }));

const journalOf = (times: number) => new Journal(join(folder, `${times}.jsonl`), KINDS, times);
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
    expect(readOptions([])).toMatchObject({ each: 1 });
    expect(readOptions(['--each', '200'])).toMatchObject({ each: 200 });
    expect(() => readOptions(['--each', '0'])).toThrow(UsageError);
  });
});
