import {
  refundWorkflowId,
  resendWorkflowId,
  settlementWorkflowId,
  WORKFLOWS,
  type RefundInput,
  type ResendInput,
} from '../contracts/reservation';
import { sql, type Queryable, type Statement } from './database';

/**
 * The kinds of outbox entries: what can be delivered to Temporal. The dispatcher, the sweep and
 * `verify` read this table; the constraint `outbox_kind_known` has the same list.
 */
interface OutboxKindSpec {
  /**
   * The queue of the entry. `commands` are delivered before `starts`, so a payment never waits
   * behind a burst of holds.
   */
  queue: OutboxQueue;
  /** The table and key that `subject` refers to. */
  subject: { table: 'reservations' | 'payments'; key: 'id' | 'reference' };
  /** The workflows that carry out the entry. While one of them runs, the work is in progress. */
  workflowIds: (subject: string, sequence: number | null) => string[];
  /**
   * A short workflow that carries out the entry; if there is none, the reservation's own workflow
   * is started or signalled.
   */
  oneOff?: {
    type: string;
    input: (subject: string, sequence: number | null) => RefundInput | ResendInput;
  };
  /**
   * Statements of the sweep. Each writes entries again for work that has waited too long. $1: the
   * maximum number.
   */
  requeue: readonly Statement[];
}

export type OutboxQueue = 'commands' | 'starts';
export const OUTBOX_QUEUES = ['commands', 'starts'] as const satisfies readonly OutboxQueue[];

const reservationWorkflows = (id: string): string[] => [id, settlementWorkflowId(id)];
const RESERVATION = { table: 'reservations', key: 'id' } as const;

export const OUTBOX_KINDS = {
  /** A hold whose workflow has not been started yet. */
  start: { queue: 'starts', subject: RESERVATION, workflowIds: reservationWorkflows, requeue: [] },

  /** A row waits in a reservation's inbox, or its hold or delivery needs its workflow. */
  ring: {
    queue: 'commands',
    subject: RESERVATION,
    workflowIds: reservationWorkflows,
    requeue: [
      sql(
        'requeue_unhandled_inbox',
        `with stuck as (
           select distinct i.reservation_id as id from inbox i join reservations r on r.id = i.reservation_id
            where i.handled_at is null and i.received_at < clock_timestamp() - interval '20 seconds'
              and (r.nudged_at is null or r.nudged_at < clock_timestamp() - interval '1 minute')
              and not exists (select from outbox o where o.subject = i.reservation_id) limit $1)
         , requeued as (update reservations r set nudged_at = clock_timestamp() from stuck where r.id = stuck.id returning r.id)
         insert into outbox (kind, subject) select 'ring', id from requeued`,
      ),
      sql(
        'requeue_undelivered',
        `with stuck as (
           select r.id from reservations r
            where r.status = 'confirmed' and r.delivered_at is null and r.confirmed_at < clock_timestamp() - interval '2 minutes'
              and (r.nudged_at is null or r.nudged_at < clock_timestamp() - interval '5 minutes') limit $1)
         , requeued as (update reservations r set nudged_at = clock_timestamp() from stuck where r.id = stuck.id returning r.id)
         insert into outbox (kind, subject) select 'ring', id from requeued`,
      ),
    ],
  },

  /** A payment to be refunded. */
  refund: {
    queue: 'commands',
    subject: { table: 'payments', key: 'reference' },
    workflowIds: (reference) => [refundWorkflowId(reference)],
    oneOff: { type: WORKFLOWS.refund, input: (reference) => ({ reference }) },
    requeue: [
      sql(
        'requeue_refunds',
        `with stuck as (
           select p.id, p.reference from payments p
            where (p.status = 'refunding' or (p.status = 'refunded' and exists (select from mails m
                     where m.reference = p.reference and m.reservation_id = p.reservation_id and m.sent_at is null and m.refused is null)))
              and (p.captured_by <> 'client' or p.amount = 0)
              and p.received_at < clock_timestamp() - interval '1 minute'
              and (p.nudged_at is null or p.nudged_at < clock_timestamp() - interval '5 minutes')
              and not exists (select from outbox o where o.subject = p.reference and o.kind = 'refund') limit $1)
         , requeued as (update payments p set nudged_at = clock_timestamp() from stuck
             where p.id = stuck.id returning p.reference)
         insert into outbox (kind, subject) select 'refund', reference from requeued`,
      ),
    ],
  },

  /** Tickets to be mailed again; `sequence` counts the mails. */
  resend: {
    queue: 'commands',
    subject: RESERVATION,
    workflowIds: (id, sequence) => [resendWorkflowId(id, sequence!)],
    oneOff: {
      type: WORKFLOWS.resend,
      input: (reservationId, sequence) => ({ reservationId, sequence: sequence! }),
    },
    requeue: [
      sql(
        'requeue_resends',
        `with stuck as (
           select m.id from mails m
            where m.kind = 'tickets' and m.sequence > 0 and m.sent_at is null and m.refused is null
              and m.requested_at < clock_timestamp() - interval '2 minutes'
              and (m.nudged_at is null or m.nudged_at < clock_timestamp() - interval '5 minutes') limit $1)
         , requeued as (update mails m set nudged_at = clock_timestamp() from stuck where m.id = stuck.id
             returning m.reservation_id, m.sequence)
         insert into outbox (kind, subject, sequence) select 'resend', reservation_id, sequence from requeued`,
      ),
    ],
  },
} as const satisfies Record<string, OutboxKindSpec>;

export type OutboxKind = keyof typeof OUTBOX_KINDS;
export const outboxKind = (kind: OutboxKind): OutboxKindSpec => OUTBOX_KINDS[kind];

/** The kinds of a queue, as a list of SQL literals. */
export const kindsOf = (queue: OutboxQueue): string =>
  Object.entries<OutboxKindSpec>(OUTBOX_KINDS)
    .filter(([, spec]) => spec.queue === queue)
    .map(([kind]) => `'${kind}'`)
    .join(', ');

const ADD = sql('outbox_add', 'insert into outbox (kind, subject, sequence) values ($1, $2, $3)');

/**
 * Writes an entry in the transaction of the fact that it follows from. The caller notifies the
 * relays afterwards.
 */
export async function addOutboxEntry(
  tx: Queryable,
  kind: OutboxKind,
  subject: string,
  sequence: number | null = null,
): Promise<void> {
  await tx.run(ADD, [kind, subject, sequence]);
}
