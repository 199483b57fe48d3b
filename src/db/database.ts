import { types as is } from 'node:util';
import { currentTraceparent, inSpan } from '../spans';
import { DatabaseError, Pool, types, type PoolClient, type QueryResultRow } from 'pg';

// Ids, amounts and counts are exact as JavaScript numbers, because the schema and the API keep them
// below 2^53.
types.setTypeParser(types.builtins.INT8, Number);
// In arrays too, for which the driver has no name, and which it would read as strings.
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
const INT8_ARRAY = 1016 as number as typeof types.builtins.INT8;
const readStrings = types.getTypeParser(INT8_ARRAY) as (text: string) => (string | null)[];
types.setTypeParser(INT8_ARRAY, (text) =>
  readStrings(text).map((one) => (one === null ? null : Number(one))),
);

export interface DatabaseOptions {
  url: string;
  /** The maximum number of connections. */
  pool: number;
  /**
   * Off behind a pooler in transaction mode that cannot keep prepared statements or session
   * settings.
   */
  prepared: boolean;
  applicationName: string;
  /**
   * The longest wait for a connection, and for a result. Together they stay below the ten seconds
   * within which a client is promised an answer.
   */
  connectTimeoutMs?: number;
  queryTimeoutMs?: number;
}

/** A row with unknown columns, for statements that tests make. */
type AnyRow = QueryResultRow;

/** A statement and the shape of its rows. `npm run check:sql` compares both with the schema. */
export interface Statement<Row = AnyRow> {
  name: string;
  text: string;
  /** Only for type inference; no statement has this member at run time. */
  readonly row?: Row;
}

/** Runs a statement. A named statement is prepared once for each connection. */
export interface Queryable {
  rows<Row = AnyRow>(
    statement: Statement<Row> | Statement,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /** The number of rows that the statement changed. */
  run(statement: Statement<unknown>, values?: readonly unknown[]): Promise<number>;
}

interface TransactionOptions {
  /**
   * The commit does not wait for the disk, so a crash of the server within a second may undo it. For work that may be
   * repeated.
   */
  asynchronous?: boolean;
}

export interface Database extends Queryable {
  /** Runs statements on one connection. What has waited for it can be known before the first. */
  connected<Result>(work: (connection: Queryable) => Promise<Result>): Promise<Result>;
  /** Runs `work` in one transaction: committed when it returns, rolled back when it throws. */
  transaction<Result>(
    work: (tx: Queryable) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /** Connections: open, idle, and requests that wait for one. */
  load(): { total: number; idle: number; waiting: number };
  readonly pool: Pool;
  close(): Promise<void>;
}

/**
 * Names a statement, so that it is prepared once per connection.
 * @typeParam Row the columns that it returns, by name
 */
export function sql<Row = AnyRow>(name: string, text: string): Statement<Row> {
  return { name, text };
}

/** $2: until the end of the transaction; else of the session. */
const TRACE = `select set_config('holdfast.traceparent', $1, $2)`;

const BEGIN_ASYNCHRONOUS = 'begin; set local synchronous_commit = off';

/** So much sooner than the driver gives a statement up, the server does: it never runs on for nobody. */
const SERVER_FIRST_MS = 400;

export function createDatabase(options: DatabaseOptions): Database {
  const queryTimeoutMs = options.queryTimeoutMs ?? 5000;
  const pool = new Pool({
    connectionString: options.url,
    max: options.pool,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 3000,
    // The server ends a statement that takes too long; this is for a server that does not answer at all.
    query_timeout: queryTimeoutMs + (options.prepared ? SERVER_FIRST_MS : 0),
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: options.applicationName,
    // A pooler refuses session settings when a connection starts; set them for the role instead.
    ...(options.prepared && {
      statement_timeout: queryTimeoutMs,
      idle_in_transaction_session_timeout: 2 * queryTimeoutMs,
    }),
  });
  // An idle connection that breaks is replaced when it is needed again.
  pool.on('error', () => undefined);

  const over = (client: Pick<PoolClient, 'query'>): Queryable => {
    const send = (statement: Statement<unknown>, values: readonly unknown[] = []) =>
      inSpan(`sql ${statement.name}`, { 'db.system.name': 'postgresql' }, () =>
        answered(
          client.query<QueryResultRow>({
            ...(options.prepared && { name: statement.name }),
            text: statement.text,
            values: [...values],
          }),
        ),
      );
    return {
      rows: async <Row>(statement: Statement<Row> | Statement, values?: readonly unknown[]) =>
        (await send(statement, values)).rows as Row[],
      run: async (statement, values) => (await send(statement, values)).rowCount ?? 0,
    };
  };

  /** Checks a connection out. While it is out, one that breaks must not end the process. */
  async function checkedOut<Result>(
    work: (client: PoolClient, markBroken: (error: Error) => void) => Promise<Result>,
  ): Promise<Result> {
    const client = await answered(pool.connect());
    let broken: Error | undefined;
    const markBroken = (error: Error) => void (broken = error);
    client.on('error', markBroken);
    try {
      return await work(client, markBroken);
    } finally {
      client.off('error', markBroken);
      client.release(broken);
    }
  }

  /** A pooler in transaction mode would give a session's setting to somebody else. */
  const sessionTrace = () => (options.prepared ? currentTraceparent() : undefined);

  /** Has what `work` writes into the outbox carry the trace that it is a part of. */
  async function traced<Result>(
    client: PoolClient,
    markBroken: (error: Error) => void,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const traceparent = sessionTrace();
    if (traceparent === undefined) return work();
    try {
      await answered(client.query(TRACE, [traceparent, false]));
      const result = await work();
      await answered(client.query(TRACE, ['', false]));
      return result;
    } catch (error) {
      // The connection still carries the trace.
      markBroken(error as Error);
      throw error;
    }
  }

  const direct = over(pool);
  /** A statement by itself: on a connection of its own where it is traced. */
  const alone = <Result>(work: (queryable: Queryable) => Promise<Result>): Promise<Result> =>
    sessionTrace() !== undefined
      ? checkedOut((client, markBroken) => traced(client, markBroken, () => work(over(client))))
      : work(direct);

  return {
    rows: (statement, values) => alone((queryable) => queryable.rows(statement, values)),
    run: (statement, values) => alone((queryable) => queryable.run(statement, values)),
    pool,
    connected: (work) =>
      checkedOut(async (client, markBroken) => {
        try {
          return await traced(client, markBroken, () => work(over(client)));
        } catch (error) {
          // Without a word of the server its statement may still run; its last word ends the connection.
          const answered =
            error instanceof DeadlinePassed ||
            (error instanceof DatabaseError && !error.code?.startsWith('57P'));
          if (!answered) markBroken(error as Error);
          throw error;
        }
      }),
    transaction: (work, { asynchronous = false } = {}) =>
      checkedOut(async (client, markBroken) => {
        try {
          await answered(client.query(asynchronous ? BEGIN_ASYNCHRONOUS : 'begin'));
          const traceparent = currentTraceparent();
          if (traceparent !== undefined) await answered(client.query(TRACE, [traceparent, true]));
          const result = await work(over(client));
          await answered(client.query('commit'));
          return result;
        } catch (error) {
          await client.query('rollback').catch(markBroken);
          throw error;
        }
      }),
    load: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}

/** The caller has been answered, so no statement is started for it any more. */
export class DeadlinePassed extends Error {
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('there is no time left for an answer');
  }
}

/**
 * The server said nothing: there was no connection, or it was lost, or the answer did not come in
 * time. A statement may have taken effect or not.
 */
class NoAnswer extends Error {
  /** The network's or the driver's; they do not have one for each case. */
  readonly code: string | undefined;

  constructor(cause: Error & { code?: unknown }) {
    const code = typeof cause.code === 'string' ? cause.code : undefined;
    super(cause.message || code, { cause });
    this.code = code;
  }
}

/** Tells what the server says of a statement from what happens to a connection. */
async function answered<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    // What comes without a code is the driver's: bytes that are no answer.
    const isSaid = error instanceof DatabaseError && error.code !== undefined;
    // A value that cannot be sent is a mistake of ours.
    const isMistake = (error as Error).name === 'TypeError';
    throw isSaid || isMistake ? error : new NoAnswer(error as Error);
  }
}

/**
 * What the server says of its own state and not of a statement: connection lost, out of resources,
 * shut down or cancelled, I/O, internal error (classes 08, 53, 57, 58, XX), idle transaction ended.
 */
const UNAVAILABLE = /^(08...|53...|57...|58...|XX...|25P03)$/;
/** The same of the network, for connections that others make. */
const NETWORK = /^(ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
/**
 * Serialization failure, deadlock, lock timeout: the same statement may succeed if it is repeated
 * at once.
 */
const RETRYABLE = /^(40001|40P01|55P03)$/;

/**
 * Whether the database could not be reached or did not answer in time, so that a later retry may
 * succeed.
 */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof NoAnswer) return true;
  // `instanceof` is not used: in a JavaScript context of its own, errors of Node's network code
  // have another `Error` class.
  if (!is.isNativeError(error)) return false;
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === 'string')
    return [UNAVAILABLE, NETWORK, RETRYABLE].some((codes) => codes.test(code));
  return Array.isArray(errors) && errors.some(isUnavailable);
}

/**
 * Whether the server itself refused a statement, for what it says and not for the server's state:
 * nothing of it remains, and another may succeed at once.
 */
export const isRefused = (error: unknown): boolean =>
  error instanceof DatabaseError && !UNAVAILABLE.test(error.code ?? '08000');

/** The name of the violated constraint, if that is why a statement failed. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return typeof code === 'string' && code.startsWith('23') && typeof constraint === 'string'
    ? constraint
    : undefined;
}
