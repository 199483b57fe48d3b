import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Database } from '../db/database';
import { readMailBacklog } from '../db/mails';
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
  return {
    async text() {
      const [backlog, mails] = await Promise.all([readBacklog(db), readMailBacklog(db)]);
      mailsOwed.set(mails.owed);
      oldestMail.set(mails.oldestSeconds);
      mailsRefused.set(mails.refused);
      entries.set(backlog.entries);
      oldest.set(backlog.oldestSeconds);
      return registry.metrics();
    },
  };
}
