/** The labels of free seats side by side in one row, in order. */
export interface Run {
  labels: string[];
}

export type Pick = (below: number) => number;

/**
 * Chooses seats for a party. Adjacent seats come first: the end of the best run that is long enough (runs come best
 * first). Without such a run the best single free seats are taken. When another buyer was quicker (`attempt` above 0) the
 * choice widens at random over the next best, so that a crowd does not chase the same seat again and again.
 * @param pick a random whole number below its argument
 * @returns the labels, or null when fewer than `quantity` seats are free.
 */
export function chooseSeats(
  choice: { runs: readonly Run[]; singles: readonly string[] },
  quantity: number,
  attempt: number,
  pick: Pick,
): string[] | null {
  const candidates = choice.runs.filter((run) => run.labels.length >= quantity);
  if (candidates.length > 0) {
    const width = Math.min(candidates.length, attempt === 0 ? 1 : 4 * attempt);
    const run = candidates[pick(width)]!;
    const slack = run.labels.length - quantity;
    // From either end of the run, never from its middle, except when chasing a crowd.
    const start = attempt === 0 ? 0 : pick(slack + 1);
    return run.labels.slice(start, start + quantity);
  }
  if (choice.singles.length < quantity) return null;
  const window = Math.min(choice.singles.length, quantity * (1 + 8 * attempt));
  const pool = choice.singles.slice(0, window);
  const chosen: string[] = [];
  while (chosen.length < quantity)
    chosen.push(...pool.splice(attempt === 0 ? 0 : pick(pool.length), 1));
  return chosen;
}
