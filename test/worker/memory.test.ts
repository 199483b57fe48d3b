import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORKER_ALLOCATOR } from '../../src/worker/memory';

const project = join(__dirname, '../..');

/** Keeps a window of objects that each live for a while, as cached workflows do. Prints the most that its heap took. */
const CHURN = `
  const kept = [];
  let most = 0;
  for (let n = 0; n < 400_000; n++) {
    kept[n % 20_000] = Array.from({ length: 100 }, (_, index) => ({ n, index }));
    if (n % 1_000 === 0) most = Math.max(most, process.memoryUsage().heapTotal);
  }
  process.stdout.write(String(most));
`;

/** @returns the most that a process's heap took, in bytes */
function mostOf(before: string): number {
  const printed = execFileSync(process.execPath, ['-e', `${before};${CHURN}`], {
    encoding: 'utf8',
    timeout: 240_000,
  });
  return Number(printed);
}

describe('the memory of a worker', () => {
  it('is handed out in the image as in npm run dev', () => {
    const settings = Object.entries(WORKER_ALLOCATOR).map(([name, value]) => `${name}=${value}`);
    expect(readFileSync(join(project, 'Dockerfile'), 'utf8')).toContain(
      `ENV ${settings.join(' ')}\n`,
    );
  });

  it('is collected before the heap is a multiple of what it keeps', () => {
    const tight = `require(${JSON.stringify(join(project, 'dist/src/worker/memory.js'))}).keepHeapsTight()`;
    expect(mostOf(tight)).toBeLessThan(0.8 * mostOf(''));
  }, 600_000);
});
