import { killEverything } from './supervisor';

/**
 * npm repeats the Ctrl-C that the terminal has already sent. A signal only counts as a second one
 * after this time.
 */
const SAME_REQUEST_MS = 1_000;

/** The first signal starts an orderly stop; another one ends everything at once. */
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
 * Runs a program that supervises processes, until it ends or a signal asks it to stop. The exit
 * code is 0 after a stop, and 1 after an error, whose message is printed. Every process that was
 * started ends with this one.
 */
export async function runProgram(run: (stop: AbortSignal) => Promise<void>): Promise<void> {
  // The reader of our output may be gone; that must not end this process before its children.
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
