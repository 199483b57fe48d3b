// Compiles src/, dev/ and proof/ to dist/, bundles the workflows, and the pages of src/pages for browsers; dist/src with dist/migrations is what production
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

/** Each folder of src/pages with a main.ts is a page: NAME.js, with what it loads later, and NAME.css. */
async function bundlePages(outdir) {
  const pages = readdirSync('src/pages').filter((name) => existsSync(`src/pages/${name}/main.ts`));
  const { build } = require('esbuild');
  await build({
    entryPoints: Object.fromEntries(pages.map((name) => [name, `src/pages/${name}/main.ts`])),
    outdir,
    bundle: true,
    format: 'esm',
    splitting: true,
    chunkNames: 'chunk-[hash]',
    target: ['chrome109', 'firefox115', 'safari16.4'],
    minify: true,
    logLevel: 'warning',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    // An image has no tsconfig.json of the project.
    tsconfigRaw: {},
  });
}

const aside = resolve(`dist.${process.pid}`);
rmSync(aside, { recursive: true, force: true });
mkdirSync(aside);
try {
  execFileSync(
    process.execPath,
    [
      require.resolve('@swc/cli/bin/swc.js'),
      ...compiled,
      '-d',
      aside,
      '--copy-files',
      '-q',
      '--ignore',
      'src/pages/**',
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
  await bundlePages(join(aside, 'assets'));
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
