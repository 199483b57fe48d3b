import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ApiClient } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

const PYTHON_GENERATOR = { name: 'openapi-python-client', version: '0.29.1' };
const GO_GENERATOR = 'github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2';
/** What the generated Go code imports, at the versions that its generator was released with. */
const GO_MODULE = `module example.org/holdfast

go 1.26.0

require (
	github.com/getkin/kin-openapi v0.153.0
	github.com/labstack/echo/v4 v4.16.4
	github.com/oapi-codegen/runtime v1.9.0
)
`;
/** The first run of a generator fetches and compiles it. */
const INSTALL_LIMIT_MS = 900_000;
const RUN_LIMIT_MS = 300_000;

const execute = promisify(execFile);

/** Runs a program to its end. @returns what it printed. @throws Error with what it said, when it fails */
function run(cwd: string, program: string, args: readonly string[], timeout = RUN_LIMIT_MS) {
  return execute(program, args, { cwd, env: { ...process.env, GOFLAGS: '-mod=mod' }, timeout });
}

/** Whether a language is here at all; tests of one that is not are skipped. */
function has(program: string, args: readonly string[]): boolean {
  const found = spawnSync(program, args, { stdio: 'ignore' }).status === 0;
  if (!found) process.stderr.write(`skipped: this machine has no ${program}\n`);
  return found;
}

/** Gets a generator. @returns null, with the reason printed, where it is not to be had: without a network */
async function install<Result>(name: string, get: () => Promise<Result>): Promise<Result | null> {
  try {
    return await get();
  } catch (error) {
    process.stderr.write(`not tried: ${name} is not to be had here: ${(error as Error).message}\n`);
    return null;
  }
}

/** @returns the Python that has the generator */
const installPythonGenerator = () =>
  install(PYTHON_GENERATOR.name, async () => {
    const script = resolve('test/support/install-python-tool.mjs');
    const { name, version } = PYTHON_GENERATOR;
    return (
      await run(folder, process.execPath, [script, name, version], INSTALL_LIMIT_MS)
    ).stdout.trim();
  });
const installGoGenerator = () =>
  install('oapi-codegen', () =>
    run(folder, 'go', ['run', GO_GENERATOR, '-version'], INSTALL_LIMIT_MS),
  );

let system: TestSystem;
let api: ApiClient;
let folder: string;
let document: string;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
  folder = mkdtempSync(join(tmpdir(), 'holdfast-clients-'));
  document = join(folder, 'openapi.json');
  writeFileSync(document, JSON.stringify(await api.openApi()));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await system.stop();
});

/** A folder for one language's client, in which packages of ours are found. */
function makeFolder(name: string): string {
  const made = join(folder, name);
  mkdirSync(made);
  symlinkSync(resolve('node_modules'), join(made, 'node_modules'));
  return made;
}

/** What a shop needs to sell one seat: address, key, event, seat and the reservation's id. */
async function order(seat: string): Promise<{ args: string[]; id: string }> {
  const id = randomUUID();
  const { apiUrl, keys } = system.info;
  return { id, args: [apiUrl, keys.client, await api.event(), seat, id] };
}

const soldAs = (id: string, language: string, seat: string) => ({
  held: 'held',
  total: 4500,
  sold: 'confirmed',
  paid: `${language}-${id}`,
  seats: [seat],
  pdf: '%PDF-',
});

describe('A client in TypeScript, made by openapi-typescript,', () => {
  it(
    'compiles and sells a ticket',
    async () => {
      const home = makeFolder('typescript');
      const bin = (path: string) => join(home, 'node_modules', path);
      await run(home, process.execPath, [
        bin('openapi-typescript/bin/cli.js'),
        document,
        '-o',
        join(home, 'schema.ts'),
      ]);
      copyFileSync(resolve('test/clients/sell.ts.txt'), join(home, 'sell.ts'));
      // Only what was made and what is written here is checked.
      const target = [
        '--skipLibCheck',
        '--target',
        'es2022',
        '--lib',
        'es2022,dom',
        '--module',
        'node16',
        '--types',
        'node',
      ];
      await run(home, process.execPath, [
        bin('typescript/bin/tsc'),
        '--strict',
        ...target,
        'sell.ts',
      ]);
      const { id, args } = await order('A-1');
      const { stdout } = await run(home, process.execPath, ['sell.js', ...args]);
      expect(JSON.parse(stdout)).toEqual(soldAs(id, 'typescript', 'A-1'));
    },
    RUN_LIMIT_MS,
  );
});

describe('A client in Python, made by openapi-python-client,', () => {
  const withPython = has('python3', ['-c', 'import venv, ensurepip']) ? it : it.skip;
  withPython(
    'is complete and sells a ticket',
    async () => {
      const python = await installPythonGenerator();
      if (python === null) return;
      const home = makeFolder('python');
      const made = join(home, 'holdfast_client');
      const generate = ['generate', '--path', document, '--output-path', made, '--meta', 'none'];
      const { stderr: warnings } = await run(home, python, [
        '-m',
        PYTHON_GENERATOR.name.replaceAll('-', '_'),
        ...generate,
      ]);
      // It knows no CSV, and takes the JSON; it knows no PDF, and hands it out as bytes.
      expect([...warnings.matchAll(/WARNING parsing (\S+ \S+)/g)].map((match) => match[1])).toEqual(
        ['POST /v1/events/{event}/sections', 'GET /v1/reservations/{id}/tickets.pdf'],
      );
      await run(home, python, ['-m', 'compileall', '-q', made]);
      copyFileSync(resolve('test/clients/sell.py'), join(home, 'sell.py'));
      const { id, args } = await order('A-2');
      const { stdout } = await run(home, python, ['sell.py', ...args]);
      expect(JSON.parse(stdout)).toEqual(soldAs(id, 'python', 'A-2'));
    },
    INSTALL_LIMIT_MS + RUN_LIMIT_MS,
  );
});

describe('Client, server and types in Go, made by oapi-codegen as it comes,', () => {
  const withGo = has('go', ['version']) ? it : it.skip;
  withGo(
    'compile',
    async () => {
      if ((await installGoGenerator()) === null) return;
      const home = makeFolder('go');
      mkdirSync(join(home, 'holdfast'));
      writeFileSync(join(home, 'go.mod'), GO_MODULE);
      await run(home, 'go', [
        'run',
        GO_GENERATOR,
        '-package',
        'holdfast',
        '-o',
        'holdfast/holdfast.go',
        document,
      ]);
      const { stderr } = await run(home, 'go', ['build', './holdfast']);
      expect(stderr).not.toContain('holdfast.go');
    },
    INSTALL_LIMIT_MS + RUN_LIMIT_MS,
  );
});
