import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeFolder } from '../../dev/fetched-programs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-place-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A folder with a program of this text. */
function made(name: string, program: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'program'), program);
  return folder;
}

describe('A folder that was made aside', () => {
  it('is moved into place', () => {
    const folder = join(root, 'kept');
    placeFolder(made('aside', 'mine'), folder);
    expect(readFileSync(join(folder, 'program'), 'utf8')).toBe('mine');
    expect(readdirSync(root)).toEqual(['kept']);
  });

  it('is given up where another run was faster, whose folder stays', () => {
    const folder = made('kept', 'of the faster one');
    placeFolder(made('aside', 'mine'), folder);
    expect(readFileSync(join(folder, 'program'), 'utf8')).toBe('of the faster one');
    expect(readdirSync(root)).toEqual(['kept']);
  });

  it('is removed, and the error told, when it cannot be moved', () => {
    const folder = join(root, 'nowhere', 'kept');
    expect(() => {
      placeFolder(made('aside', 'mine'), folder);
    }).toThrow('ENOENT');
    expect(readdirSync(root)).toEqual([]);
  });
});
