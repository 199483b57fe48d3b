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
        scheduleActivity: (input, next) =>
          next({ ...input, headers: { ...input.headers, ...traced } }),
        scheduleLocalActivity: (input, next) =>
          next({ ...input, headers: { ...input.headers, ...traced } }),
        continueAsNew: (input, next) =>
          next({ ...input, headers: { ...input.headers, ...traced } }),
      },
    ],
  };
};
