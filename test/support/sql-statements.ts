import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Connection, FieldDef, Pool, Submittable } from 'pg';
import ts from 'typescript';
import type * as Database from '../../src/db/database';
import type * as Verify from '../../src/db/verify';

/** What a column may be in TypeScript. `json`: anything that JSON can say. */
type ColumnType =
  'string' | 'number' | 'boolean' | 'Buffer' | 'json' | `${'string' | 'number' | 'Buffer'}[]`;

/** A statement as the sources have it. */
export interface SourceStatement {
  name: string;
  /** File and line. */
  place: string;
  text: string;
  /** Its row type: each column's type, with a `?` behind one that may be missing. null: it is used without its rows. */
  row: Record<string, string> | null;
}

interface Column {
  name: string;
  type: string;
}

/** Types of PostgreSQL, as the driver hands them out. */
const TYPES: Record<string, readonly ColumnType[]> = {
  text: ['string'],
  uuid: ['string'],
  name: ['string'],
  timestamptz: ['string'],
  int2: ['number'],
  int4: ['number'],
  int8: ['number'],
  float8: ['number'],
  bool: ['boolean'],
  bytea: ['Buffer'],
  jsonb: ['json', 'string', 'number', 'boolean'],
  _text: ['string[]'],
  _int8: ['number[]'],
  _float8: ['number[]'],
  _bytea: ['Buffer[]'],
};

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

/** A property's type by the names above; null and undefined are left out, since a statement's columns do not say. */
function columnType(checker: ts.TypeChecker, type: ts.Type): string {
  const parts = (type.isUnion() ? type.types : [type]).filter(
    ({ flags }) => !(flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)),
  );
  const names = new Set(
    parts.map((part) => {
      if (part.flags & ts.TypeFlags.StringLike) return 'string';
      if (part.flags & ts.TypeFlags.NumberLike) return 'number';
      if (part.flags & ts.TypeFlags.BooleanLike) return 'boolean';
      const text = checker.typeToString(part);
      if (/^Buffer.*\[\]$/.test(text)) return 'Buffer[]';
      if (/^Buffer/.test(text)) return 'Buffer';
      return /^(string|number)\[\]$/.test(text) ? text : 'json';
    }),
  );
  return names.size === 1 ? [...names][0]! : [...names].sort().join(' | ');
}

/** What `sql(name, text)` was called with, where the sources say it in full; the rest is evaluated from the module. */
export function readStatements(folder: string): SourceStatement[] {
  const files = sourceFiles(join(folder, 'db'));
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  const rows = new Map<string, { row: Record<string, string> | null; place: string }>();

  const rowOf = (call: ts.CallExpression): Record<string, string> | null => {
    const [typeArgument] = call.typeArguments ?? [];
    if (!typeArgument) return null;
    const type = checker.getTypeFromTypeNode(typeArgument);
    return Object.fromEntries(
      checker.getPropertiesOfType(type).map((property) => {
        const type = columnType(checker, checker.getTypeOfSymbolAtLocation(property, call));
        return [property.name, property.flags & ts.SymbolFlags.Optional ? `${type}?` : type];
      }),
    );
  };
  /** A name in full, or its beginning where the rest is computed (`outbox_claim_${queue}`). */
  const nameOf = (call: ts.CallExpression): string | null => {
    const [name] = call.arguments;
    if (name && ts.isStringLiteralLike(name)) return name.text;
    return name && ts.isTemplateExpression(name) ? name.head.text : null;
  };
  for (const file of program.getSourceFiles().filter(({ fileName }) => files.includes(fileName))) {
    const visit = (node: ts.Node): void => {
      if (
        ts.isCallExpression(node) &&
        ts.isIdentifier(node.expression) &&
        node.expression.text === 'sql'
      ) {
        const name = nameOf(node);
        const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        if (name !== null)
          rows.set(name, { row: rowOf(node), place: `${relative(folder, file.fileName)}:${line}` });
      }
      node.forEachChild(visit);
    };
    visit(file);
  }

  return madeStatements(files).map(({ name, text }) => {
    const known =
      rows.get(name) ?? [...rows].find(([head]) => head !== '' && name.startsWith(head))?.[1];
    return { name, text, place: known?.place ?? 'unknown', row: known?.row ?? null };
  });
}

/** Loads the modules of the statements and takes down what they make, whatever they make it from. */
function madeStatements(files: readonly string[]): { name: string; text: string }[] {
  const made: { name: string; text: string }[] = [];
  jest.isolateModules(() => {
    const database = jest.requireActual<typeof Database>('../../src/db/database');
    jest.doMock('../../src/db/database', () => ({
      ...database,
      sql: (name: string, text: string) => {
        made.push({ name, text });
        return { name, text };
      },
    }));
    for (const file of files) jest.requireActual(file);
    jest.dontMock('../../src/db/database');
    const { CHECKS } = jest.requireActual<typeof Verify>('../../src/db/verify');
    for (const { name, over, sql: text } of CHECKS) {
      made.push(
        { name: `verify: ${name}`, text },
        { name: `over: ${name}`, text: `select count(*) from ${over}` },
      );
    }
  });
  return made;
}

/** Asks the server to parse a statement and to describe its columns, without running it. */
class Description implements Submittable {
  readonly fields: Promise<FieldDef[]>;
  private resolve!: (fields: FieldDef[]) => void;
  private reject!: (error: Error) => void;
  private described: FieldDef[] = [];

  constructor(private readonly text: string) {
    this.fields = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  submit = (connection: Connection): void => {
    connection.parse({ name: '', text: this.text, types: [] }, true);
    connection.describe({ type: 'S', name: '' }, true);
    connection.sync();
  };
  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    this.described = fields;
  }
  handleError(error: Error): void {
    this.reject(error);
  }
  handleReadyForQuery(): void {
    this.resolve(this.described);
  }
}

/** The columns of a statement, by the server's own parser; it is not run. @throws what the server has against it */
export async function describeStatement(
  pool: Pool,
  { text }: Pick<SourceStatement, 'text'>,
): Promise<Column[]> {
  const client = await pool.connect();
  try {
    const description = new Description(text);
    client.query(description);
    const fields = await description.fields;
    const { rows } = await client.query<{ oid: number; typname: string }>(
      'select oid::int, typname from pg_type where oid = any ($1::oid[])',
      [fields.map(({ dataTypeID }) => dataTypeID)],
    );
    const names = new Map(rows.map(({ oid, typname }) => [oid, typname]));
    return fields.map(({ name, dataTypeID }) => ({
      name,
      type: names.get(dataTypeID) ?? String(dataTypeID),
    }));
  } finally {
    client.release();
  }
}

/** What does not fit between a statement's row type and its columns. */
export function typeProblems(
  { name, place, row }: SourceStatement,
  columns: readonly Column[],
): string[] {
  if (row === null) return [];
  const where = `${name} (${place})`;
  const problems: string[] = [];
  for (const [property, wanted] of Object.entries(row)) {
    const column = columns.find((one) => one.name === property);
    if (!column) {
      if (!wanted.endsWith('?'))
        problems.push(`${where}: the statement returns no column "${property}"`);
    } else if (!TYPES[column.type]?.some((type) => type === wanted.replace('?', ''))) {
      problems.push(
        `${where}: the column "${property}" is ${column.type}, its row type says ${wanted}`,
      );
    }
  }
  for (const column of columns) {
    if (!(column.name in row)) problems.push(`${where}: the row type has no "${column.name}"`);
  }
  return problems;
}
