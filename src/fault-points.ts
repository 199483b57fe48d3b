import { writeSync } from 'node:fs';

/**
 * Named points between two steps, where a crash must do no harm. Without HOLDFAST_FAULTS each is
 * one comparison. HOLDFAST_FAULTS is a list `name=probability` separated by commas
 * (`hold.committed=0.01`): with that probability the process kills itself at that point, as an
 * out-of-memory killer would. `npm run chaos` sets it; production refuses it.
 */
export type FaultPoint =
  | 'hold.committed'
  | 'webhook.recorded'
  | 'confirm.recorded'
  | 'settle.locked'
  | 'settle.committed'
  | 'release.locked'
  | 'relay.started'
  | 'relay.rung'
  | 'refund.paid'
  | 'document.rendered'
  | 'mail.sent'
  | 'feed.numbered'
  | 'webhook.sent';

const faults = new Map(
  (process.env.HOLDFAST_FAULTS ?? '')
    .split(',')
    .filter((entry) => entry.includes('='))
    .map((entry) => entry.split('=') as [FaultPoint, string])
    .map(([name, probability]) => [name, Number(probability)] as const),
);

export function faultPoint(name: FaultPoint): void {
  if (faults.size === 0) return;
  if (Math.random() >= (faults.get(name) ?? 0)) return;
  writeSync(2, `fault point ${name}\n`);
  process.kill(process.pid, 'SIGKILL');
}

export const faultsAreArmed = () => faults.size > 0;
