import { Gauge, type Registry } from 'prom-client';
import type { Database } from './db/database';
import { readMailBacklog } from './db/mails';
import { countOpenNotes, NOTE_KINDS } from './db/notes';
import { readLockWaits } from './db/lock-waits';
import { readBacklog, readBacklogByKind } from './db/outbox';
import { OUTBOX_KINDS, type OutboxKind } from './db/outbox-kinds';
import { readUnknownPayments } from './db/payments';
import { readRefundBacklog, REFUND_STATES, type RefundBacklog } from './db/refunds';
import { countSweepFaults } from './db/sweep-faults';

/** So often at most the database is asked, whoever scrapes. */
const KEPT_MS = 5000;
/** A scrape does not wait longer for the database. */
const ANSWER_WITHIN_MS = 2000;
/** Of figures about the whole, which every process reports alike: take one of them, or the maximum. */
const SCOPE = { scope: 'database' } as const;

const read = async (db: Database) => {
  const [outbox, kinds, mails, refunds, notes, sweepFaults, payments, locks] = await Promise.all([
    readBacklog(db),
    readBacklogByKind(db),
    readMailBacklog(db),
    readRefundBacklog(db),
    countOpenNotes(db),
    countSweepFaults(db),
    readUnknownPayments(db),
    readLockWaits(db),
  ]);
  return { outbox, kinds, mails, refunds, notes, sweepFaults, payments, locks };
};
type Backlog = Awaited<ReturnType<typeof read>>;

/** A figure of each kind of entry: 0 for a kind that has none. */
const byKind = (
  { kinds }: Backlog,
  figure: (of: Backlog['kinds'][number]) => number,
): [OutboxKind, number][] =>
  (Object.keys(OUTBOX_KINDS) as OutboxKind[]).map((kind) => {
    const found = kinds.find((one) => one.kind === kind);
    return [kind, found === undefined ? 0 : figure(found)];
  });

/** The same of each state of a pending refund. */
const byState = ({ refunds }: Backlog, figure: (of: RefundBacklog) => number): [string, number][] =>
  REFUND_STATES.map((state) => {
    const found = refunds.find((one) => one.state === state);
    return [state, found === undefined ? 0 : figure(found)];
  });

/** The figures by name: what each measures, and its values, by further labels. */
const FIGURES: Record<
  string,
  { help: string; label?: string; values: (backlog: Backlog) => [label: string, value: number][] }
> = {
  holdfast_outbox_entries: {
    help: 'Outbox entries that wait for Temporal: workflows to start or signal',
    values: ({ outbox }) => [['', outbox.entries]],
  },
  holdfast_outbox_oldest_seconds: {
    help: 'How long the oldest of them has waited',
    values: ({ outbox }) => [['', outbox.oldestSeconds]],
  },
  holdfast_outbox_given_up: {
    help: 'Outbox entries that Temporal refuses and that wait for an operator',
    values: ({ outbox }) => [['', outbox.givenUp]],
  },
  holdfast_outbox_kind_entries: {
    help: 'Outbox entries that wait for Temporal, by kind',
    label: 'kind',
    values: (backlog) => byKind(backlog, ({ entries }) => entries),
  },
  holdfast_outbox_kind_oldest_seconds: {
    help: 'How long the oldest entry of a kind has waited',
    label: 'kind',
    values: (backlog) => byKind(backlog, ({ oldestSeconds }) => oldestSeconds),
  },
  holdfast_outbox_kind_given_up: {
    help: 'Outbox entries that were given up, by kind',
    label: 'kind',
    values: (backlog) => byKind(backlog, ({ givenUp }) => givenUp),
  },
  holdfast_sweep_faults: {
    help: 'Things that the sweep could not do so far, each tried again',
    values: ({ sweepFaults }) => [['', sweepFaults]],
  },
  holdfast_mails_owed: {
    help: 'Mails that wait to be sent',
    values: ({ mails }) => [['', mails.owed]],
  },
  holdfast_mails_oldest_seconds: {
    help: 'How long the oldest mail has waited',
    values: ({ mails }) => [['', mails.oldestSeconds]],
  },
  holdfast_mails_refused: {
    help: 'Mails that the mail server refused for good, without a later mail',
    values: ({ mails }) => [['', mails.refused]],
  },
  holdfast_refunds_pending: {
    help: 'Refunds not done yet: under_way, refused by the provider, by_hand',
    label: 'state',
    values: (backlog) => byState(backlog, ({ count }) => count),
  },
  holdfast_refunds_oldest_seconds: {
    help: 'How long the oldest refund of a state has been ordered',
    label: 'state',
    values: (backlog) => byState(backlog, ({ oldest }) => oldest),
  },
  holdfast_payments_unknown: {
    help: 'Payments that wait for a reservation which does not exist',
    values: ({ payments }) => [['', payments.count]],
  },
  holdfast_payments_unknown_oldest_seconds: {
    help: 'How long the oldest of them has waited',
    values: ({ payments }) => [['', payments.oldestSeconds]],
  },
  holdfast_lock_waits: {
    help: 'Statements of ours that wait for a lock',
    values: ({ locks }) => [['', locks.waiting]],
  },
  holdfast_lock_wait_longest_seconds: {
    help: 'How long the longest of them has run',
    values: ({ locks }) => [['', locks.longestSeconds]],
  },
  holdfast_notes_open: {
    help: 'Notes that wait for an operator, by kind',
    label: 'kind',
    values: ({ notes }) =>
      NOTE_KINDS.map((kind) => [kind, notes.find((open) => open.kind === kind)?.count ?? 0]),
  },
};

/**
 * Registers the figures about what waits in the database. They are the same in every process, and
 * are labelled so. Without the database they are absent, and `holdfast_database_up` is 0.
 */
export function registerBacklog(registry: Registry, db: Database): void {
  let kept: { at: number; backlog: Promise<Backlog | null> } | undefined;
  const current = (): Promise<Backlog | null> => {
    if (!kept || performance.now() - kept.at > KEPT_MS)
      kept = { at: performance.now(), backlog: readInTime(db) };
    return kept.backlog;
  };
  const registers = [registry];
  // Of several processes on one port, the figures are not added up.
  const shared = { registers, aggregator: 'max' as const };
  for (const [name, { help, label, values }] of Object.entries(FIGURES)) {
    const labelNames = label === undefined ? ['scope'] : ['scope', label];
    new Gauge({
      name,
      help,
      labelNames,
      ...shared,
      async collect() {
        const backlog = await current();
        this.reset();
        for (const [key, value] of backlog === null ? [] : values(backlog))
          this.set(label === undefined ? SCOPE : { ...SCOPE, [label]: key }, value);
      },
    });
  }
  new Gauge({
    name: 'holdfast_database_up',
    help: 'Whether the database answered this process: 0 or 1',
    registers,
    aggregator: 'min',
    async collect() {
      this.set((await current()) === null ? 0 : 1);
    },
  });
}

/** @returns null when the database does not answer in time */
async function readInTime(db: Database): Promise<Backlog | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ANSWER_WITHIN_MS);
  });
  const backlog = read(db).catch(() => null);
  return Promise.race([backlog, late]).finally(() => clearTimeout(timer));
}
