import { connect, type Socket } from 'node:net';
import type { LoadPlan, LoadRequest } from './plan';

export interface Answer {
  status: number;
  /** Empty without `keepBodies`. */
  body: string;
}

/** One persistent connection with one request in flight. */
export interface Connection {
  send(request: Buffer): Promise<Answer>;
  close(): void;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const NO_BODY = new Set([204, 304]);

/** The bytes of a request; encoded before the clock starts. */
export function encodeRequest(
  { method, path, headers, body = '' }: LoadRequest,
  plan: LoadPlan,
): Buffer {
  const { host } = new URL(plan.baseUrl);
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of Object.entries({ ...plan.headers, ...headers }))
    lines.push(`${name}: ${value}`);
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** The end and the content of a chunked body; null when it is incomplete. */
function readChunked(bytes: Buffer, from: number): { end: number; body: Buffer } | null {
  const parts: Buffer[] = [];
  for (let at = from; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const start = lineEnd + 2;
    if (bytes.length < start + size + 2) return null;
    if (size === 0) return { end: start + 2, body: Buffer.concat(parts) };
    parts.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}

/**
 * Reads one answer from the start of `bytes`; null when it is incomplete. It supports what a JSON API over HTTP/1.1 sends:
 * lengths, chunks without trailers, and answers without a body.
 */
export function readAnswer(bytes: Buffer, keepBody: boolean): (Answer & { end: number }) | null {
  const headEnd = bytes.indexOf(END_OF_HEAD);
  if (headEnd < 0) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(head.slice(9, 12));
  const start = headEnd + END_OF_HEAD.length;
  if (NO_BODY.has(status)) return { status, body: '', end: start };
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    if (bytes.length < end) return null;
    return { status, body: keepBody ? bytes.toString('utf8', start, end) : '', end };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head))
    throw new Error(`an answer of unknown length: ${head}`);
  const chunked = readChunked(bytes, start);
  return (
    chunked && { status, body: keepBody ? chunked.body.toString('utf8') : '', end: chunked.end }
  );
}

/**
 * Opens a connection. It is written on the socket itself: Node's own client and `fetch` cost several times as much
 * processor time per request, and the load generator shares the machine with the server.
 */
export async function openConnection(baseUrl: string, keepBodies: boolean): Promise<Connection> {
  const { hostname, port } = new URL(baseUrl);
  const socket = await new Promise<Socket>((resolve, reject) => {
    const made = connect({ host: hostname, port: Number(port), noDelay: true });
    made.once('connect', () => resolve(made)).once('error', reject);
  });
  let waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;
  let chunks: Buffer[] = [];
  let failure: Error | undefined;

  const fail = (error: Error): void => {
    failure = error;
    waiting?.reject(error);
  };
  socket.on('error', fail);
  socket.on('close', () => fail(failure ?? new Error('the server closed the connection')));
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    chunks = [bytes];
    const answer = readAnswer(bytes, keepBodies);
    if (!answer) return;
    chunks = [];
    const served = waiting;
    waiting = undefined;
    served?.resolve(answer);
  });

  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        if (failure) reject(failure);
        else socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}
