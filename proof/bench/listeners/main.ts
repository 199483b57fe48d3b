import { connect, type Socket } from 'node:net';
import { FrameReader } from './frames';
import type { Arrivals, ListenersRequest } from './listeners';

const CONNECT_AT_ONCE = 50;

/** By the text of the frame: every listener gets the same text for a change. */
const seen = new Map<string, Arrivals>();
const sockets: Socket[] = [];
let snapshots = 0;
let closing = false;

const nowMs = (): number => performance.timeOrigin + performance.now();

function fail(error: Error): void {
  if (!closing) process.send?.({ error: error.message });
}

function note(frame: string, listener: number, listeners: number, atMs: number): void {
  if (frame.startsWith('event: snapshot')) {
    snapshots++;
    return;
  }
  if (!frame.startsWith('event: seats')) return; // "still here"
  let arrivals = seen.get(frame);
  if (!arrivals) {
    const { data } = JSON.parse(frame.slice(frame.indexOf('data: ') + 6)) as {
      data: Arrivals['seats'];
    };
    arrivals = { seats: data, atMs: new Float64Array(listeners).fill(Number.NaN) };
    seen.set(frame, arrivals);
  }
  arrivals.atMs[listener] = atMs;
}

function listen({ url, path, count }: ListenersRequest, listener: number): Promise<void> {
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const reader = new FrameReader();
    const socket = connect({ host: hostname, port: Number(port) });
    sockets.push(socket);
    socket.setEncoding('latin1');
    socket.once('connect', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`);
      resolve();
    });
    socket.on('error', reject).on('error', fail);
    socket.on('close', () => fail(new Error('a stream was closed')));
    socket.on('data', (text: string) => {
      const atMs = nowMs();
      try {
        for (const frame of reader.take(text)) note(frame, listener, count, atMs);
      } catch (error) {
        fail(error as Error);
      }
    });
  });
}

async function open(request: ListenersRequest): Promise<void> {
  // In batches, because the accept queue of the server is finite.
  for (let from = 0; from < request.count; from += CONNECT_AT_ONCE) {
    const length = Math.min(CONNECT_AT_ONCE, request.count - from);
    await Promise.all(Array.from({ length }, (_, index) => listen(request, from + index)));
  }
  const timer = setInterval(() => {
    if (snapshots < request.count) return;
    clearInterval(timer);
    process.send?.({ listening: true });
  }, 20);
}

function report(): void {
  closing = true;
  for (const socket of sockets) socket.destroy();
  process.send?.({ arrivals: [...seen.values()] });
}

/** Listeners of one event's stream, all in this process: opened at the first message, reported at the second. */
process.on('message', (message: ListenersRequest | 'report') => {
  if (message === 'report') report();
  else open(message).catch(fail);
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
