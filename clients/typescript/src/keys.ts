import { HoldfastError } from './problems.ts';
import { isPassing } from './send.ts';

/** Where keys are kept, as `sessionStorage` does; what it returns may be a promise. */
export interface KeyStore {
  getItem(name: string): string | null | Promise<string | null>;
  setItem(name: string, key: string): void | Promise<void>;
  removeItem(name: string): void | Promise<void>;
}

const MOST_KEPT = 1000;

/** Keeps keys until the process ends, the latest 1000. */
function createMemory(): KeyStore {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem(name, key) {
      const [oldest] = kept.keys();
      if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest);
      kept.set(name, key);
    },
    removeItem: (name) => void kept.delete(name),
  };
}

/** A random UUID; `crypto.randomUUID` is missing in pages without https. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** FNV-1a of 64 bits: names a call without keeping what is in it. */
function digestOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}

/** Makes a call under an idempotency key. */
export type UnderKey = <Result>(
  call: { name: string; body: unknown },
  work: (key: string) => Promise<Result>,
) => Promise<Result>;

/**
 * Makes the keys of calls and keeps each from before its first attempt until its answer. So a call
 * that ended without one, and is made again with the same body, is the same call for the API; with
 * a store that lasts, also after a crash or in a page that was loaded anew. The same call once more
 * while the first is under way is another one, as is one after an answer.
 */
export function createKeys(store: KeyStore = createMemory()): UnderKey {
  const underWay = new Set<string>();
  return async ({ name: call, body }, work) => {
    const name = `holdfast:${digestOf(`${call} ${JSON.stringify(body ?? null)}`)}`;
    if (underWay.has(name)) return work(newKey());
    underWay.add(name);
    try {
      const kept = await store.getItem(name);
      const key = kept ?? newKey();
      if (kept === null) await store.setItem(name, key);
      const result = await work(key);
      await store.removeItem(name);
      return result;
    } catch (error) {
      // Refused: nothing was made, and the next attempt is a new one.
      if (error instanceof HoldfastError && !isPassing(error.status)) await store.removeItem(name);
      throw error;
    } finally {
      underWay.delete(name);
    }
  };
}
