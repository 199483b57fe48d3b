import type { Api } from '../staff/api';

/** A scan that was made without a network, to be sent later. */
export interface KeptScan {
  scanId: string;
  code: string;
  event: string;
  gate: string | null;
  /** By the server's clock, RFC 3339. */
  scannedAt: string;
}

export interface Entry {
  seat: string;
  holder: string;
  at: string;
  gate: string | null;
}

export type ScanAnswer =
  | { kind: 'in'; entry: Entry }
  | { kind: 'refused'; code: string; detail: string; members: Record<string, unknown> }
  /** Nothing was decided: send it again later. */
  | { kind: 'undecided' }
  /** Nothing was decided, and will not be with this key: it is kept for one of its event. */
  | { kind: 'not_with_this_key' };

const KEPT_AS = 'holdfast.door.scans';
const MOST_KEPT = 2000;
const DAY_MS = 24 * 3600 * 1000;

/** Read each time: another tab may have sent some. */
export function keptScans(): KeptScan[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? '[]');
    return Array.isArray(list) ? (list as KeptScan[]) : [];
  } catch {
    return [];
  }
}

/** @returns false when there is no room for it */
export function keepScan(scan: KeptScan): boolean {
  const kept = keptScans();
  if (kept.length >= MOST_KEPT) return false;
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify([...kept, scan]));
    return true;
  } catch {
    return false;
  }
}

export function dropScan(scanId: string): void {
  localStorage.setItem(
    KEPT_AS,
    JSON.stringify(keptScans().filter((scan) => scan.scanId !== scanId)),
  );
}

/** The server takes scans of a day at most. */
export const isTooOld = ({ scannedAt }: KeptScan, now: Date): boolean =>
  now.getTime() - Date.parse(scannedAt) > DAY_MS;

/** Sends a scan. @param late it was kept: its time goes with it */
export async function sendScan(
  api: Api,
  scan: KeptScan,
  { late, timeoutMs }: { late: boolean; timeoutMs: number },
): Promise<ScanAnswer> {
  const { scannedAt, ...now } = scan;
  const body = late ? scan : now;
  const answer = await api<Entry>('POST', '/v1/check-ins', { body, timeoutMs });
  if (answer.kind === 'answer') return { kind: 'in', entry: answer.body };
  if (answer.kind === 'away') return { kind: 'undecided' };
  const { status, code, detail, members } = answer.problem;
  // The session has ended, too many at once, or a fault: the scan is good, its time will come.
  if (status === 401 || status === 408 || status === 429 || status >= 500)
    return { kind: 'undecided' };
  // A scanner of another event has signed in since.
  if (late && status === 403) return { kind: 'not_with_this_key' };
  return { kind: 'refused', code, detail, members };
}
