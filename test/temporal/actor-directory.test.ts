import { failingSince } from '../../src/temporal/actor-directory';

const at = (seconds: number) => ({ eventTime: { seconds, nanos: 500_000_000 } });
const started = { workflowTaskStartedEventAttributes: {} };
const completed = { workflowTaskCompletedEventAttributes: {} };
const timedOut = { workflowTaskTimedOutEventAttributes: {} };
const signalled = { workflowExecutionSignaledEventAttributes: {} };
const failed = { workflowTaskFailedEventAttributes: { failure: { message: 'nondeterminism' } } };
const reset = { workflowTaskFailedEventAttributes: { failure: { resetWorkflowFailureInfo: {} } } };

/** A history from its start, an event a second. */
const since = (...events: object[]) =>
  failingSince(
    events.map((event, index) => ({ ...event, ...at(index) })).reverse() as unknown as Parameters<
      typeof failingSince
    >[0],
  );

describe('The tasks of a workflow have failed', () => {
  it('since the first failure after the last one that was completed', () => {
    expect(since(started, completed, failed, signalled, started, failed)).toBe(2500);
    expect(since(started, failed, started, failed, signalled)).toBe(1500);
  });

  it('not at all where one was completed, or only timed out, as with a worker that has died', () => {
    expect(since(started, failed, started, completed, signalled)).toBeNull();
    expect(since(started, timedOut, signalled, started, timedOut)).toBeNull();
  });

  it('since after the reset with which the run begins', () => {
    expect(since(started, reset, signalled, started)).toBeNull();
    expect(since(started, reset, started, failed)).toBe(3500);
  });
});
