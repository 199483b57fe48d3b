import {
  changeWorkflowId,
  refundWorkflowId,
  printWorkflowId,
  resendWorkflowId,
  WORKFLOWS,
  mailWorkflowId,
  TASK_QUEUES,
  webhookWorkflowId,
  type ChangeInput,
  type MailInput,
  type RefundInput,
  type RefundOrderInput,
  type ReservationRef,
  type ResendInput,
  type WebhookInput,
} from '../contracts/reservation';
import { formatMoney } from '../domain/currency';
import type { News } from '../domain/news';
import { sql, type Statement } from './database';
import { WAITS_FOR_A_BUYER } from './mails';
import { isNotPaused, type SweepStep } from './sweep-faults';

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
    table: 'reservations' | 'payments' | 'refunds' | 'mails' | 'changes' | 'webhook_endpoints';
    key: 'id' | 'reference';
  };
  /** The id of its workflow: it ends in an id of ours of 40 characters at most, `settle:` aside. */
  workflowId: (subject: string, facts: OutboxFacts) => string;
  /**
   * A short workflow that carries out the entry; if there is none, the reservation's own workflow
   * is started or signalled.
   */
  oneOff?: {
    type: string;
    input: (
      subject: string,
      sequence: number | null,
    ) =>
      | RefundInput
      | RefundOrderInput
      | ReservationRef
      | ResendInput
      | MailInput
      | ChangeInput
      | WebhookInput;
    /** `reservations` unless set. */
    taskQueue?: string;
    /** A workflow that runs already is rung; with a sequence it always is. */
    rings?: boolean;
    /** What it does, for the operator. */
    summary: (facts: OutboxFacts) => string;
  };
  /** What the sweep does: each writes entries again for work that has waited too long, unless it is ordered already. */
  requeue: readonly Requeue[];
}

/** A kind of work that has waited too long. Rows that another sweep has locked are skipped. */
export interface Requeue {
  name: SweepStep;
  /** Orders what is due. $1: the maximum number. */
  set: Statement;
  /** The ids of the same; nothing is changed. $1: the maximum number. */
  due: Statement<{ id: string }>;
  /** Orders one, if it is due. $1: its id. */
  one: Statement;
}

/**
 * @param work.due `select … from … where …` of what is due, without what was left alone after a failure
 * @param work.row the name, in it, of the row that says since when, and the type of its id
 * @param work.then orders what is in `stuck`. (`= any` of an array has a plan by index, however many there are.)
 */
function requeue(
  name: SweepStep,
  work: {
    due: string;
    row: { name: string; id: 'text' | 'bigint' | 'uuid' };
    order?: string;
    then: string;
  },
): Requeue {
  const { due, row, order = '', then } = work;
  const lock = `for no key update of ${row.name}`;
  const some = `${due} and ${isNotPaused(name, `${row.name}.id::text`)} ${order} limit $1`;
  return {
    name,
    set: sql(name, `with stuck as (${some} ${lock} skip locked)${then}`),
    // Nothing is skipped here: the statement that has just failed may still hold its locks, as PostgreSQL tells of a
    // failure before it lets go of them.
    due: sql<{ id: string }>(`${name}_due`, `select id::text from (${some}) stuck`),
    one: sql(
      `${name}_one`,
      `with stuck as (${due} and ${row.name}.id = $1::${row.id} ${lock})${then}`,
    ),
  };
}

/** What Temporal shows of an entry: see `outbox_facts` in the migrations. */
export interface OutboxFacts {
  /** Absent if there is no such reservation; so are its events. */
  reservation?: string;
  events?: string[];
  /** Of a ring: what happened. */
  news?: News[];
  /** Of a refund: its payment, in minor units. */
  reference?: string;
  amount?: number;
  currency?: string;
  reason?: string;
  /** Of a refund as release 1.0 orders it: the payment's number. */
  payment?: string;
  mail?: string;
  print?: string;
  mailKind?: string;
}

const moneyOf = ({ amount, currency }: OutboxFacts): string =>
  amount === undefined || currency === undefined ? 'money' : formatMoney({ amount, currency });

export type OutboxQueue = 'commands' | 'starts';
export const OUTBOX_QUEUES = ['commands', 'starts'] as const satisfies readonly OutboxQueue[];

const RESERVATION = { table: 'reservations', key: 'id' } as const;

export const OUTBOX_KINDS = {
  /** A hold whose workflow has not been started yet. */
  start: { queue: 'starts', subject: RESERVATION, workflowId: (id) => id, requeue: [] },

  /** A row waits in a reservation's inbox, or its hold or delivery needs its workflow. */
  ring: {
    queue: 'commands',
    subject: RESERVATION,
    workflowId: (id) => id,
    requeue: [
      requeue('requeue_unhandled_inbox', {
        due: `select r.id from (with waiting as materialized (
             select distinct reservation_id as id from inbox where handled_at is null and received_at < now() - interval '20 seconds')
             select id from waiting) w join reservations r on r.id = w.id
            where (r.nudged_at is null or r.nudged_at < now() - interval '1 minute')
              and not exists (select from outbox o where o.subject = r.id and o.kind in ('ring', 'start'))`,
        row: { name: 'r', id: 'text' },
        then: `
         , requeued as (update reservations r set nudged_at = now() where r.id = any (array(select id from stuck)) returning r.id)
         insert into outbox (kind, subject) select 'ring', id from requeued`,
      }),
      // Less and less often: each ring is in the history of a workflow that may wait for a mailbox for weeks.
      requeue('requeue_undelivered', {
        due: `select r.id from reservations r
            where r.status = 'confirmed' and r.delivered_at is null and r.confirmed_at < now() - interval '2 minutes'
              and not ${WAITS_FOR_A_BUYER}
              and (r.nudged_at is null
                or r.nudged_at < now() - greatest(interval '5 minutes', (now() - r.confirmed_at) / 12))
              and not exists (select from outbox o where o.subject = r.id and o.kind in ('ring', 'start'))`,
        row: { name: 'r', id: 'text' },
        then: `
         , requeued as (update reservations r set nudged_at = now() where r.id = any (array(select id from stuck)) returning r.id)
         insert into outbox (kind, subject) select 'ring', id from requeued`,
      }),
    ],
  },

  /** A refund that a provider carries out. With a sequence: there is news of it, so its workflow is rung. */
  refund_order: {
    queue: 'commands',
    subject: { table: 'refunds', key: 'id' },
    workflowId: refundWorkflowId,
    oneOff: {
      type: WORKFLOWS.refundOrder,
      input: (refundId) => ({ refundId }),
      summary: (facts) =>
        `Refund of ${moneyOf(facts)} of payment ${facts.reference ?? 'unknown'} (${facts.reason ?? 'unknown'})`,
    },
    requeue: [
      requeue('requeue_refunds', {
        due: `select r.id from refunds r
            where r.status = 'pending' and r.given_by in ('stripe', 'test')
              and r.created_at < now() - interval '1 minute'
              and (r.nudged_at is null or r.nudged_at < now() - interval '5 minutes')
              and not exists (select from outbox o where o.subject = r.id::text and o.kind = 'refund_order')`,
        row: { name: 'r', id: 'uuid' },
        order: 'order by r.created_at',
        then: `
         , requeued as (update refunds r set nudged_at = now() where r.id = any (array(select id from stuck)) returning r.id)
         insert into outbox (kind, subject) select 'refund_order', id::text from requeued`,
      }),
    ],
  },

  /** A refund as release 1.0 orders it, by the payment's reference; and the mail that it owes with one. */
  refund: {
    queue: 'commands',
    subject: { table: 'payments', key: 'reference' },
    workflowId: (_reference, { payment }) => refundWorkflowId(payment ?? 'unknown-payment'),
    oneOff: {
      type: WORKFLOWS.refund,
      input: (reference) => ({ reference }),
      summary: ({ reference }) => `Refund payment ${reference ?? 'unknown'}, and tell the buyer`,
    },
    requeue: [
      requeue('requeue_late_refund_mails', {
        due: `select m.id, m.reference from mails m join payments p on p.reference = m.reference and p.reservation_id = m.reservation_id
            where m.sent_at is null and m.refused is null and m.kind = 'late_payment_refund' and p.status = 'refunded'
              and m.requested_at < now() - interval '2 minutes'
              and (m.nudged_at is null or m.nudged_at < now() - interval '5 minutes')
              and not exists (select from outbox o where o.subject = m.reference)`,
        row: { name: 'm', id: 'bigint' },
        then: `
         , requeued as (update mails m set nudged_at = now() where m.id = any (array(select id from stuck)) returning m.reference)
         insert into outbox (kind, subject) select 'refund', reference from requeued`,
      }),
    ],
  },

  /** A mail that is owed; not the first one with the tickets, which the reservation's own workflow sends. */
  mail: {
    queue: 'commands',
    subject: { table: 'mails', key: 'id' },
    workflowId: mailWorkflowId,
    oneOff: {
      type: WORKFLOWS.mail,
      input: (mailId) => ({ mailId }),
      summary: ({ mailKind = 'mail', reservation }) =>
        `Write to the buyer of ${reservation ?? 'an unknown reservation'}: ${mailKind.replaceAll('_', ' ')}`,
    },
    requeue: [
      requeue('requeue_mails', {
        // Only what is owed (`IS_OWED`): what nobody sends would be ordered for ever.
        due: `select m.id from mails m join reservations r on r.id = m.reservation_id
              left join refunds f on f.id = m.refund_id
            where m.kind in ('refund', 'cancelled', 'event_changed') and m.sent_at is null and m.refused is null
              and (f.id is null or f.status = 'succeeded')
              and (m.kind <> 'event_changed' or (r.status = 'confirmed' and r.cancel_requested_at is null))
              and m.requested_at < now() - interval '2 minutes'
              and (m.nudged_at is null or m.nudged_at < now() - interval '5 minutes')
              and not exists (select from outbox o where o.subject = m.id::text and o.kind = 'mail')`,
        row: { name: 'm', id: 'bigint' },
        then: `
         , requeued as (update mails m set nudged_at = now() where m.id = any (array(select id from stuck)) returning m.id)
         insert into outbox (kind, subject) select 'mail', id::text from requeued`,
      }),
    ],
  },

  /** A webhook endpoint has something to be sent. */
  webhooks: {
    queue: 'commands',
    subject: { table: 'webhook_endpoints', key: 'id' },
    workflowId: webhookWorkflowId,
    oneOff: {
      type: WORKFLOWS.webhookEndpoint,
      input: (endpointId) => ({ endpointId }),
      taskQueue: TASK_QUEUES.webhooks,
      rings: true,
      summary: () => 'Send the feed to a webhook endpoint',
    },
    requeue: [
      requeue('requeue_webhooks', {
        // What is due and not sent; what was to be sent and has no activity; and, so that it need not read all of it at
        // once one day, what a sleeping endpoint has not been told of because it is of other types.
        due: `select e.id from webhook_endpoints e
            where e.status = 'enabled'
              and (e.nudged_at is null or e.nudged_at < now() - interval '2 minutes')
              and case when e.asleep then e.wake_at < now() - interval '1 minute' or e.position < (select sequence from feed_head) - 10000
                    else coalesce(e.runner_until, e.updated_at) < now() - interval '1 minute' end
              and not exists (select from outbox o where o.subject = e.id::text and o.kind = 'webhooks')`,
        row: { name: 'e', id: 'uuid' },
        then: `
         , requeued as (update webhook_endpoints e set nudged_at = now() where e.id = any (array(select id from stuck)) returning e.id)
         insert into outbox (kind, subject) select 'webhooks', id::text from requeued`,
      }),
    ],
  },

  /** A quote of a change to a sale. With a sequence: there is news of it, so its workflow is rung. */
  change: {
    queue: 'commands',
    subject: { table: 'changes', key: 'id' },
    workflowId: changeWorkflowId,
    oneOff: {
      type: WORKFLOWS.change,
      input: (changeId) => ({ changeId }),
      summary: ({ reservation }) =>
        `Wait for what is due for a change of ${reservation ?? 'a sale'}, or for its end`,
    },
    // The sweep ends quotes without their workflow.
    requeue: [],
  },

  /** The tickets once more, by mail; `sequence` counts them. */
  resend: {
    queue: 'commands',
    subject: RESERVATION,
    workflowId: (_id, { mail }) => resendWorkflowId(mail ?? 'unknown-mail'),
    oneOff: {
      type: WORKFLOWS.resend,
      input: (reservationId, sequence) => ({ reservationId, sequence: sequence! }),
      summary: ({ reservation }) =>
        `Send the tickets of ${reservation ?? 'a reservation'} once more`,
    },
    requeue: [
      requeue('requeue_resends', {
        due: `select m.id from mails m join reservations r on r.id = m.reservation_id
            where m.kind = 'tickets' and not ${WAITS_FOR_A_BUYER} and m.sequence > 0 and m.sent_at is null and m.refused is null
              and m.requested_at < now() - interval '2 minutes'
              and (m.nudged_at is null or m.nudged_at < now() - interval '5 minutes')
              and not exists (select from outbox o where o.subject = m.reservation_id and o.kind = 'resend' and o.sequence = m.sequence)`,
        row: { name: 'm', id: 'bigint' },
        then: `
         , requeued as (update mails m set nudged_at = now() where m.id = any (array(select id from stuck))
             returning m.reservation_id, m.sequence)
         insert into outbox (kind, subject, sequence) select 'resend', reservation_id, sequence from requeued`,
      }),
    ],
  },

  /** The tickets, printed again: they were asked for, and the print was removed or says what is not so any more. */
  print: {
    queue: 'commands',
    subject: RESERVATION,
    workflowId: (_id, { print }) => printWorkflowId(print ?? 'unknown-print'),
    oneOff: {
      type: WORKFLOWS.print,
      input: (reservationId) => ({ reservationId }),
      summary: ({ reservation }) => `Print the tickets of ${reservation ?? 'a reservation'} again`,
    },
    // Who still wants them asks again.
    requeue: [],
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
