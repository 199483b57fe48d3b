import type { Info } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { settlementWorkflowId, WORKFLOWS } from '../contracts/reservation';
import type { Logger } from '../logger';

const SETTLEMENT_PREFIX = settlementWorkflowId('');
/** Activities whose first argument is the reservation's id. */
const BY_ID = new Set(['renderTickets']);

/** The reservation in what an activity takes or returns. */
function namedIn(value: unknown): string | undefined {
  const { reservationId, reservation } = (value ?? {}) as Record<string, unknown>;
  const named = reservationId ?? reservation;
  return typeof named === 'string' ? named : undefined;
}

/** The reservation that an activity is about; undefined if only its result says so. */
function reservationOf({ workflowType, workflowExecution, activityType }: Info, first: unknown) {
  const workflowId = workflowExecution?.workflowId ?? '';
  if (workflowType === WORKFLOWS.reservation) return workflowId;
  if (workflowType === WORKFLOWS.settlement) return workflowId.slice(SETTLEMENT_PREFIX.length);
  if (BY_ID.has(activityType) && typeof first === 'string') return first;
  return namedIn(first);
}

/**
 * Logs each activity that is done, with its reservation, and adds the reservation to the lines about those that fail.
 */
export const activityLog =
  (log: Logger): ActivityInterceptorsFactory =>
  ({ info }) => {
    let reservation: string | undefined;
    return {
      inbound: {
        async execute(input, next) {
          const startedAt = performance.now();
          reservation = reservationOf(info, input.args[0]);
          const result = await next(input);
          reservation ??= namedIn(result);
          const line = {
            reservation,
            workflow: info.workflowExecution?.workflowId,
            activity: info.activityType,
            attempt: info.attempt,
            ms: Math.round(performance.now() - startedAt),
          };
          log[info.workflowType === WORKFLOWS.housekeeping ? 'debug' : 'info'](
            line,
            'activity done',
          );
          return result;
        },
      },
      outbound: {
        getLogAttributes: (attributes, next) =>
          next(reservation === undefined ? attributes : { ...attributes, reservation }),
      },
    };
  };
