import { execFile, execFileSync } from 'node:child_process';
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
async function run(cwd: string, program: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, GOFLAGS: '-mod=mod' };
  return (await execute(program, args, { cwd, env, timeout: RUN_LIMIT_MS })).stdout;
}

/** Runs a program before there are tests. */
const runFirst = (program: string, args: readonly string[]): string =>
  execFileSync(program, args, { timeout: INSTALL_LIMIT_MS, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Tests with a generator that this machine may lack: they are skipped then, and the reason is printed. */
function withGenerator(name: string, install: () => string): { test: jest.It; program: string } {
  try {
    return { test: it, program: install() };
  } catch (error) {
    process.stderr.write(`skipped: ${name} is not to be had here: ${(error as Error).message}\n`);
    return { test: it.skip, program: '' };
  }
}

const python = withGenerator(PYTHON_GENERATOR.name, () =>
  runFirst(process.execPath, [
    resolve('test/support/install-python-tool.mjs'),
    PYTHON_GENERATOR.name,
    PYTHON_GENERATOR.version,
  ]).trim(),
);
const go = withGenerator('oapi-codegen', () => {
  runFirst('go', ['run', GO_GENERATOR, '-version']);
  return 'go';
});

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
        join(home, 'schema.d.ts'),
      ]);
      copyFileSync(resolve('test/clients/sell.ts.txt'), join(home, 'sell.ts'));
      const target = ['--target', 'es2022', '--lib', 'es2022,dom', '--module', 'node16', '--types', 'node'];
      await run(home, process.execPath, [bin('typescript/bin/tsc'), '--strict', ...target, 'sell.ts']);
      const { id, args } = await order('A-1');
      const said = await run(home, process.execPath, ['sell.js', ...args]);
      expect(JSON.parse(said)).toEqual(soldAs(id, 'typescript', 'A-1'));
    },
    RUN_LIMIT_MS,
  );
});

describe('A client in Python, made by openapi-python-client,', () => {
  python.test(
    'is complete and sells a ticket',
    async () => {
      const home = makeFolder('python');
      const made = join(home, 'holdfast_client');
      const generate = ['generate', '--path', document, '--output-path', made, '--meta', 'none'];
      const warnings = await run(home, python.program, ['-m', PYTHON_GENERATOR.name.replaceAll('-', '_'), ...generate]);
      // It knows no PDF, and hands it out as bytes.
      expect([...warnings.matchAll(/WARNING parsing (\S+ \S+)/g)].map((match) => match[1])).toEqual([
        'GET /v1/reservations/{id}/tickets.pdf',
      ]);
      await run(home, python.program, ['-m', 'compileall', '-q', made]);
      copyFileSync(resolve('test/clients/sell.py'), join(home, 'sell.py'));
      const { id, args } = await order('A-2');
      expect(JSON.parse(await run(home, python.program, ['sell.py', ...args]))).toEqual(soldAs(id, 'python', 'A-2'));
    },
    RUN_LIMIT_MS,
  );
});

describe('Client, server and types in Go, made by oapi-codegen as it comes,', () => {
  go.test(
    'compile',
    async () => {
      const home = makeFolder('go');
      mkdirSync(join(home, 'holdfast'));
      writeFileSync(join(home, 'go.mod'), GO_MODULE);
      await run(home, 'go', ['run', GO_GENERATOR, '-package', 'holdfast', '-o', 'holdfast/holdfast.go', document]);
      expect(await run(home, 'go', ['build', './holdfast'])).toBe('');
    },
    RUN_LIMIT_MS,
  );
});
