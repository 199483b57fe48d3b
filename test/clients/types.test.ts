import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ApiClient } from '../support/api';
import { startSystem } from '../support/system';

const CLIENT = resolve('clients/typescript');
const TYPES = join(CLIENT, 'src/openapi.ts');

it('The types of the TypeScript client are those of the document (UPDATE_CLIENT=1 renews them)', async () => {
  const system = await startSystem({ workers: [] });
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-types-'));
  try {
    const file = join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(await new ApiClient(system.info).openApi()));
    const made = execFileSync(process.execPath, [join(CLIENT, 'generate.mjs'), file], {
      encoding: 'utf8',
    });
    if (process.env.UPDATE_CLIENT === '1') writeFileSync(TYPES, made);
    expect(readFileSync(TYPES, 'utf8')).toBe(made);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await system.stop();
  }
});
