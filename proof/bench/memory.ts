import { childrenOf, readProc } from './cpu';

/** Memory of a process and all below it, in bytes; what processes share is counted once, in parts. */
export function memoryBytesOf(pid: number): number {
  const kilobytes = Number(/^Pss:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  return childrenOf(pid).reduce((sum, child) => sum + memoryBytesOf(child), 1024 * kilobytes);
}
