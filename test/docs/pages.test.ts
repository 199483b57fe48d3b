import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROBLEMS } from '../../src/api/problem';
import { readSettings, SETTING_NAMES } from '../../src/config';
import { documentedPages, PROJECT, readPage } from './blocks';

const README_LIMIT_BYTES = 10_000;
const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> };
const decisions = readdirSync(join(PROJECT, 'docs/adr')).map((name) => join('docs/adr', name));
const pages = [...documentedPages(), 'ARCHITECTURE.md', ...decisions];

const withoutCode = (text: string): string =>
  text.replaceAll(/```.*?```/gs, '').replaceAll(/`[^`\n]*`/g, (code) => code.slice(1, -1));

/** The rows of the first table of a page that follows a heading row with this first cell. */
function tableOf(page: string, firstCell: string): string[][] {
  const lines = readPage(page).split('\n');
  const begin = lines.findIndex((line) => line.startsWith(`| ${firstCell} |`));
  const rows = lines.slice(begin + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows
    .slice(0, end)
    .map((row) => row.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '')));
}

const codeIn = (cell: string): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

/** The anchors that GitHub gives to the headings of a page. */
const anchorsOf = (page: string): string[] =>
  [...withoutCode(readPage(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

const linksOf = (page: string): string[] =>
  [...withoutCode(readPage(page)).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
    ([, link]) => link!,
  );

function leadsSomewhere(page: string, link: string): boolean {
  const [path, anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path!);
  return (
    existsSync(join(PROJECT, target)) &&
    (anchor === undefined || anchorsOf(target).includes(anchor))
  );
}

describe('the documentation', () => {
  it('begins with a README of at most 10 kB', () => {
    expect(Buffer.byteLength(readPage('README.md'))).toBeLessThanOrEqual(README_LIMIT_BYTES);
  });

  it('has no link that leads nowhere', () => {
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter((link) => !leadsSomewhere(page, link))
        .map((link) => `${page}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const unknown = pages.flatMap((page) =>
      [...readPage(page).matchAll(/npm run (?:-s )?([a-z][a-z:-]*)/g)]
        .filter(([, name]) => scripts[name!] === undefined)
        .map(([command]) => `${page}: ${command}`),
    );
    expect(unknown).toEqual([]);
  });

  it('describes every npm script that people run in the reference of commands', () => {
    const page = readPage('docs/reference/commands.md');
    const people = Object.keys(scripts).filter(
      (name) => name !== 'build' && name !== 'test' && !name.startsWith('check:'),
    );
    expect(people.filter((name) => !page.includes(`npm run ${name}`))).toEqual([]);
  });

  describe('in the reference of settings', () => {
    const rows = tableOf('docs/reference/settings.md', 'setting');
    const named = rows.flatMap(([names]) => codeIn(names!));

    it('names each setting exactly once', () => {
      expect(SETTING_NAMES.filter((name) => !named.includes(name))).toEqual([]);
      expect(named.filter((name, index) => named.indexOf(name) !== index)).toEqual([]);
    });

    it('gives the default that the program uses', () => {
      const documented = rows.flatMap(([names, defaults]) => {
        const values = codeIn(defaults!);
        return codeIn(names!).map(
          (name, index) => [name, defaults === 'none' ? 'undefined' : values[index]] as const,
        );
      });
      const wrong = documented.filter(([name, value]) => {
        const setting = SETTING_NAMES.find((known) => known === name);
        return setting !== undefined && String(readSettings([setting], {})[setting]) !== value;
      });
      expect(wrong).toEqual([]);
    });
  });

  it('lists every error code with its status', () => {
    const documented = tableOf('docs/reference/errors.md', 'code').map(([code, status]) => [
      codeIn(code!)[0],
      Number(status),
    ]);
    expect(documented).toEqual(Object.entries(PROBLEMS).map(([code, [status]]) => [code, status]));
  });

  it('lists every metric', () => {
    const documented = tableOf('docs/reference/metrics.md', 'metric').flatMap(([metric]) =>
      codeIn(metric!).filter((name) => name.startsWith('holdfast_')),
    );
    const source = ['api/metrics', 'backlog-metrics', 'outcome-metrics'].map((file) =>
      readFileSync(join(PROJECT, `src/${file}.ts`), 'utf8'),
    );
    const names = [
      ...source.join('\n').matchAll(/(?:name: '|^ {2})(holdfast_\w+)(?:'|: \{)/gm),
    ].map(([, name]) => name);
    expect([...documented].sort()).toEqual([...new Set(names)].sort());
  });
});
