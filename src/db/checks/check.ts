/**
 * One thing that must hold.
 * - `invariant`: at every moment; one look decides.
 * - `queue`: work that is done in order and is late. While the queue moves it is a backlog, not a fault.
 * - `task`: work that is late and of which the database shows no trace that somebody is at it. A running workflow,
 *   one of those in the column `workflows`, is such a trace too.
 * - `note`: what waits for a person. It is listed and is never wrong.
 */
export interface Check {
  name: string;
  /** What goes wrong for whom when this does not hold. */
  why: string;
  kind: 'invariant' | 'queue' | 'task' | 'note';
  /** What is looked at: the text behind `from`. */
  over: string;
  /** Selects what is wrong: `id`, `detail`, and for a task `workflows` (a text array). Times are compared with `now()`. */
  sql: string;
}
