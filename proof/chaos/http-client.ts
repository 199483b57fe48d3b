import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from './journal';
import type { Random } from './random';

export interface Answer {
  status: number;
  code: string | null;
  body: unknown;
  headers: Headers;
  /** Earlier attempts that got no answer, or a 503: their effect is unknown. */
  lost: number;
}

export interface Call {
  operation: string;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  key?: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** Called for every attempt, as a provider signs each delivery. */
  signed?: () => { raw: string; headers: Record<string, string> };
  /** The allowed answers: a status, or a status and code. Any other answer is a violation. */
  expect: readonly (number | string)[];
  /** The subject, for the journal. */
  subject: string;
}

/** The API promises an answer within ten seconds; after this time the answer counts as lost. */
const ATTEMPT_TIMEOUT_MS = 12_000;
const LONGEST_PAUSE_MS = 2_000;

/** The run was stopped before the answer. */
export class Abandoned extends Error {}

const codeOf = (body: unknown): string | null => {
  const code = (body as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : null;
};

/** Why an attempt got no answer: `timeout` or the code of the network error. */
function reasonOf(error: unknown): string {
  if ((error as Error).name === 'TimeoutError') return 'timeout';
  const cause = (error as { cause?: { code?: unknown } }).cause;
  return typeof cause?.code === 'string' ? cause.code : (error as Error).name;
}

/**
 * A client that repeats a request without an answer, or with a 503, with the same key or as the same event, until it is
 * answered. It writes every 2xx to the journal.
 */
export class HttpClient {
  constructor(
    private readonly apiUrl: () => string,
    private readonly journal: Journal,
    private readonly random: Random,
    private readonly giveUp: AbortSignal,
    readonly actor: string,
  ) {}

  /** @throws Abandoned when the run is stopped first. */
  async call(call: Call): Promise<Answer> {
    for (let lost = 0; ; lost++) {
      if (this.giveUp.aborted) {
        this.journal.violation(
          'every request is answered in the end',
          call.subject,
          `${call.operation}: ${lost} attempts`,
        );
        throw new Abandoned(call.operation);
      }
      const answer = await this.attempt(call, lost);
      if (answer) {
        this.record(call, answer);
        return answer;
      }
      const longest = Math.min(LONGEST_PAUSE_MS, 100 * 2 ** lost);
      await sleep(this.random.between(Math.ceil(longest / 2), longest));
    }
  }

  private async attempt(call: Call, lost: number): Promise<Answer | null> {
    const { operation, method, path, key, body, signed } = call;
    const { raw, headers } = signed?.() ?? {
      raw: body === undefined ? undefined : JSON.stringify(body),
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
    };
    try {
      const response = await fetch(this.apiUrl() + path, {
        method,
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...headers,
          ...call.headers,
        },
        ...(raw !== undefined && { body: raw }),
        signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      const parsed: unknown = isJson ? JSON.parse(bytes.toString('utf8')) : bytes;
      if (response.status === 503) {
        this.journal.count(operation, 'again: 503');
        return null;
      }
      return {
        status: response.status,
        code: codeOf(parsed),
        body: parsed,
        headers: response.headers,
        lost,
      };
    } catch (error) {
      this.journal.count(operation, `again: ${reasonOf(error)}`);
      return null;
    }
  }

  private record(call: Call, answer: Answer): void {
    const { operation, subject, expect } = call;
    const { status, code, body, lost, headers } = answer;
    const kind = code === null ? String(status) : `${status} ${code}`;
    this.journal.count(operation, kind);
    const shown = Buffer.isBuffer(body) ? { bytes: body.length } : body;
    if (status < 300 && call.method !== 'GET') {
      this.journal.write({
        actor: this.actor,
        operation,
        subject,
        status,
        attempts: lost + 1,
        body: shown,
      });
    }
    if (!expect.some((one) => one === status || one === kind)) {
      const detail = `${kind}: ${JSON.stringify(shown).slice(0, 300)} (request ${headers.get('x-request-id') ?? '?'})`;
      this.journal.violation(`${operation} answers as promised`, subject, detail);
    }
  }
}
