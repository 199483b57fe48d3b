// HTTP by hand: requests as bytes, since no client library would send what is sent here.
/* global AbortController */
import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const HEAD_END = Buffer.from('\r\n\r\n');

/** One answer out of the bytes that came back; the interim ones (1xx) before it are left out. */
function parse(bytes) {
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf(HEAD_END);
    if (end < 0) return null;
    const [first, ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
    rest = rest.subarray(end + HEAD_END.length);
    if (status < 200) continue;
    const headers = {};
    for (const line of lines)
      headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line
        .slice(line.indexOf(':') + 1)
        .trim();
    const body = headers['transfer-encoding'] === 'chunked' ? unchunk(rest) : rest;
    return { status, headers, body };
  }
}

function unchunk(bytes) {
  const chunks = [];
  for (let at = 0; at < bytes.length;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (lineEnd < 0 || !(size > 0)) break;
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(chunks);
}

/**
 * Sends parts of a request one after the other, as far as the other side takes them, and reads until the connection ends.
 * @returns the answer, or null when the connection was closed without one
 */
export async function exchange(
  apiUrl,
  parts,
  { limitMs = 30_000, pauseMs = 0, halfClose = false } = {},
) {
  const { hostname, port } = new URL(apiUrl);
  const socket = connect({ host: hostname, port: Number(port) });
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // A reset after the answer is the other side's right.
  socket.on('error', () => undefined);
  const closed = new Promise((done) => socket.once('close', done));
  for (const part of parts) {
    if (!socket.writable) break;
    socket.write(part);
    if (pauseMs > 0) await delay(pauseMs);
  }
  if (halfClose) socket.end();
  const late = Symbol('late');
  const timer = new AbortController();
  const result = await Promise.race([
    closed,
    delay(limitMs, late, { signal: timer.signal }).catch(() => undefined),
  ]);
  timer.abort();
  socket.destroy();
  if (result === late) throw new Error(`no end of the connection within ${limitMs} ms`);
  return parse(Buffer.concat(chunks));
}

/** The bytes of a request. Headers are pairs, so that one can come twice; a body gets its length unless it has one. */
export function requestBytes({ method = 'GET', target, headers = [], body }) {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const lengthGiven = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const all = [
    ['Host', 'localhost'],
    ['Connection', 'close'],
    ...headers,
    ...(bytes && !lengthGiven ? [['Content-Length', String(bytes.length)]] : []),
  ];
  const head = `${method} ${target} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes ?? Buffer.alloc(0)]);
}
