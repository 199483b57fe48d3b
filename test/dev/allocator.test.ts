import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORKER_ALLOCATOR } from '../../src/allocator';

const project = join(__dirname, '../..');

describe('the memory of a worker', () => {
  it('is handed out in the image as in npm run dev', () => {
    const settings = Object.entries(WORKER_ALLOCATOR).map(([name, value]) => `${name}=${value}`);
    expect(readFileSync(join(project, 'Dockerfile'), 'utf8')).toContain(`ENV ${settings.join(' ')}\n`);
  });
});
