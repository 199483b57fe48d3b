/**
 * A member of an object by a name from outside. What every object has by itself (`constructor`,
 * `toString`, `__proto__`) is none.
 */
export const ownMember = <Value>(
  object: Readonly<Record<string, Value>>,
  name: string,
): Value | undefined => (Object.hasOwn(object, name) ? object[name] : undefined);
