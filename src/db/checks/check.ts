/**
 * One condition that must hold.
 * - `invariant`: holds at every moment; one look decides.
 * - `queue`: work that is done in order and is late. While the queue makes progress it is a
 * backlog, not a fault.
 * - `task`: work that is late, while the database shows no sign that it is being done. A running
 * workflow out of the column `workflows` counts as such a sign.
 * - `note`: an item for an operator. It is listed and never counts as a fault.
 */
export interface Check {
  name: string;
  /** The harm, and for whom, when the condition does not hold. */
  why: string;
  kind: 'invariant' | 'queue' | 'task' | 'note';
  /** The rows that are checked: the text after `from`. */
  over: string;
  /**
   * Selects the rows that violate the condition: `id`, `detail`, and for a task `workflows` (an
   * array of text). Times are compared with `now()`.
   */
  sql: string;
}
