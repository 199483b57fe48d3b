/** Amounts by name, each up to a limit. What is given back in full is forgotten, so names never pile up. */
export interface Counts {
  /** @returns what gives the amount back, once; null where it would be too much */
  take(name: string, amount?: number): (() => void) | null;
}

/** @param limit of each name; a single amount is never too much by itself */
export function createCounts(limit: number): Counts {
  const counts = new Map<string, number>();
  return {
    take(name, amount = 1) {
      const known = counts.get(name) ?? 0;
      if (known > 0 && known + amount > limit) return null;
      counts.set(name, known + amount);
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        const left = counts.get(name)! - amount;
        if (left === 0) counts.delete(name);
        else counts.set(name, left);
      };
    },
  };
}
