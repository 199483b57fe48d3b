// Compiles src/ to dist/ and bundles the workflows. Does nothing when dist/ was built from the same sources; otherwise
// builds aside and swaps, so that a server running from dist/ never reads a half-written file.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

const hash = createHash('sha256');
for (const file of [...filesBelow('src'), 'package-lock.json', '.swcrc', 'scripts/build.mjs']) {
  hash.update(file).update('\0').update(readFileSync(file)).update('\0');
}
const stamp = hash.digest('hex');

if (existsSync('dist/.stamp') && readFileSync('dist/.stamp', 'utf8') === stamp) process.exit(0);

const aside = resolve(`dist.${process.pid}`);
rmSync(aside, { recursive: true, force: true });
mkdirSync(aside);
try {
  execFileSync(
    process.execPath,
    [require.resolve('@swc/cli/bin/swc.js'), 'src', '-d', aside, '--strip-leading-paths', '--copy-files', '-q'],
    {
      stdio: 'inherit',
    },
  );
  const { bundleWorkflowCode, DefaultLogger } = require('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(aside, 'workflows/index.js'),
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(join(aside, 'workflow-bundle.js'), code);
  writeFileSync(join(aside, '.stamp'), stamp);
  const old = `dist.${process.pid}.old`;
  if (existsSync('dist')) renameSync('dist', old);
  renameSync(aside, 'dist');
  rmSync(old, { recursive: true, force: true });
} finally {
  rmSync(aside, { recursive: true, force: true });
}
