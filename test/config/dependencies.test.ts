import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const { packages } = JSON.parse(
  readFileSync(join(__dirname, '../../package-lock.json'), 'utf8'),
) as { packages: Record<string, { name?: string }> };

describe('The tree of dependencies', () => {
  it('has no package that reports its installation to others', () => {
    // Under this name stands another package, which does nothing (`overrides` in package.json).
    const scarf = Object.entries(packages).filter(([path]) => path.endsWith('/@scarf/scarf'));
    expect(scarf.map(([, { name }]) => name)).toEqual(['inherits']);
  });
});
