import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import type { Logger } from '../logger';
import type { readSettings } from '../config';

type Level = ReturnType<typeof readSettings<'LOG_LEVEL'>>['LOG_LEVEL'];

/** Temporal's lines are for finding faults: its own `INFO` is our `debug`. */
const FROM_TEMPORAL: Partial<Record<string, 'warn' | 'error'>> = { WARN: 'warn', ERROR: 'error' };

/** The fields of Temporal's lines that we keep, by the names that ours have. */
const FIELDS: Record<string, string> = {
  workflowId: 'workflow',
  workflowType: 'workflowType',
  activityType: 'activity',
  attempt: 'attempt',
  taskQueue: 'queue',
  reservation: 'reservation',
  durationMs: 'ms',
  trace_id: 'trace_id',
  span_id: 'span_id',
  mail: 'mail',
  kind: 'kind',
  endpoint: 'endpoint',
  sequence: 'sequence',
  status: 'status',
  reason: 'reason',
};

interface Told {
  message?: string;
  type?: string;
  stack?: string;
  cause?: unknown;
}

/** What went wrong, on one line; the innermost cause is what a database or a provider said. */
function describeError(error: unknown): string {
  const { message, type, cause } = (error ?? {}) as Told;
  const own = `${type === undefined ? '' : `${type}: `}${message ?? String(error)}`;
  return cause === undefined || cause === null ? own : `${own} (${describeError(cause)})`;
}

/** A line of Temporal's SDK, or of its core, as fields of ours. */
function fieldsOf(entry: LogEntry): Record<string, unknown> {
  const meta: Record<string, unknown> = entry.meta ?? {};
  const known = Object.entries(FIELDS).flatMap(([theirs, ours]) =>
    meta[theirs] === undefined ? [] : [[ours, meta[theirs]] as const],
  );
  const rest = Object.entries(meta)
    .filter(([name]) => /^(target|fields|run_id|workflow_id|task_queue|error_.*)$/.test(name))
    .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : value]);
  return {
    ...(Object.fromEntries(known) as Record<string, unknown>),
    ...(Object.fromEntries(rest) as Record<string, unknown>),
    ...(meta.error !== undefined && { err: describeError(meta.error) }),
  };
}

/**
 * What Temporal's SDK logs (of activities that fail with their id, type, attempt and error), and what its core logs, as
 * JSON lines of ours.
 */
export function temporalLogging(log: Logger, level: Level) {
  const isDebug = level === 'debug' || level === 'trace';
  return {
    logger: new DefaultLogger(isDebug ? 'DEBUG' : 'INFO', (entry) => {
      const ofActivity = entry.meta?.sdkComponent === 'activity';
      // The SDK's own lines about activities are of other levels, and name no endpoint.
      const isOurs = ofActivity && (entry.level === 'INFO' || entry.meta?.endpoint !== undefined);
      const by =
        isOurs && entry.level === 'INFO' ? 'info' : (FROM_TEMPORAL[entry.level] ?? 'debug');
      log[by]({ ...(!isOurs && { from: 'temporal' }), ...fieldsOf(entry) }, entry.message);
    }),
    logging: {
      filter: { core: isDebug ? ('INFO' as const) : ('WARN' as const), other: 'ERROR' as const },
      forward: {},
    },
  };
}
