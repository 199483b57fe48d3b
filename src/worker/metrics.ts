import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Database } from '../db/database';
import { readMailBacklog } from '../db/mails';
import { countOpenNotes, NOTE_KINDS } from '../db/notes';
import { readRefundBacklog } from '../db/refunds';
import { readBacklog } from '../db/outbox';

/** A worker's own metrics, in the Prometheus text format. */
export function createMetrics(db: Database): { text: () => Promise<string> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const entries = new Gauge({
    name: 'holdfast_outbox_entries',
    help: 'Outbox entries that wait for Temporal: workflows to start or signal',
    registers: [registry],
  });
  const oldest = new Gauge({
    name: 'holdfast_outbox_oldest_seconds',
    help: 'How long the oldest entry has waited',
    registers: [registry],
  });
  const mailsOwed = new Gauge({
    name: 'holdfast_mails_owed',
    help: 'Mails that wait to be sent',
    registers: [registry],
  });
  const oldestMail = new Gauge({
    name: 'holdfast_mails_oldest_seconds',
    help: 'How long the oldest mail has waited',
    registers: [registry],
  });
  const mailsRefused = new Gauge({
    name: 'holdfast_mails_refused',
    help: 'Mails that the mail server refused for good, without a later mail',
    registers: [registry],
  });
  const refunds = new Gauge({
    name: 'holdfast_refunds_pending',
    help: 'Refunds not done yet: under_way, refused by the provider, by_hand',
    labelNames: ['state'],
    registers: [registry],
  });
  const oldestRefund = new Gauge({
    name: 'holdfast_refunds_oldest_seconds',
    help: 'How long the oldest of them has been ordered',
    registers: [registry],
  });
  const notes = new Gauge({
    name: 'holdfast_notes_open',
    help: 'Notes that wait for an operator, by kind',
    labelNames: ['kind'],
    registers: [registry],
  });
  return {
    async text() {
      const [backlog, mails, refundBacklog, openNotes] = await Promise.all([
        readBacklog(db),
        readMailBacklog(db),
        readRefundBacklog(db),
        countOpenNotes(db),
      ]);
      refunds.set({ state: 'under_way' }, refundBacklog.underWay);
      refunds.set({ state: 'refused' }, refundBacklog.refused);
      refunds.set({ state: 'by_hand' }, refundBacklog.byHand);
      oldestRefund.set(refundBacklog.oldestSeconds);
      for (const kind of NOTE_KINDS)
        notes.set({ kind }, openNotes.find((open) => open.kind === kind)?.count ?? 0);
      mailsOwed.set(mails.owed);
      oldestMail.set(mails.oldestSeconds);
      mailsRefused.set(mails.refused);
      entries.set(backlog.entries);
      oldest.set(backlog.oldestSeconds);
      return registry.metrics();
    },
  };
}
