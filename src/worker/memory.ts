import { setFlagsFromString } from 'node:v8';

/**
 * Settings of glibc's allocator for a worker. Temporal's core allocates and frees memory outside V8
 * all the time. With glibc's defaults, free memory stays scattered over several arenas, and a
 * worker grows with each reservation that it handles, however few it caches (ADR 0015). These
 * settings keep large blocks apart and return free memory, so the size depends on
 * WORKER_CACHED_WORKFLOWS. The image has the same settings; other C libraries ignore them.
 */
export const WORKER_ALLOCATOR = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

/**
 * How much the heap may grow after a collection before the next one, as a percentage of what was
 * kept. V8's default is 300.
 */
const HEAP_GROWTH_PERCENT = 100;

/**
 * Makes this process, including the threads of its workflows, collect garbage earlier. It sets no
 * limit: more cached workflows still get more memory. Call it before anything else.
 */
export function keepHeapsTight(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
}
