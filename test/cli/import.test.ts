import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

const IMPORT = join(__dirname, '../../dist/src/cli/import.js');

let system: TestSystem;
let api: ApiClient;
let folder: string;
beforeAll(async () => {
  system = await startSystem({ workers: [] });
  api = new ApiClient(system.info);
  folder = await mkdtemp(join(tmpdir(), 'holdfast-import-'));
});
afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the command as a person does beside `npm run dev`: no setting names the database. */
async function importFile(event: string, text: string | Buffer) {
  const file = join(folder, 'seats.csv');
  await writeFile(file, text);
  return run([event, file]);
}

const run = (args: string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const env = { PATH: process.env.PATH, HOLDFAST_HOME: system.stack.services.home };
    execFile(process.execPath, [IMPORT, ...args], { env, timeout: 120_000 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });

const categories = [{ code: 'stalls', name: 'Stalls', price: 4500 }];
const empty = () => api.event({ categories, sections: undefined, sectionsLater: true });
const HEADER = 'section,row,number,category,x,y\n';

describe('npm run import', () => {
  it('adds the seats of a file, which can be sold then', async () => {
    const event = await empty();
    const done = await importFile(event, `\ufeff${HEADER}S,A,1,stalls,0,0\r\nS,A,2,stalls,1,0\r\n`);
    expect(done).toEqual({ code: 0, out: `2 seats were added to ${event}\n`, err: '' });
    expect((await api.seats(event)).map(({ label, x }) => [label, x])).toEqual([
      ['A-1', 0],
      ['A-2', 1],
    ]);
    await api.held(event, ['A-1', 'A-2']);
  });

  it('run twice names each label that is there already, and adds nothing', async () => {
    const event = await empty();
    const text = `${HEADER}S,A,1,stalls,,\nS,A,2,stalls,,\n`;
    await importFile(event, text);
    const again = await importFile(event, `${text}S,A,3,stalls,,\n`);
    expect(again.code).toBe(1);
    expect(again.err).toContain('nothing was added');
    expect(again.err).toContain('line 2: label A-1 is there already');
    expect(again.err).toContain('line 3: label A-2 is there already');
    expect(again.err).not.toContain('line 4');
    expect(await api.seats(event)).toHaveLength(2);
  });

  it('names a label that is in the file twice, an unknown category, and another encoding', async () => {
    const event = await empty();
    const doubled = await importFile(
      event,
      `${HEADER}S,A,1,stalls,,\nS,A,2,stalls,,\nS,A,1,stalls,,\n`,
    );
    expect(doubled.err).toContain('line 4: label A-1 is in line 2 too');
    const unknown = await importFile(event, `${HEADER}S,A,1,stalls,,\nS,A,2,box,,\n`);
    expect(unknown.err).toContain('line 3: category "box" is not one of the event\'s');
    const foreign = await importFile(event, Buffer.from(`\ufeff${HEADER}`, 'utf16le'));
    expect(foreign.err).toContain('UTF-16');
    expect(await api.seats(event)).toEqual([]);
  });

  it('tells of an event or a file that there is not, and how it is used', async () => {
    expect((await importFile('no-such-event', HEADER)).err).toContain(
      'There is no event no-such-event',
    );
    const event = await empty();
    expect((await run([event, join(folder, 'none.csv')])).err).toContain('cannot be read');
    expect(await run([event])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Usage:') as string,
    });
  });
});
