/** Jobs in the order of their keys, and of equal keys in the order in which they came. */
export class JobHeap {
  private readonly keys: number[] = [];
  private readonly orders: number[] = [];
  private readonly actions: (() => void)[] = [];
  private count = 0;

  get size(): number {
    return this.keys.length;
  }

  /** The smallest key; Infinity of nothing. */
  get firstKey(): number {
    return this.keys[0] ?? Infinity;
  }

  /** A heap of four children a node: half as deep as one of two, and the children lie side by side. */
  push(key: number, action: () => void): void {
    const { keys, orders, actions } = this;
    const order = this.count++;
    let index = keys.length;
    while (index > 0) {
      const parent = (index - 1) >> 2;
      // A new one comes behind all of the same key.
      if (keys[parent]! <= key) break;
      keys[index] = keys[parent]!;
      orders[index] = orders[parent]!;
      actions[index] = actions[parent]!;
      index = parent;
    }
    keys[index] = key;
    orders[index] = order;
    actions[index] = action;
  }

  /** Takes the first. There must be one. */
  pop(): () => void {
    const { keys, orders, actions } = this;
    const first = actions[0]!;
    const key = keys.pop()!;
    const order = orders.pop()!;
    const action = actions.pop()!;
    const size = keys.length;
    if (size > 0) {
      let index = 0;
      for (;;) {
        const child = this.earliest(4 * index + 1, size);
        if (child < 0 || !before(keys[child]!, orders[child]!, key, order)) break;
        keys[index] = keys[child]!;
        orders[index] = orders[child]!;
        actions[index] = actions[child]!;
        index = child;
      }
      keys[index] = key;
      orders[index] = order;
      actions[index] = action;
    }
    return first;
  }

  private earliest(from: number, size: number): number {
    if (from >= size) return -1;
    const { keys, orders } = this;
    const to = Math.min(from + 4, size);
    let best = from;
    for (let child = from + 1; child < to; child++) {
      if (before(keys[child]!, orders[child]!, keys[best]!, orders[best]!)) best = child;
    }
    return best;
  }
}

const before = (key: number, order: number, otherKey: number, otherOrder: number): boolean =>
  key < otherKey || (key === otherKey && order < otherOrder);
