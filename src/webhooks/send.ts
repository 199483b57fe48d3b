import { lookup as lookUpBySystem, Resolver } from 'node:dns/promises';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address';
import { faultOfUrl, type WebhookRules } from './url';

/** For name, connection, TLS and answer together. */
const WITHIN_MS = 15_000;
const RESOLVE_TIMEOUT_MS = 3000;
const RESOLVE_TRIES = 2;
const MAX_HEADER_BYTES = 16_384;
/** Of an answer's body, which nobody reads. */
const MAX_BODY_BYTES = 65_536;
const MAX_RETRY_AFTER_MS = 3 * 86_400_000;
const MAX_ERROR = 200;

interface Delivered {
  outcome: 'delivered' | 'failed' | 'gone';
  /** Of HTTP; null without an answer. */
  status: number | null;
  /** Why it failed, in words that name no address; null if it did not. */
  error: string | null;
  /** What the receiver asks for by `Retry-After`. */
  retryAfterMs: number | null;
}

interface WebhookMessage {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** @returns null when it was given up because of `signal` */
export type Sender = (message: WebhookMessage, signal: AbortSignal) => Promise<Delivered | null>;

/** All addresses of a name. */
export type Resolve = (name: string) => Promise<string[]>;

/** By DNS alone: neither the hosts file nor the local network has a say in where a stranger's name leads. */
async function resolvePublic(name: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: RESOLVE_TIMEOUT_MS, tries: RESOLVE_TRIES });
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

const resolveAny: Resolve = async (name) =>
  (await lookUpBySystem(name, { all: true })).map(({ address }) => address);

class NotAllowed extends Error {
  readonly code = 'ADDRESS_NOT_ALLOWED';
}

/**
 * The addresses that a connection may go to, and no others: what is connected to is what was checked
 * here, so a name that leads elsewhere at a second look-up is of no use.
 */
function checkedLookup(allowPrivate: boolean, resolve: Resolve): LookupFunction {
  return (name, options, done) => {
    resolve(name)
      .then((addresses) => {
        if (addresses.length === 0) throw Object.assign(new Error(), { code: 'ENOTFOUND' });
        const allowed = addresses.filter((address) => allowPrivate || isPublicAddress(address));
        if (allowed.length === 0) throw new NotAllowed();
        const found = allowed.map((address) => ({ address, family: isIP(address) }));
        if (options.all) done(null, found);
        else done(null, found[0]!.address, found[0]!.family);
      })
      .catch((error: unknown) => done(error as NodeJS.ErrnoException, ''));
  };
}

const WORDS: Readonly<Record<string, string>> = {
  ADDRESS_NOT_ALLOWED: 'its address is not a public one',
  ENOTFOUND: 'its name has no address',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was broken off',
  EPIPE: 'the connection was broken off',
  HPE_HEADER_OVERFLOW: 'the headers of its answer are too large',
};

/** What went wrong, without addresses and without the receiver's own words. */
function wordsOf(error: unknown): string {
  const { code = '', errors } = error as { code?: string; errors?: unknown[] };
  if (code === '' && errors?.[0] !== undefined) return wordsOf(errors[0]);
  const known = WORDS[code];
  if (known !== undefined) return known;
  if (code.startsWith('HPE_')) return `its answer is not HTTP (${code})`;
  if (/CERT|TLS|SSL|ALTNAME|SIGNATURE/.test(code))
    return `its certificate is not trusted (${code})`;
  return `it could not be reached (${code || 'unknown'})`.slice(0, MAX_ERROR);
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterOf({ headers }: IncomingMessage): number | null {
  const text = headers['retry-after'];
  if (text === undefined) return null;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : null;
}

function judge(answer: IncomingMessage): Delivered {
  const status = answer.statusCode!;
  if (status >= 200 && status < 300)
    return { outcome: 'delivered', status, error: null, retryAfterMs: null };
  const error =
    status >= 300 && status < 400
      ? `it answered ${status}; redirects are not followed`
      : `it answered ${status}`;
  return {
    outcome: status === 410 ? 'gone' : 'failed',
    status,
    error,
    retryAfterMs: retryAfterOf(answer),
  };
}

/**
 * Reads a body to its end, so that the receiver sees no broken connection; but not a long one, nor one
 * that does not come within the time of the request.
 * @returns when the connection is no longer needed
 */
function drain(answer: IncomingMessage): Promise<void> {
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) answer.destroy();
  });
  answer.on('error', () => undefined);
  return new Promise((resolve) => answer.once('close', resolve));
}

/**
 * Sends webhooks: one request each, on a connection of its own, to an address that is checked when it
 * is connected to.
 * @param resolve another way to look names up, for tests
 */
export function createSender(rules: WebhookRules, resolve?: Resolve): Sender {
  const lookup = checkedLookup(
    rules.allowPrivate,
    resolve ?? (rules.allowPrivate ? resolveAny : resolvePublic),
  );
  return async ({ url, headers, body }, given) => {
    const fault = faultOfUrl(url, rules);
    if (fault !== null)
      return { outcome: 'failed', status: null, error: `its URL ${fault}`, retryAfterMs: null };
    const limit = AbortSignal.timeout(WITHIN_MS);
    const send = new URL(url).protocol === 'https:' ? requestHttps : requestHttp;
    try {
      const answer = await new Promise<IncomingMessage>((resolveAnswer, reject) => {
        const request = send(url, {
          method: 'POST',
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          agent: false,
          lookup,
          maxHeaderSize: MAX_HEADER_BYTES,
          signal: AbortSignal.any([limit, given]),
        });
        request.once('response', resolveAnswer);
        request.on('error', reject);
        // It also ends without an error, as when the receiver wants to speak another protocol.
        request.once('close', () => reject(Object.assign(new Error(), { code: 'ECONNRESET' })));
        request.end(body);
      });
      await drain(answer);
      return judge(answer);
    } catch (error) {
      if (given.aborted) return null;
      const words = limit.aborted
        ? `it did not answer within ${WITHIN_MS / 1000} s`
        : wordsOf(error);
      return { outcome: 'failed', status: null, error: words, retryAfterMs: null };
    }
  };
}
