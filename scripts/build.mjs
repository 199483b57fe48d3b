// Compiles src/, dev/ and proof/ to dist/, the client to its own dist/, and bundles the workflows and the pages; dist/src
// with dist/migrations and dist/assets is what production runs. Does nothing when dist/ was built from the same sources;
// otherwise builds aside and swaps, so that a server
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

/** Loaded by pages of other sites: one script by itself, which works with any script tag. */
const EMBEDDED = 'holdfast-map';

/** Bundles each `src/pages/NAME/main.ts`, with the styles that it imports, to `NAME.js` and `NAME.css`. */
function bundlePages(outdir) {
  const names = readdirSync('src/pages').filter((name) => existsSync(`src/pages/${name}/main.ts`));
  const bundle = (pages, options) =>
    require('esbuild').buildSync({
      entryPoints: Object.fromEntries(pages.map((name) => [name, `src/pages/${name}/main.ts`])),
      outdir,
      bundle: true,
      minify: true,
      target: ['chrome111', 'firefox113', 'safari16.4'],
      jsx: 'automatic',
      jsxImportSource: 'preact',
      legalComments: 'none',
      logLevel: 'warning',
      tsconfigRaw: {},
      ...options,
    });
  bundle([EMBEDDED], { format: 'iife' });
  bundle(
    names.filter((name) => name !== EMBEDDED),
    { format: 'esm', splitting: true, chunkNames: 'chunk-[hash]' },
  );
}

/** The client for TypeScript, with its declarations; an image for production has only its sources, for the pages. */
function buildClient() {
  const folder = 'clients/typescript';
  if (!existsSync(`${folder}/tsconfig.json`)) return;
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
  ...[...compiled, 'migrations', 'clients/typescript/src'].flatMap(filesBelow),
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
  // With a payload key the workflows' own failures are encrypted too.
  const sealed = { failureConverterPath: join(aside, 'src/temporal/sealed-failures.js') };
  const workflows = join(aside, 'src/workflows/index.js');
  const interceptors = join(aside, 'src/workflows/trace-header.js');
  for (const [name, options] of [
    ['workflow-bundle', {}],
    ['workflow-bundle-sealed', sealed],
  ]) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: workflows,
      workflowInterceptorModules: [interceptors],
      // Evaluated once for a worker instead of once for each workflow; their modules keep no state (eslint.config.js).
      preloadModules: [workflows, interceptors],
      payloadConverterPath: join(aside, 'src/temporal/payload-converter.js'),
      logger: new DefaultLogger('WARN'),
      ...options,
    });
    writeFileSync(join(aside, `src/${name}.js`), code);
  }
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
