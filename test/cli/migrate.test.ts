import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, sql, type Database } from '../../src/db/database';
import { runProgram } from '../support/run-program';
import { createTestDatabase } from '../support/system';

const MIGRATIONS = join(__dirname, '../../migrations');
const LATER = '9999_later.sql';

let folder: string;
let url: string;
let db: Database;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-migrations-'));
  cpSync(MIGRATIONS, folder, { recursive: true });
  url = await createTestDatabase();
  db = createDatabase({ url, pool: 3, prepared: false, applicationName: 'holdfast-test' });
});
afterEach(async () => {
  await db.close();
  rmSync(folder, { recursive: true });
});

const migrate = async () => {
  const program = join(__dirname, '../support/migrate-folder.mjs');
  return (await runProgram(program, { DATABASE_URL: url, FOLDER: folder })).said;
};
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

describe('migrate', () => {
  it('of an older release refuses a database of a newer one, and changes nothing', async () => {
    write(LATER, '-- Up Migration\ncreate table later ();\n');
    await migrate();
    rmSync(join(folder, LATER));
    write('functions/of_the_older_release.sql', 'create function f() returns int return 1;');
    expect(await migrate()).toMatch(/^Refused: .* newer release: it has the migration 9999_later/);
    const [row] = await db.rows(sql('f', `select to_regproc('f') is null as missing`));
    expect(row).toEqual({ missing: true });
  });

  it('refuses a migration that was edited after it was applied, if not in its comments', async () => {
    await migrate();
    const name = '0005_mail_errors.sql';
    const text = readFileSync(join(folder, name), 'utf8');
    write(name, `${text}\n-- Said better.\n`);
    expect(await migrate()).toBe('Applied: \n');
    write(name, `${text}\ncreate table edited ();\n`);
    expect(await migrate()).toMatch(/^Refused: The migration 0005_mail_errors was edited/);
  });

  it('waits for a long transaction so that no sale waits behind it', async () => {
    await migrate();
    write(LATER, '-- Up Migration\nalter table seats add column later int;\n');
    let migrated: Promise<string>;
    const waits: number[] = [];
    await db.transaction(async (report) => {
      await report.rows(sql('report', 'select count(*) from seats'));
      migrated = migrate();
      // What a sale does with the table, for as long as some attempts take.
      for (const until = Date.now() + 10_000; Date.now() < until;) {
        const from = performance.now();
        await db.run(sql('sale', `update seats set status = status where label = 'A-1'`));
        waits.push(performance.now() - from);
      }
    });
    // Some did wait, a second at most.
    expect(Math.max(...waits)).toBeGreaterThan(500);
    expect(Math.max(...waits)).toBeLessThan(3_000);
    expect(await migrated!).toMatch(/^A long transaction .*\nApplied: 9999_later\n$/);
  });
});
