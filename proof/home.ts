import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a new folder for the data of one system. @param name of what runs there @returns its path */
export function makeHome(name: string, parent = tmpdir()): string {
  const home = mkdtempSync(join(parent, `${name}-`));
  // When this program runs as root, PostgreSQL runs as the user `postgres`, and its data is in this
  // folder. Files with secrets have modes of their own.
  chmodSync(home, 0o711);
  return home;
}
