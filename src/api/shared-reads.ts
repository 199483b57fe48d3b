/**
 * Lets requests that come together share what is read for them, and never gives one anything older
 * than itself: a read that is under way may have begun before the request's own write, so those that
 * come meanwhile share the next one.
 * @param read by the name of what is read
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
