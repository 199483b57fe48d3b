// Takes the pictures of the pages that the documentation shows: runs the pages' tests, which keep a picture of each
// state, and copies those that are named here to docs/images. Look at each before it is committed.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PICTURES = ['door', 'map', 'operator', 'shop-window'];

const folder = mkdtempSync(join(tmpdir(), 'holdfast-screenshots-'));
try {
  const { status } = spawnSync('npx', ['jest', 'test/pages', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, SCREENSHOTS: folder },
  });
  if (status !== 0) process.exitCode = status ?? 1;
  else
    for (const name of PICTURES)
      copyFileSync(join(folder, `${name}.png`), `docs/images/${name}.png`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
