import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findChromium } from '../../dev/chromium';

const UNPACK = join(__dirname, '../../dist/dev/chromium.js');

test('a Chromium that a setting names is not looked for', async () => {
  expect(
    await findChromium({ PATH: '/nowhere', PUPPETEER_EXECUTABLE_PATH: '/usr/bin/some-chromium' }),
  ).toBeUndefined();
});

test('two processes may unpack the packaged Chromium at once, over a half-made copy, and it starts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-unpack-'));
  try {
    // What a process that was killed while unpacking leaves behind; and a name the package would stumble over.
    mkdirSync(join(folder, 'holdfast-chromium-147.0.0-0.999999999-killed'));
    writeFileSync(join(folder, 'chromium'), 'no program');
    const script = `require(${JSON.stringify(UNPACK)}).findChromium({ PATH: '/nowhere' }).then((file) => process.stdout.write(file))`;
    const unpack = () =>
      promisify(execFile)(process.execPath, ['-e', script], {
        env: { ...process.env, TMPDIR: folder },
      });
    const [one, other] = await Promise.all([unpack(), unpack()]);
    expect(one.stdout).toBe(other.stdout);
    accessSync(one.stdout, constants.X_OK);
    const { stdout } = await promisify(execFile)(one.stdout, ['--version']);
    expect(stdout).toMatch(/Chromium|HeadlessChrome/);
    const whole = readdirSync(folder).filter((name) => /^holdfast-chromium-[\d.]+-\d+$/.test(name));
    expect(whole).toHaveLength(1);
    expect(readdirSync(folder).sort()).toEqual(['chromium', whole[0]]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
