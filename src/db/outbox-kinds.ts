import {
  changeWorkflowId,
  refundWorkflowId,
  resendWorkflowId,
  settlementWorkflowId,
  WORKFLOWS,
  mailWorkflowId,
  type ChangeInput,
  type MailInput,
  type RefundInput,
  type RefundOrderInput,
  type ResendInput,
} from '../contracts/reservation';
import { sql, type Statement } from './database';

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
  /** What `subject` names: the table and its key. */
  subject: {
    table: 'reservations' | 'payments' | 'refunds' | 'mails' | 'changes';
    key: 'id' | 'reference';
  };
  /** The workflows that carry it out; while one of them runs, the entry's work is under way. */
  workflowIds: (subject: string, sequence: number | null) => string[];
  /**
   * A short workflow that carries out the entry; if there is none, the reservation's own workflow
   * is started or signalled.
   */
  oneOff?: {
    type: string;
    input: (
      subject: string,
      sequence: number | null,
    ) => RefundInput | RefundOrderInput | ResendInput | MailInput | ChangeInput;
    /** What it does, for the operator. */
    summary?: string;
  };
  /**
   * Statements of the sweep. Each writes entries again for work that has waited too long, unless it
   * is ordered already. Rows that another sweep has locked are skipped. (`= any` of an array has a plan by index, however
   * many there are.) $1: the maximum number.
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
        `with waiting as materialized (
           select distinct reservation_id as id from inbox where handled_at is null and received_at < now() - interval '20 seconds')
         , stuck as (
           select r.id from waiting w join reservations r on r.id = w.id
            where (r.nudged_at is null or r.nudged_at < now() - interval '1 minute')
              and not exists (select from outbox o where o.subject = r.id)
            limit $1 for no key update of r skip locked)
         , requeued as (update reservations r set nudged_at = now() where r.id = any (array(select id from stuck)) returning r.id)
         insert into outbox (kind, subject) select 'ring', id from requeued`,
      ),
      sql(
        'requeue_undelivered',
        `with stuck as (
           select r.id from reservations r
            where r.status = 'confirmed' and r.delivered_at is null and r.confirmed_at < now() - interval '2 minutes'
              and (r.buyer_email is not null or r.erased_at is not null)
              and (r.nudged_at is null or r.nudged_at < now() - interval '5 minutes')
              and not exists (select from outbox o where o.subject = r.id)
            limit $1 for no key update skip locked)
         , requeued as (update reservations r set nudged_at = now() where r.id = any (array(select id from stuck)) returning r.id)
         insert into outbox (kind, subject) select 'ring', id from requeued`,
      ),
    ],
  },

  /** A refund that a provider carries out. With a sequence: there is news of it, so its workflow is rung. */
  refund_order: {
    queue: 'commands',
    subject: { table: 'refunds', key: 'id' },
    workflowIds: (refundId) => [refundWorkflowId(refundId)],
    oneOff: {
      type: WORKFLOWS.refundOrder,
      input: (refundId) => ({ refundId }),
      summary: 'Give back a payment, or a part of it',
    },
    requeue: [
      sql(
        'requeue_refunds',
        `with stuck as (
           select r.id from refunds r
            where r.status = 'pending' and r.given_by in ('stripe', 'test')
              and r.created_at < now() - interval '1 minute'
              and (r.nudged_at is null or r.nudged_at < now() - interval '5 minutes')
              and not exists (select from outbox o where o.subject = r.id::text and o.kind = 'refund_order')
            order by r.created_at limit $1 for no key update skip locked)
         , requeued as (update refunds r set nudged_at = now() where r.id = any (array(select id from stuck)) returning r.id)
         insert into outbox (kind, subject) select 'refund_order', id::text from requeued`,
      ),
    ],
  },

  /** A refund as release 1.0 orders it, by the payment's reference; and the mail that it owes with one. */
  refund: {
    queue: 'commands',
    subject: { table: 'payments', key: 'reference' },
    workflowIds: (reference) => [refundWorkflowId(reference)],
    oneOff: { type: WORKFLOWS.refund, input: (reference) => ({ reference }) },
    requeue: [
      sql(
        'requeue_late_refund_mails',
        `with stuck as (
           select m.id, m.reference from mails m join payments p on p.reference = m.reference and p.reservation_id = m.reservation_id
            where m.sent_at is null and m.refused is null and m.kind = 'late_payment_refund' and p.status = 'refunded'
              and m.requested_at < now() - interval '2 minutes'
              and (m.nudged_at is null or m.nudged_at < now() - interval '5 minutes')
              and not exists (select from outbox o where o.subject = m.reference)
            limit $1 for no key update of m skip locked)
         , requeued as (update mails m set nudged_at = now() where m.id = any (array(select id from stuck)) returning m.reference)
         insert into outbox (kind, subject) select 'refund', reference from requeued`,
      ),
    ],
  },

  /** A mail that is owed; not the first one with the tickets, which the reservation's own workflow sends. */
  mail: {
    queue: 'commands',
    subject: { table: 'mails', key: 'id' },
    workflowIds: (mailId) => [mailWorkflowId(mailId)],
    oneOff: {
      type: WORKFLOWS.mail,
      input: (mailId) => ({ mailId }),
      summary: 'Write to the buyer',
    },
    requeue: [
      sql(
        'requeue_mails',
        `with stuck as (
           select m.id from mails m left join refunds f on f.id = m.refund_id
            where m.kind in ('refund', 'cancelled', 'event_changed') and m.sent_at is null and m.refused is null
              and (f.id is null or f.status = 'succeeded')
              and m.requested_at < now() - interval '2 minutes'
              and (m.nudged_at is null or m.nudged_at < now() - interval '5 minutes')
              and not exists (select from outbox o where o.subject = m.id::text and o.kind = 'mail')
            limit $1 for no key update of m skip locked)
         , requeued as (update mails m set nudged_at = now() where m.id = any (array(select id from stuck)) returning m.id)
         insert into outbox (kind, subject) select 'mail', id::text from requeued`,
      ),
    ],
  },

  /** A quote of a change to a sale. With a sequence: there is news of it, so its workflow is rung. */
  change: {
    queue: 'commands',
    subject: { table: 'changes', key: 'id' },
    workflowIds: (changeId) => [changeWorkflowId(changeId)],
    oneOff: {
      type: WORKFLOWS.change,
      input: (changeId) => ({ changeId }),
      summary: 'Wait for what is due for a change, or for its end',
    },
    // The sweep ends quotes without their workflow.
    requeue: [],
  },

  /** The tickets once more, by mail; `sequence` counts them. */
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
              and m.requested_at < now() - interval '2 minutes'
              and (m.nudged_at is null or m.nudged_at < now() - interval '5 minutes')
              and not exists (select from outbox o where o.subject = m.reservation_id and o.kind = 'resend' and o.sequence = m.sequence)
            limit $1 for no key update skip locked)
         , requeued as (update mails m set nudged_at = now() where m.id = any (array(select id from stuck))
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
