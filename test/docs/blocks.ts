import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PROJECT = join(__dirname, '../..');

/** The block that installs and starts; the tests start their system in its way. */
export const START = 'npm ci\nnpm run dev\n';

/** One fenced block of a page. */
export interface Block {
  /** Where it begins, for messages: `docs/guides/integrate.md:12`. */
  at: string;
  language: string;
  /** The file that the reader saves it as (`save=NAME` after the language). */
  saveAs: string | undefined;
  /** Why it cannot run (`no-run: REASON` after the language). */
  noRun: string | undefined;
  body: string;
}

/** The pages whose commands run: README.md, CONTRIBUTING.md and everything below docs/, but the decision records. */
export function documentedPages(): string[] {
  const below = readdirSync(join(PROJECT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('adr'))
    .map((name) => join('docs', name));
  return ['README.md', 'CONTRIBUTING.md', ...below.sort()];
}

export const readPage = (page: string): string => readFileSync(join(PROJECT, page), 'utf8');

/** The fenced blocks of a page, in order. A fence may be indented, as in a list. */
export function blocksOf(page: string): Block[] {
  const fences = /^( *)```([^\n]*)\n(.*?)^\1```$/gms;
  const text = readPage(page);
  return [...text.matchAll(fences)].map(
    ({ 1: indent = '', 2: info = '', 3: body = '', index }) => ({
      at: `${page}:${text.slice(0, index).split('\n').length}`,
      language: /^\S*/.exec(info)![0],
      saveAs: / save=(\S+)/.exec(info)?.[1],
      noRun: / no-run: (.+)/.exec(info)?.[1],
      body: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}
