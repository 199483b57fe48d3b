// Compiles src/, dev/ and proof/ to dist/ and bundles the workflows and the pages; dist/src with dist/migrations and
// dist/assets is what production runs. Does nothing when dist/ was built from the same sources; otherwise builds aside and swaps, so that a server
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

/** Bundles each `src/pages/NAME/main.ts(x)`, with the styles that it imports, to `NAME.js` and `NAME.css`. */
function bundlePages(folder) {
  const entries = filesBelow('src/pages').flatMap((file) => {
    const [, name] = /^src\/pages\/([^/]+)\/main\.tsx?$/.exec(file.replaceAll('\\', '/')) ?? [];
    return name === undefined ? [] : [{ in: file, out: name }];
  });
  require('esbuild').buildSync({
    entryPoints: entries,
    outdir: folder,
    bundle: true,
    minify: true,
    // A script by itself: the map is embedded with one plain script tag.
    format: 'iife',
    target: ['es2022'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
    tsconfigRaw: {},
  });
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

if (existsSync('dist/.stamp') && readFileSync('dist/.stamp', 'utf8') === stamp) process.exit(0);

const aside = resolve(`dist.${process.pid}`);
rmSync(aside, { recursive: true, force: true });
mkdirSync(aside);
try {
  execFileSync(
    process.execPath,
    [
      require.resolve('@swc/cli/bin/swc.js'),
      ...compiled,
      ...['-d', aside, '--copy-files', '-q'],
      // Bundled for browsers instead.
      ...['--ignore', 'src/pages/**'],
    ],
    {
      stdio: 'inherit',
    },
  );
  const { bundleWorkflowCode, DefaultLogger } = require('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(aside, 'src/workflows/index.js'),
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(join(aside, 'src/workflow-bundle.js'), code);
  bundlePages(join(aside, 'assets'));
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
