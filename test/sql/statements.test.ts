import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql, type Database } from '../../src/db/database';
import { readFunctions } from '../../src/db/schema-state';
import { openTestDatabase } from '../support/system';
import {
  describeStatement,
  readStatements,
  typeProblems,
  type SourceStatement,
} from '../support/sql-statements';

const FUNCTIONS = join(__dirname, '../../migrations/functions');

let db: Database;
let statements: SourceStatement[];

beforeAll(async () => {
  db = await openTestDatabase({ pool: 1, prepared: false });
  statements = readStatements(join(__dirname, '../../src'));
});
afterAll(() => db.close());

describe('Every statement of the product', () => {
  it('is found in the sources, under a name of its own', () => {
    expect(statements.length).toBeGreaterThan(80);
    const names = statements.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('fits the schema, and its columns are those of its row type', async () => {
    const problems: string[] = [];
    for (const statement of statements) {
      try {
        const columns = await describeStatement(db.pool, statement);
        problems.push(...typeProblems(statement, columns));
      } catch (error) {
        problems.push(`${statement.name} (${statement.place}): ${(error as Error).message}`);
      }
    }
    expect(problems).toEqual([]);
  });

  it('would be found out if it did not fit', async () => {
    const wrong: SourceStatement = {
      name: 'wrong',
      place: 'here',
      text: `select id, currency, total from reservations where id = $1`,
      row: { id: 'string', currency: 'number', missing: 'string' },
    };
    const columns = await describeStatement(db.pool, wrong);
    expect(typeProblems(wrong, columns)).toEqual([
      'wrong (here): the column "currency" is text, its row type says number',
      'wrong (here): the statement returns no column "missing"',
      'wrong (here): the row type has no "total"',
    ]);
    await expect(
      describeStatement(db.pool, { ...wrong, text: 'select nothing from reservations' }),
    ).rejects.toThrow('column "nothing" does not exist');
  });
});

describe('Every function file', () => {
  it('is applied as it stands, and names the one function that it makes', async () => {
    const files = readFunctions(FUNCTIONS);
    const rows = await db.rows<{ name: string; text_hash: Buffer }>(
      sql('applied', 'select name, text_hash from schema_functions'),
    );
    const applied = new Map(rows.map((row) => [row.name, row.text_hash.toString('hex')]));
    expect(Object.fromEntries(applied)).toEqual(
      Object.fromEntries(files.map(({ name, hash }) => [name, hash.toString('hex')])),
    );
    for (const { name, text } of files) {
      expect(
        [...text.matchAll(/^create or replace function (\w+)/gm)].map(([, made]) => made),
      ).toEqual([name]);
    }
    expect(readdirSync(FUNCTIONS).length).toBeGreaterThan(10);
  });

  it('calls nothing that does not exist', async () => {
    // Bodies are checked late; so each one is made once more, with the check on.
    for (const { text } of readFunctions(FUNCTIONS)) await db.run(sql('', text));
  });
});
