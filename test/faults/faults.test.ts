import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

describe('The deliberate faults of npm run faults', () => {
  it('each name code that is there once, and a test that is there', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(__dirname, 'run.mjs'), '--locate'],
      {
        encoding: 'utf8',
      },
    );
    expect([status, stderr]).toEqual([0, '']);
  });
});
