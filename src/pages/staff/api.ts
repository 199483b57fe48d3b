/** Calls of our own API with the session of a page. */

export interface Problem {
  status: number;
  code: string;
  detail: string;
  requestId: string;
  members: Record<string, unknown>;
}

export type Answer<Body> =
  | { kind: 'answer'; status: number; body: Body; etag: string | null }
  | { kind: 'refused'; problem: Problem }
  /** No answer of the API came: the network, a proxy or the database is away. */
  | { kind: 'away' };

interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;

/** How far the clock here is behind the server's, in milliseconds; as of the last answer. */
let behindMs = 0;

/** The time by the server's clock: the one of this device may be an hour off. */
export const serverTime = (): Date => new Date(Date.now() + behindMs);

/** The header counts in seconds: a small difference is none. */
function noteTime(response: Response): void {
  const difference = Date.parse(response.headers.get('date') ?? '') - Date.now();
  if (!Number.isNaN(difference)) behindMs = Math.abs(difference) > 2000 ? difference : 0;
}

export interface Api {
  <Body = unknown>(method: string, path: string, options?: CallOptions): Promise<Answer<Body>>;
}

/**
 * @param page whose session counts
 * @param onEnded called when the session has ended
 */
export function createApi(page: 'door' | 'operator', onEnded: () => void): Api {
  return async <Body>(
    method: string,
    path: string,
    { body, headers, timeoutMs = TIMEOUT_MS }: CallOptions = {},
  ): Promise<Answer<Body>> => {
    let response: Response;
    let json: unknown = null;
    try {
      response = await fetch(path, {
        method,
        headers: {
          'x-holdfast-page': page,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      if (isJson) json = await response.json();
      else if (!response.ok) return { kind: 'away' };
    } catch {
      return { kind: 'away' };
    }
    noteTime(response);
    if (response.ok)
      return {
        kind: 'answer',
        status: response.status,
        body: json as Body,
        etag: response.headers.get('etag'),
      };
    if (response.status >= 502) return { kind: 'away' };
    const { code, detail, ...members } = json as { code: string; detail: string };
    if (response.status === 401 && !path.endsWith('/session')) onEnded();
    return {
      kind: 'refused',
      problem: {
        status: response.status,
        code,
        detail,
        requestId: response.headers.get('x-request-id') ?? '',
        members,
      },
    };
  };
}
