/**
 * Shares reads between requests that come together. No result is older than its request: a running
 * read may have begun before the request's own write, so requests that come during it share the
 * next read.
 * @param read reads what has this name
 */
export function createSharedReads<Value>(
  read: (name: string) => Promise<Value>,
): (name: string) => Promise<Value> {
  const current = new Map<string, Promise<Value>>();
  const queued = new Map<string, Promise<Value>>();

  function start(name: string): Promise<Value> {
    const reading = read(name).finally(() => current.delete(name));
    current.set(name, reading);
    return reading;
  }

  return (name) => {
    const running = current.get(name);
    if (!running) return start(name);
    const next = queued.get(name);
    if (next) return next;
    const after = running
      .catch(() => undefined)
      .then(() => {
        queued.delete(name);
        return start(name);
      });
    queued.set(name, after);
    return after;
  };
}
