/**
 * What a workflow gets in place of an input or a signal that cannot be read. Anyone who may signal
 * sends what they like, and a payload that fails would stop the workflow for good.
 */
export interface Unreadable {
  /** Why it cannot be read, in words. */
  unreadable: string;
}

/** Why a value could not be read; null: it could. */
export function whyUnreadable(value: unknown): string | null {
  const why = (value as Partial<Unreadable> | null | undefined)?.unreadable;
  return typeof why === 'string' ? why : null;
}
