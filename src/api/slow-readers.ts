import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Context } from 'koa';
import { networkOf, networkOfRequest } from './addresses';
import { createCounts } from './counts';
import { Problem } from './problem';
import { createTurns } from './turns';

/**
 * A connection on which nothing moves though there is something to read or to write is closed: after
 * this, or at its second passing.
 */
const SILENCE_MS = 20_000;
/** An answer may take that long, and longer by its size at this rate. */
const ANSWER_MS = 30_000;
const LEAST_BYTES_PER_MS = 50;
/** Smaller answers are not counted: they fit the buffers of the system. */
const COUNTED_FROM_BYTES = 64_000;

export interface ReaderLimits {
  /** Of one address; null: any number. */
  connections: number | null;
  /** Of answers that one address has not read, in bytes; null: any number. */
  unreadBytes: number | null;
  trustedProxies: number;
}

/** Whether the request is read as a whole, and nothing of the answer waits to be sent. */
const isWaitedFor = (answer: ServerResponse): boolean =>
  answer.req.complete && !answer.writableEnded && answer.writableLength === 0;

/**
 * Closes a connection on which nothing moves. One that has asked and waits for the answer, or for the
 * next part of a stream, keeps quiet with good reason: how long the answer takes has its own limits.
 */
function limitSilence(server: Server): void {
  const latest = new WeakMap<Socket, ServerResponse>();
  server.on('request', ({ socket }, response) => latest.set(socket, response));
  server.on('timeout', (socket: Socket) => {
    const answer = latest.get(socket);
    if (answer && isWaitedFor(answer)) socket.setTimeout(SILENCE_MS);
    else socket.destroy();
  });
  server.setTimeout(SILENCE_MS);
}

/** Closes connections on which nothing moves, and those of an address that has too many. */
export function limitConnections(
  server: Server,
  { connections, trustedProxies }: Pick<ReaderLimits, 'connections' | 'trustedProxies'>,
): void {
  limitSilence(server);
  // Behind a proxy all connections are its own.
  if (connections === null || trustedProxies > 0) return;
  const open = createCounts(connections);
  server.on('connection', (socket) => {
    const release = open.take(networkOf(socket.remoteAddress ?? '') ?? 'unknown');
    if (release) socket.once('close', release);
    else socket.destroy();
  });
}

/** Gives an answer that long to go out; a reader who trickles loses the connection. */
function limitTime(response: ServerResponse, bytes: number): void {
  const timer = setTimeout(() => response.destroy(), ANSWER_MS + bytes / LEAST_BYTES_PER_MS);
  response.once('close', () => clearTimeout(timer));
}

/**
 * Counts what an address has asked for and not read.
 * @returns a function to call with each answer before it goes out: large ones go one after the
 * other, so that all others
 * are answered in between; it throws Problem `rate_limited`
 */
export function createReaderGuard({
  unreadBytes,
  trustedProxies,
}: Pick<ReaderLimits, 'unreadBytes' | 'trustedProxies'>): (ctx: Context) => Promise<void> {
  const unread = unreadBytes === null ? null : createCounts(unreadBytes);
  const oneByOne = createTurns(1);
  return async (ctx) => {
    // None of a live stream, which has limits of its own.
    const bytes = ctx.res.hasHeader('content-length') ? ctx.response.length : 0;
    if (bytes < COUNTED_FROM_BYTES) return;
    const release = unread?.take(networkOfRequest(ctx, trustedProxies), bytes);
    if (release === null) {
      throw new Problem(
        'rate_limited',
        'Too much that your address has asked for is not read yet: read the answers, then ask again.',
        { headers: { 'retry-after': '5' } },
      );
    }
    if (release) ctx.res.once('close', release);
    limitTime(ctx.res, bytes);
    await oneByOne(nextTurn);
  };
}
