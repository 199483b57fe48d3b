import type { Headers, WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** As the interceptors of Temporal's client and activities call it. */
const TRACE_HEADER = '_tracer-data';

/**
 * Hands the trace of what started a workflow, or signalled it last, on to its activities. It looks
 * at nothing and records nothing, so it is the same with tracing on and off, and in a replay.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  let traced: Headers = {};
  const follow = (headers: Headers) => {
    const header = headers[TRACE_HEADER];
    if (header) traced = { [TRACE_HEADER]: header };
  };
  const handOn = <Input extends { headers: Headers }, Result>(
    input: Input,
    next: (input: Input) => Result,
  ): Result => next({ ...input, headers: { ...input.headers, ...traced } });
  return {
    inbound: [
      {
        execute(input, next) {
          follow(input.headers);
          return next(input);
        },
        handleSignal(input, next) {
          follow(input.headers);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: handOn,
        scheduleLocalActivity: handOn,
        continueAsNew: handOn,
      },
    ],
  };
};
