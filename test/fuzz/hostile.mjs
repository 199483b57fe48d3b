// Requests that Schemathesis does not make: broken HTTP, hostile headers, bodies that are hardly JSON, odd paths.
/* global fetch */
import { Buffer } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import { bodyCases, timeCases } from './cases-bodies.mjs';
import { framingCases, headerCases } from './cases-http.mjs';
import { methodCases, targetCases } from './cases-targets.mjs';
import { holdOf } from './hold.mjs';
import { exchange, requestBytes } from './wire.mjs';

/** @returns all cases: a name, a request and what is expected beyond what the document says of its answer */
export function hostileCases(context) {
  const hold = holdOf(context);
  const all = { ...context, hold };
  const makers = [headerCases, framingCases, bodyCases, timeCases, targetCases, methodCases];
  return makers
    .flatMap((make) => make(all))
    .map(([name, request, expected = {}]) => ({
      name,
      request: { method: 'GET', ...request },
      expected,
    }));
}

/** Sends one case. @returns what is wrong with the answer, or null */
export async function tryCase(apiUrl, judge, { name, request, expected }) {
  const bytes = request.raw ?? requestBytes(request);
  const answer = await exchange(apiUrl, [bytes], { halfClose: expected.halfClose });
  const complain = (what) =>
    `${name}: ${what}${answer ? ` (${answer.status} ${answer.body.toString('utf8').slice(0, 300)})` : ''}`;
  // Whoever sends more than is taken may lose the answer together with the connection.
  if (!answer) return expected.mayReset || expected.halfClose ? null : complain('no answer');
  if (expected.status && !expected.status.includes(answer.status))
    return complain(`expected ${expected.status.join(' or ')}`);
  if (expected.refused && (answer.status < 400 || answer.status >= 500))
    return complain('it should be refused');
  const wrong = expected.bare ? null : judge(request, answer);
  return wrong && complain(wrong);
}

/** Whoever sends far too much, and keeps the connection, must get the answer that says so. @returns failures */
export async function tryLargeBodies(apiUrl, context) {
  const { request } = holdOf(context);
  const failures = [];
  for (let index = 0; index < 5; index++) {
    const { method, target, headers } = request();
    const answer = await fetch(apiUrl + target, {
      method,
      headers,
      body: Buffer.alloc(10_000_000, ' '),
    }).catch((error) => ({ status: error.cause?.code ?? error.message }));
    if (answer.status !== 413) failures.push(`10 MB were answered ${answer.status}`);
  }
  return failures;
}

/** Many who send their body a byte at a time must not hold others up. @returns failures */
export async function trySlowSenders(apiUrl, { key, event, seats }) {
  const hold = holdOf({ key, event, seats });
  const started = requestBytes({
    ...hold.request(),
    headers: [...hold.headers(), ['Content-Length', '5000']],
    body: '{',
  });
  const drops = Array.from({ length: 30 }, () => ' ');
  const slow = Array.from({ length: 100 }, () =>
    exchange(apiUrl, [started, ...drops], { pauseMs: 100, limitMs: 1 }).catch(() => null),
  );
  await delay(500);
  const failures = [];
  for (let index = 0; index < 5; index++) {
    const from = Date.now();
    const answer = await exchange(apiUrl, [
      requestBytes({ ...hold.request(), headers: hold.headers() }),
    ]);
    const ms = Date.now() - from;
    if (!answer || ![201, 409].includes(answer.status) || ms > 3_000) {
      failures.push(`beside slow senders a hold was answered ${answer?.status} after ${ms} ms`);
    }
  }
  await Promise.all(slow);
  return failures;
}
