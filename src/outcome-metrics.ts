import { Counter, Histogram, type Registry } from 'prom-client';

/**
 * What the workers' activities and the sweep did, counted where it was done. A process that dies between a commit and
 * the count loses that count; what the database knows is in `backlog-metrics`.
 */
const registers: Registry[] = [];

const settled = new Counter({
  name: 'holdfast_settled_total',
  help: 'Payments and cancels that were decided, by outcome; late: after the end of the hold',
  labelNames: ['outcome', 'late'],
  registers,
});
const expired = new Counter({
  name: 'holdfast_holds_expired_total',
  help: 'Holds that ended unpaid, by who wrote it: workflow, or sweep',
  labelNames: ['by'],
  registers,
});
const confirmSeconds = new Histogram({
  name: 'holdfast_confirm_seconds',
  help: 'From a payment being recorded to its reservation being confirmed',
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  registers,
});
const ticketsSeconds = new Histogram({
  name: 'holdfast_tickets_seconds',
  help: 'From the confirmation to the tickets being mailed',
  buckets: [0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600],
  registers,
});

/** Shows these figures in a process's registry. */
export function registerOutcomes(registry: Registry): void {
  registry.registerMetric(settled);
  registry.registerMetric(expired);
  registry.registerMetric(confirmSeconds);
  registry.registerMetric(ticketsSeconds);
}

/** A payment or a cancel was decided. @param outcome as the inbox keeps it */
export const countSettled = (outcome: string, late: boolean): void =>
  settled.inc({ outcome, late: String(late) });
export const countExpired = (): void => expired.inc({ by: 'workflow' });
/** @param swept the holds that a sweep ended, and the payments for unknown reservations that it gave back */
export function countSwept(swept: { expired: number; refunded: number }): void {
  if (swept.expired > 0) expired.inc({ by: 'sweep' }, swept.expired);
  if (swept.refunded > 0)
    settled.inc({ outcome: 'refund_unknown_reservation', late: 'false' }, swept.refunded);
}
export const observeConfirm = (seconds: number): void => confirmSeconds.observe(seconds);
export const observeTickets = (seconds: number): void => ticketsSeconds.observe(seconds);
