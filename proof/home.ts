import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a new folder for the data of one system. @param name of what runs there @returns its path */
export function makeHome(name: string, parent = tmpdir()): string {
  const home = mkdtempSync(join(parent, `${name}-`));
  // As root, Postgres runs as a user of its own, who must reach its data here; what is secret has its own mode.
  chmodSync(home, 0o711);
  return home;
}
