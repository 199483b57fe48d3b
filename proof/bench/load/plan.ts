export interface LoadRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** The requests, and the pace. */
export interface LoadPlan {
  baseUrl: string;
  /** Sent with every request. */
  headers?: Record<string, string>;
  requests: LoadRequest[];
  /** Persistent connections, opened before the clock starts; each has one request in flight. */
  connections: number;
  /**
   * Open loop: request i is due at i × everyMs, and its latency counts from then, so a stalled server is charged for all
   * requests that wait. Without it, closed loop: each connection sends its next request after the answer.
   */
  everyMs?: number;
  /** Races: so many are sent at the same time; the next group follows when all have their answer. */
  groupsOf?: number;
  keepBodies?: boolean;
}

export interface LoadResult {
  /** From the first request to the last answer. */
  wallMs: number;
  /** Of each request, in their order. */
  ms: number[];
  statuses: number[];
  /** Processor time of the load generator, which competes with the server on a small machine. */
  cpuMs: number;
  /** Empty without `keepBodies`. */
  bodies: string[];
}
