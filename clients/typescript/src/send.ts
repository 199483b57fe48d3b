import { errorOf, HoldfastError, noAnswer } from './problems.ts';

/** How a client sends. */
export interface Sending {
  /** Where the API is, as `https://tickets.example`. */
  url: string;
  /** A client's key on a server, a publishable one (`pk_…`) in a page. */
  key?: string | undefined;
  /** How often a call is sent at most; 6 unless told. */
  attempts?: number | undefined;
  /** How long a call, with its repetitions and the waits between them, may take in ms; a minute unless told. */
  patienceMs?: number | undefined;
  /** How long one attempt may take in ms; 40 s unless told. The feed waits for news for less. */
  timeoutMs?: number | undefined;
  /** Instead of the global `fetch`. */
  fetch?: typeof fetch | undefined;
}

export interface Outgoing {
  method: string;
  /** With its query. */
  path: string;
  headers?: Record<string, string> | undefined;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8000;
/** After so many attempts the wait is the longest. */
const LONGEST_AFTER = 5;

/**
 * Whether the same call again may end otherwise. A call takes effect once; where it has no key, one whose answer was
 * lost is refused when it is sent again, as `slug_taken` or, without a `scanId`, `already_checked_in`.
 */
export const isPassing = (status: number): boolean =>
  status === 0 || status === 408 || status === 429 || status >= 500;

/** @throws what `signal` was aborted with */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const end = (done: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      done();
    };
    const abort = () => end(() => reject(signal?.reason as Error));
    const timer = setTimeout(() => end(resolve), ms);
    signal?.addEventListener('abort', abort);
  });
}

/** With jitter, so that those who were refused together do not come back together. */
const backoffMs = (attempt: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + Math.random() / 2);

/** One attempt. @throws HoldfastError; what `signal` was aborted with */
async function attemptOnce<Result>(
  { url, key, timeoutMs = 40_000, fetch: send = fetch }: Sending,
  { method, path, headers, body, signal }: Outgoing,
  read: (response: Response, keepOpen: () => void) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  const timer = setTimeout(
    () => controller.abort(new Error(`there was no answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  signal?.addEventListener('abort', abort);
  const connection = { isOpen: false };
  try {
    const response = await send(new URL(path, url), {
      method,
      headers: {
        accept: 'application/json',
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      signal: controller.signal,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw await errorOf(response);
    return await read(response, () => (connection.isOpen = true));
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    signal?.throwIfAborted();
    throw noAnswer(error);
  } finally {
    clearTimeout(timer);
    // Of a stream that is read on the caller may still say that it is enough.
    if (!connection.isOpen) signal?.removeEventListener('abort', abort);
  }
}

/**
 * Sends a call, again where that may help: after no answer, 408, 429 and 5xx, when `Retry-After` says.
 * @param read turns a success into the result; a body that breaks off is no answer
 * @throws HoldfastError of the last attempt
 */
export async function sendCall<Result>(
  sending: Sending,
  outgoing: Outgoing,
  read: (response: Response, keepOpen: () => void) => Promise<Result>,
): Promise<Result> {
  const { attempts = 6, patienceMs = 60_000 } = sending;
  const end = Date.now() + patienceMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce(sending, outgoing, read);
    } catch (error) {
      if (!(error instanceof HoldfastError) || !isPassing(error.status)) throw error;
      const { retryAfter } = error;
      const waitMs = retryAfter === undefined ? backoffMs(attempt) : retryAfter * 1000;
      if (attempt >= attempts || Date.now() + waitMs > end) throw error;
      await sleep(waitMs, outgoing.signal);
    }
  }
}

/**
 * For what goes on without an end: once it has got through, a call that fails in passing is made again until it gets
 * through. The first one is a call as any other, so that a wrong address or key is told at once.
 */
export function createPatience(signal?: AbortSignal) {
  let gotThrough = false;
  return async function connect<Result>(call: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        const result = await call();
        gotThrough = true;
        return result;
      } catch (error) {
        if (!gotThrough || !(error instanceof HoldfastError) || !isPassing(error.status))
          throw error;
        const { retryAfter = 0 } = error;
        await sleep(Math.max(retryAfter * 1000, backoffMs(LONGEST_AFTER)), signal);
      }
    }
  };
}
