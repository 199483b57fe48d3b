import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DevInfo } from '../../src/cli/dev-info';
import { blocksOf, documentedPages, readPage, START, type Block } from './blocks';
import { startAsPrinted, type RunningSystem } from './running-system';

const PAGE_LIMIT_MS = 300_000;
const RUN_SQL = join(__dirname, '../support/run-sql.mjs');

/** How a block runs in its page's shell; undefined for one that does not. */
function commandOf({ language, saveAs, body }: Block): string | undefined {
  if (saveAs !== undefined) return `cat > ${saveAs} <<'END-OF-BLOCK'\n${body}END-OF-BLOCK\n`;
  if (language === 'sh') return body;
  // As `psql "$DATABASE"` does; the page has to say where the variable comes from.
  if (language === 'sql')
    return `node ${RUN_SQL} "$DATABASE" <<'END-OF-BLOCK'\n${body}END-OF-BLOCK\n`;
  return undefined;
}

/** The lines `# expect: TEXT` of a block: what its output must contain. */
const expectationsOf = ({ body }: Block): string[] =>
  [...body.matchAll(/# expect: (.+)$/gm)].map(([, text]) => text!);

interface Run {
  code: number | null;
  output: string;
}

/** Runs a script in a shell that stops at the first command that fails. */
function runInShell(script: string, { folder, env }: RunningSystem): Promise<Run> {
  return new Promise((resolve, reject) => {
    const shell = spawn('bash', ['-c', `exec 2>&1; set -euo pipefail\n${script}`], {
      cwd: folder,
      env,
      detached: true,
    });
    let output = '';
    const timer = setTimeout(() => process.kill(-shell.pid!, 'SIGKILL'), PAGE_LIMIT_MS);
    shell.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    shell.once('error', reject).once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

const mark = ({ at }: Block): string => `=== ${at}`;

describe('the commands and examples of the documentation, run as printed', () => {
  let system: RunningSystem | undefined;
  beforeAll(async () => {
    system = await startAsPrinted();
  }, 450_000);
  afterAll(() => system?.stop(), 120_000);

  it('HTTP reference: names every operation of the API, and no other', async () => {
    const { apiUrl } = JSON.parse(
      readFileSync(join(system!.folder, '.holdfast/dev.json'), 'utf8'),
    ) as DevInfo;
    const { paths } = (await (await fetch(`${apiUrl}/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    const served = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    // Of the pages, which are no operations, a table of two columns tells.
    const table = readPage('docs/reference/http.md')
      .split('\n')
      .filter((line) => line.startsWith('| `') && line.split(' | ').length === 3);
    const documented = table.flatMap((row) => [
      ...row.matchAll(/`((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`/g),
    ]);
    expect(documented.map(([, operation]) => operation).sort()).toEqual(served.sort());
  });

  for (const page of documentedPages()) {
    const running = blocksOf(page).filter(
      (block) =>
        commandOf(block) !== undefined && block.noRun === undefined && block.body !== START,
    );
    if (running.length === 0) continue;
    it(
      page,
      async () => {
        const script = running
          .map((block) => `echo; echo '${mark(block)}'\n${commandOf(block)!}`)
          .join('\n');
        const { code, output } = await runInShell(script, system!);
        if (code !== 0) throw new Error(`a command failed (exit code ${code}):\n${output}`);
        for (const block of running) {
          const printed = output.split(`${mark(block)}\n`)[1]?.split('\n=== ')[0] ?? '';
          for (const text of expectationsOf(block)) {
            if (!printed.includes(text))
              throw new Error(`${block.at}: no "${text}" in:\n${printed}`);
          }
        }
      },
      PAGE_LIMIT_MS + 10_000,
    );
  }
});
