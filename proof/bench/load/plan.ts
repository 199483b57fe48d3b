export interface LoadRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** What is sent, and at which pace. */
export interface LoadPlan {
  baseUrl: string;
  /** Sent with every request. */
  headers?: Record<string, string>;
  requests: LoadRequest[];
  /** Kept connections, opened before the clock starts; each has one request under way at a time. */
  connections: number;
  /**
   * Open loop: request i is due at i × everyMs, whatever became of the others, and its latency counts from then: a server
   * that stalls is charged for everyone who would have waited. Without it, closed: each connection sends its next
   * request when it has its answer.
   */
  everyMs?: number;
  /** Races: so many are sent at the same moment, and the next group follows when all have their answer. */
  groupsOf?: number;
  keepBodies?: boolean;
}

export interface LoadResult {
  /** From the first request to the last answer. */
  wallMs: number;
  /** Of each request, in their order. */
  ms: number[];
  statuses: number[];
  /** Processor time of the load itself, which is taken from what it measures on a small machine. */
  cpuMs: number;
  /** Empty unless asked for. */
  bodies: string[];
}
