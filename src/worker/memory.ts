import { setFlagsFromString } from 'node:v8';

/**
 * How glibc hands out memory to a worker. Temporal's core allocates and frees outside V8 all the time; with glibc's own
 * choices what is free stays scattered over its arenas, and a worker grows with each reservation that went through it,
 * however few it keeps (ADR 0015). With large blocks apart, and free ends given back, it stays near where
 * WORKER_CACHED_WORKFLOWS puts it. The image says the same; other C libraries take no notice.
 */
export const WORKER_ALLOCATOR = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

/** How much of what it kept at the last collection a heap takes more before the next one. V8 itself allows 300. */
const HEAP_GROWTH_PERCENT = 50;

/**
 * Has this process, the threads of its workflows included, collect garbage before its heaps are a multiple of what they
 * keep. It sets no limit: more cached workflows get more room. To be called first of all.
 */
export function keepHeapsTight(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
}
