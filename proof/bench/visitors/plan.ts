/** What visitors do, all of them in one process. */
export type VisitorsPlan = {
  url: string;
  /** What is asked for. */
  path: string;
  count: number;
  /** Where they come from; absent: from where everybody here comes. */
  localAddress?: string;
} & (
  | {
      /** Each opens a stream, one after the other within this time, and stays. */
      kind: 'listeners';
      withinMs: number;
    }
  | {
      /** Each asks every so often for the map, with the ETag of the one that it has; evenly spread. */
      kind: 'pollers';
      everyMs: number;
      etag: string;
    }
  | {
      /** Each asks for a large answer and reads no more than its head; one that is refused asks again. */
      kind: 'non-readers';
    }
  | {
      /** Each sends a line of a header every so often, and never the last; one that is closed comes again. */
      kind: 'endless-headers';
      everyMs: number;
    }
  | {
      /** Each asks again when it is answered. */
      kind: 'callers';
      key: string;
    }
  | {
      /** So many calls within this time, each with another key that does not exist, on the connections in turn. */
      kind: 'guessers';
      guesses: number;
      withinMs: number;
    }
);

/** A plan without what all of one kind of measurement have in common. */
export type PlanWithout<Common extends keyof VisitorsPlan> = Without<VisitorsPlan, Common>;
type Without<Plan, Common extends PropertyKey> = Plan extends unknown ? Omit<Plan, Common> : never;

export interface VisitorsReport {
  /** What was measured, in milliseconds: snapshots, polls, calls. */
  ms: number[];
  /** Answers by status. */
  statuses: Record<number, number>;
  /** Connections that were open at the end, and that were closed by the server before. */
  open: number;
  closed: number;
  /** Of all answers, as they came over the wire. */
  bytes: number;
}
