import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf, documentedPages, PROJECT, START, type Block } from './blocks';

const MOST_NOT_RUN = 10;
/** Pictures and tables: nothing that could run. */
const PICTURES = ['mermaid', 'text'];

const blocks = documentedPages().flatMap(blocksOf);
const isJson = (block: Block): boolean => block.language === 'json';

/** What bash says of a script that it cannot parse; empty for one that it can. */
const syntaxError = (script: string): string =>
  spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' }).stderr;

describe('the commands and examples of the documentation', () => {
  it('are in a language that the tests run, or say why they do not run', () => {
    const known = ['sh', 'sql', 'json', ...PICTURES];
    const unknown = blocks.filter(
      ({ language, saveAs, noRun }) =>
        saveAs === undefined && noRun === undefined && !known.includes(language),
    );
    expect(unknown.map(({ at, language }) => `${at} ${language}`)).toEqual([]);
    // Some run in the trouble that they are for, in a test of their own.
    const runElsewhere = (reason: string): boolean =>
      [...reason.matchAll(/test\/\S+\.test\.ts/g)].some(([file]) =>
        existsSync(join(PROJECT, file)),
      );
    const notRun = blocks.filter(
      ({ noRun, language }) => noRun !== undefined && language === 'sh' && !runElsewhere(noRun),
    );
    expect(notRun.length).toBeLessThanOrEqual(MOST_NOT_RUN);
  });

  it('are valid where they are JSON', () => {
    for (const { body } of blocks.filter(isJson))
      expect(() => JSON.parse(body) as unknown).not.toThrow();
  });

  it('use every file that the reader saves', () => {
    const unused = blocks.filter(({ saveAs, at }) => {
      const page = at.slice(0, at.lastIndexOf(':'));
      return (
        saveAs !== undefined &&
        !blocksOf(page).some(({ language, body }) => language === 'sh' && body.includes(saveAs))
      );
    });
    expect(unused.map(({ at }) => at)).toEqual([]);
  });

  it('begin with the two commands that start the system', () => {
    expect(blocksOf('README.md')[0]?.body).toBe(START);
  });

  it('are valid where they are shell', () => {
    const broken = blocks
      .filter(({ language, noRun }) => language === 'sh' && noRun === undefined)
      .map(({ at, body }) => `${at} ${syntaxError(body)}`)
      .filter((line) => !line.endsWith(' '));
    expect(broken).toEqual([]);
  });
});
