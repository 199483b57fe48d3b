import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

export interface ApiAnswer {
  status: number;
  body: unknown;
  /** From sending the request to the complete answer. After a 429, the time of the last attempt. */
  ms: number;
  /** How often the buyer was told to try again later (429) and did so. */
  retries: number;
}

interface ApiCall {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A client of the API with persistent connections. */
export interface Caller {
  /**
   * Repeats the request after a 429. @throws Error when there is no answer; the message gives the
   * reason
   */
  call(call: ApiCall): Promise<ApiAnswer>;
  /** Opens a connection in advance, so that the race does not measure the connecting. */
  connect(): Promise<void>;
  close(): void;
}

const ANSWER_WITHIN_MS = 60_000;
const MAX_RETRIES = 20;

interface RawAnswer {
  status: number;
  text: string;
  json: boolean;
  ms: number;
  retryAfterMs: number;
}

/**
 * `fetch` does not show which connection it uses or whether it is new; a race has to control this.
 */
export function createCaller(apiUrl: string, key: string, connections: number): Caller {
  const secure = new URL(apiUrl).protocol === 'https:';
  const settings = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
  const agent = secure ? new SecureAgent(settings) : new Agent(settings);
  const send = secure ? secureRequest : request;

  function once({ method, path, body, headers }: ApiCall): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const sentAt = performance.now();
      const outgoing = send(
        new URL(path, apiUrl),
        {
          method,
          agent,
          timeout: ANSWER_WITHIN_MS,
          headers: {
            authorization: `Bearer ${key}`,
            ...(text !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(text),
            }),
            ...headers,
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const ms = performance.now() - sentAt;
            resolve({
              status: incoming.statusCode ?? 0,
              text: Buffer.concat(chunks).toString(),
              json: incoming.headers['content-type']?.includes('json') ?? false,
              ms,
              retryAfterMs:
                1000 * Math.min(60, Math.max(1, Number(incoming.headers['retry-after']) || 1)),
            });
          });
        },
      );
      outgoing.on('timeout', () =>
        outgoing.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s`)),
      );
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  return {
    async call(call) {
      for (let retries = 0; ; retries++) {
        const { status, text, json, ms, retryAfterMs } = await once(call);
        if (status !== 429 || retries === MAX_RETRIES) {
          return { status, body: json ? (JSON.parse(text) as unknown) : text, ms, retries };
        }
        await delay(retryAfterMs);
      }
    },
    async connect() {
      await once({ method: 'GET', path: '/livez' });
    },
    close: () => agent.destroy(),
  };
}
