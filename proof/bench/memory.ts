import { childrenOf, readProc } from './cpu';

/** Memory of a process and all below it, in bytes; what processes share is counted once, in parts. */
export function memoryBytesOf(pid: number): number {
  const kilobytes = Number(/^Pss:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  return childrenOf(pid).reduce((sum, child) => sum + memoryBytesOf(child), 1024 * kilobytes);
}

/** What the processes right below one have for themselves alone, on average, in bytes: shared memory is not counted. */
export function meanChildBytes(pid: number): number {
  const children = childrenOf(pid).map((child) => {
    const rollup = readProc(`/proc/${child}/smaps_rollup`);
    const kilobytes = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)].map(([, value]) => Number(value));
    return 1024 * kilobytes.reduce((sum, value) => sum + value, 0);
  });
  return children.length === 0 ? 0 : children.reduce((sum, bytes) => sum + bytes, 0) / children.length;
}
