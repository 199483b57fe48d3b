import { childrenOf, readProc } from './cpu';

/** Memory of a process and its children, in bytes (PSS: shared memory counts once). */
export function memoryBytesOf(pid: number): number {
  const kilobytes = Number(
    /^Pss:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0,
  );
  return childrenOf(pid).reduce((sum, child) => sum + memoryBytesOf(child), 1024 * kilobytes);
}

/** The private memory of the children of a process, on average, in bytes. */
export function meanChildBytes(pid: number): number {
  const children = childrenOf(pid).map((child) => {
    const rollup = readProc(`/proc/${child}/smaps_rollup`);
    const kilobytes = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)].map(
      ([, value]) => Number(value),
    );
    return 1024 * kilobytes.reduce((sum, value) => sum + value, 0);
  });
  return children.length === 0
    ? 0
    : children.reduce((sum, bytes) => sum + bytes, 0) / children.length;
}

/** The resident memory of a process and its children, in bytes: shared memory counts for each, and nothing stops to be counted. */
function residentBytesOf(pid: number): number {
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/status`))?.[1] ?? 0);
  return childrenOf(pid).reduce((sum, child) => sum + residentBytesOf(child), 1024 * kilobytes);
}

const SAMPLE_MS = 50;

/** Watches the resident memory of a process. @returns a function that ends it and tells where it began, and its peak */
export function watchMemory(pid: number): () => { atFirst: number; peak: number } {
  const atFirst = residentBytesOf(pid);
  let peak = atFirst;
  const look = (): void => void (peak = Math.max(peak, residentBytesOf(pid)));
  const timer = setInterval(look, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    look();
    return { atFirst, peak };
  };
}
