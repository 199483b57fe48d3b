import { randomUUID } from 'node:crypto';
import type { Context, Next } from 'koa';
import { isUnavailable } from '../../db/database';
import type { Logger } from '../../logger';
import { createProxyNotice } from '../addresses';
import { reservationIn } from '../request-log';
import type { ApiMetrics } from '../metrics';
import { Problem } from '../problem';

/** Below the ten seconds within which a client is promised an answer. */
const DEADLINE_MS = 9000;
const RETRY_AFTER_SECONDS = '2';
/** Asked for every few seconds. */
export const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);
const REQUEST_ID = /^[A-Za-z0-9_.-]{8,64}$/;

/**
 * Headers that each prevent a class of attacks at no cost. The documentation pages relax the policy
 * for themselves.
 */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'strict-transport-security': 'max-age=31536000',
  'cache-control': 'no-store',
} as const;

/** What a handler says of its own answer, whose place an error takes. */
const ANSWER_HEADERS = ['content-encoding', 'content-disposition', 'etag', 'last-modified'];

interface RequestIds {
  requestId: string;
  reservation: string | undefined;
}

function problemOf(error: unknown, log: Logger, ids: RequestIds): Problem {
  if (error instanceof Problem) return error;
  if (isUnavailable(error)) {
    const { code, message: reason } = error as { code?: string; message: string };
    log.warn({ ...ids, code, reason }, 'the database did not answer');
    return new Problem(
      'temporarily_unavailable',
      'The database does not answer. Send the same request again later: it takes effect once.',
      {
        headers: { 'retry-after': RETRY_AFTER_SECONDS },
      },
    );
  }
  log.error({ ...ids, err: error }, 'request failed');
  return new Problem(
    'internal',
    'An error on our side. Try again; if it persists, report the request id.',
  );
}

/** Answers a request that no route has answered. */
function refuseUnrouted(ctx: Context): void {
  const badMethod = ctx.status === 405 || ctx.status === 501;
  // For an unknown method the router answers 405 even when the path does not exist.
  if (ctx.status === 404 || (badMethod && ctx.response.get('allow') === '')) {
    ctx.remove('allow');
    throw new Problem('not_found', `There is nothing at ${ctx.path.slice(0, 200)}.`);
  }
  if (badMethod) {
    throw new Problem(
      'method_not_allowed',
      `The path does not support ${ctx.method}; see the Allow header.`,
    );
  }
}

/** The time that a request has for its answer. */
interface Deadline {
  passed: Promise<never>;
  stop(): void;
  start(): void;
}

/** A timer that ends a request that is not answered in time, whatever it waits for. */
function deadline(ctx: Context): Deadline {
  let timer: NodeJS.Timeout;
  let reject: (error: Problem) => void;
  const passed = new Promise<never>((_resolve, fail) => void (reject = fail));
  passed.catch(() => undefined);
  const start = () => {
    ctx.state.answerBy = performance.now() + DEADLINE_MS;
    timer = setTimeout(
      () =>
        reject(
          new Problem(
            'temporarily_unavailable',
            'The request was not completed in time. Send the same request again later: it takes effect once.',
            { headers: { 'retry-after': RETRY_AFTER_SECONDS } },
          ),
        ),
      DEADLINE_MS,
    );
  };
  start();
  return { passed, start, stop: () => clearTimeout(timer) };
}

/**
 * Waits for what the client asked to wait for. That has its own end, and is not part of the time for an
 * answer, in which the request then has its full time again.
 */
export async function unhurried<Result>(
  ctx: Context,
  wait: () => Promise<Result>,
): Promise<Result> {
  const limit = ctx.state.deadline as Deadline;
  const began = performance.now();
  limit.stop();
  try {
    return await wait();
  } finally {
    limit.start();
    ctx.state.waitedMs =
      ((ctx.state.waitedMs as number | undefined) ?? 0) + performance.now() - began;
  }
}

/** Milliseconds until the request is answered with 503; 0 if the client has disconnected. */
export function leftMs(ctx: Context): number {
  return ctx.req.socket.destroyed ? 0 : (ctx.state.answerBy as number) - performance.now();
}

interface AnswerDeps {
  log: Logger;
  metrics: ApiMetrics;
  /** Aborted when the process is asked to end; from then on each answer closes its connection. */
  stopping: AbortSignal;
  /** @throws Problem when the caller leaves too much unread */
  guardReader: (ctx: Context) => Promise<void>;
  trustedProxies: number;
}

/**
 * The outermost layer: request id, security headers, time limit, errors as problems, one log line,
 * and metrics.
 */
export function answer({ log, metrics, stopping, guardReader, trustedProxies }: AnswerDeps) {
  const noticeProxy = createProxyNotice(trustedProxies, (message) => log.warn(message));
  return async (ctx: Context, next: Next): Promise<void> => {
    const started = performance.now();
    const given = ctx.get('x-request-id');
    const requestId = REQUEST_ID.test(given) ? given : randomUUID();
    ctx.set('x-request-id', requestId);
    ctx.set(SECURITY_HEADERS);
    noticeProxy(ctx);
    const limit = deadline(ctx);
    ctx.state.deadline = limit;
    try {
      await Promise.race([next(), limit.passed]);
      if (ctx.body == null) refuseUnrouted(ctx);
      await guardReader(ctx);
    } catch (error) {
      const problem = problemOf(error, log, { requestId, reservation: reservationIn(ctx) });
      // Of the answer that was to be sent.
      ANSWER_HEADERS.forEach((name) => ctx.remove(name));
      ctx.set(SECURITY_HEADERS);
      if (problem.extras.headers) ctx.set(problem.extras.headers);
      ctx.status = problem.status;
      ctx.type = 'application/problem+json';
      ctx.body = JSON.stringify(problem.toDocument(requestId));
    } finally {
      limit.stop();
    }
    if (stopping.aborted) ctx.set('connection', 'close');
    const route = typeof ctx._matchedRoute === 'string' ? ctx._matchedRoute : 'none';
    const waitedMs = (ctx.state.waitedMs as number | undefined) ?? 0;
    const ms = performance.now() - started - waitedMs;
    metrics.observe(ctx.method, route, ctx.status, ms);
    // The pattern of the route and the reservation, never the path or the query, which may contain
    // keys and e-mail addresses.
    log[PROBES.has(route) ? 'debug' : 'info'](
      {
        requestId,
        method: ctx.method,
        route,
        status: ctx.status,
        ms: Math.round(ms * 10) / 10,
        reservation: reservationIn(ctx),
      },
      'request',
    );
  };
}
