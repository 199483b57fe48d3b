/** Does the same with each item, at most so many at once, and keeps the order of the results. */
export async function inTurn<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  one: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await one(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
