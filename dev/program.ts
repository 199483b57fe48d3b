import { killEverything } from './supervisor';

/** npm passes a Ctrl-C on that the terminal has sent us already; only a later one is a second one. */
const SAME_REQUEST_MS = 1_000;

/** The first signal asks for an orderly stop; one more ends everything at once. */
function listenForStop(): AbortSignal {
  const stop = new AbortController();
  let askedAt = 0;
  const ask = (): void => {
    if (!stop.signal.aborted) {
      askedAt = Date.now();
      console.log('stopping (once more: at once)');
      stop.abort(new Error('stopped'));
    } else if (Date.now() - askedAt > SAME_REQUEST_MS) {
      killEverything();
      process.exit(1);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
  return stop.signal;
}

/** Resolves once the signal is aborted. */
export function untilAborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

/**
 * Runs a program that supervises processes until it ends or a signal asks it to stop. The exit code is 0 after a stop and
 * 1 after an error, whose message is printed; nothing that was started outlives this process.
 */
export async function runProgram(run: (stop: AbortSignal) => Promise<void>): Promise<void> {
  // Whoever read our output may be gone; that must not end us before what we have started.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.on('exit', killEverything);
  const stop = listenForStop();
  try {
    await run(stop);
    process.exit(0);
  } catch (error) {
    if (stop.aborted) process.exit(0);
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
