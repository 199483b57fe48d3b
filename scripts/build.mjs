// Compiles src/, dev/ and proof/ to dist/, the client to its own dist/, and bundles the workflows; dist/src with dist/migrations is what production
// runs. Does nothing when dist/ was built from the same sources; otherwise builds aside and swaps, so that a server
// running from dist/ never reads a half-written file.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
    )
    .sort();
}

/** The client for TypeScript, with its declarations; an image for production has none. */
function buildClient() {
  const folder = 'clients/typescript';
  if (!existsSync(folder)) return;
  const sources = createHash('sha256');
  for (const file of [...filesBelow(`${folder}/src`), `${folder}/tsconfig.json`])
    sources.update(file).update('\0').update(readFileSync(file)).update('\0');
  const made = sources.digest('hex');
  const stampFile = `${folder}/dist/.stamp`;
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === made) return;
  execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', folder], {
    stdio: 'inherit',
  });
  writeFileSync(stampFile, made);
}

const hash = createHash('sha256');
/** What is compiled; an image for production has src/ alone. */
const compiled = ['src', 'dev', 'proof'].filter((folder) => existsSync(folder));
for (const file of [
  ...[...compiled, 'migrations'].flatMap(filesBelow),
  'package-lock.json',
  '.swcrc',
  'scripts/build.mjs',
]) {
  hash.update(file).update('\0').update(readFileSync(file)).update('\0');
}
const stamp = hash.digest('hex');

buildClient();
if (existsSync('dist/.stamp') && readFileSync('dist/.stamp', 'utf8') === stamp) process.exit(0);

const aside = resolve(`dist.${process.pid}`);
rmSync(aside, { recursive: true, force: true });
mkdirSync(aside);
try {
  execFileSync(
    process.execPath,
    [require.resolve('@swc/cli/bin/swc.js'), ...compiled, '-d', aside, '--copy-files', '-q'],
    {
      stdio: 'inherit',
    },
  );
  const { bundleWorkflowCode, DefaultLogger } = require('@temporalio/worker');
  // With a payload key the workflows' own failures are encrypted too.
  const sealed = { failureConverterPath: join(aside, 'src/temporal/sealed-failures.js') };
  for (const [name, options] of [
    ['workflow-bundle', {}],
    ['workflow-bundle-sealed', sealed],
  ]) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(aside, 'src/workflows/index.js'),
      logger: new DefaultLogger('WARN'),
      ...options,
    });
    writeFileSync(join(aside, `src/${name}.js`), code);
  }
  cpSync('migrations', join(aside, 'migrations'), { recursive: true });
  writeFileSync(join(aside, '.stamp'), stamp);
  const old = `dist.${process.pid}.old`;
  if (existsSync('dist')) renameSync('dist', old);
  renameSync(aside, 'dist');
  rmSync(old, { recursive: true, force: true });
} catch (error) {
  // The compiler has said what is wrong.
  if (error.status === undefined) throw error;
  process.exitCode = 1;
} finally {
  rmSync(aside, { recursive: true, force: true });
}
