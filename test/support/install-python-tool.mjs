// Installs a tool of the Python package index into a folder of its own, once for a user and version. As a program:
// `node install-python-tool.mjs NAME VERSION` prints the Python that has it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PYTHONS = ['python3', 'python3.11', 'python3.12', 'python3.13', 'python3.14'];
/** What the installers say is no result: it goes to where errors go. */
const STDIO = ['ignore', process.stderr, process.stderr];

function findPython(name) {
  const recent = PYTHONS.find((python) => {
    try {
      execFileSync(
        python,
        ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'],
        {
          stdio: 'ignore',
        },
      );
      return true;
    } catch {
      return false;
    }
  });
  if (!recent)
    throw new Error(
      `${name} needs Python 3.11 or newer with its venv module (Debian: python3-venv)`,
    );
  return recent;
}

/** @returns the Python that has the tool */
export function installPythonTool(name, version) {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'holdfast');
  const folder = join(cache, `${name}-${version}`);
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return python;
  console.error(`installing ${name} ${version} into ${folder}`);
  // Made aside, so that what is there is always whole.
  const aside = `${folder}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  try {
    execFileSync(findPython(name), ['-m', 'venv', aside], { stdio: STDIO });
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      `${name}==${version}`,
    ];
    execFileSync(join(aside, 'bin', 'python'), pip, { stdio: STDIO });
    try {
      renameSync(aside, folder);
    } catch (error) {
      // Another run was faster.
      if (!existsSync(python)) throw error;
    }
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return python;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , name, version] = process.argv;
  console.log(installPythonTool(name, version));
}
